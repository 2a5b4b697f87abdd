// Machines for the benchmarks: a seeded list in which none comes twice.
#pragma once

#include <cstddef>

#include "hw/spec/arch.h"

namespace qsim::bench {

constexpr size_t kMachinesPerPass = 64;

// Machine number `index`. Numbers i and i + kMachinesPerPass have the same array, buffers and
// bandwidth but another memory latency: every pass of 64 costs about the same, whatever commit or
// run it is measured in, yet no plan, program or result of an earlier one could be used again.
//
// Rows and columns are drawn separately from 8 to 64 PEs, the activation buffer from 128 to 1024
// KiB, the weight buffer from 64 to 512 KiB, accumulators from 512 to 4096 words, bandwidth from 4
// to 64 bytes per cycle on a bus of 16 to 64 bytes.
Arch machine(Dataflow dataflow, size_t index);

// The default machine (16x16, 256 + 128 KiB, 16 bytes per cycle) but for its memory latency, 40 to
// 103 cycles, and the fixed cost of a host step, which is another one in each pass.
Arch edge16_machine(Dataflow dataflow, size_t index);

}  // namespace qsim::bench
