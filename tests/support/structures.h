// Machine structures (keys of kind structure in arch.def) that random cases run on. Each costs the
// RTL engine a model of its own, so most cases share a pool.
#pragma once

#include <cstdint>

#include "hw/spec/arch.h"

namespace qsim {

// The pool: both dataflows, more rows than columns and fewer, odd sizes, 2x2 to 32x16, every
// requantization mode, every bus width, queues and token counters of depth one, buffers that hold
// next to nothing. The first four are small, and cheap to build.
constexpr int32_t kStructurePool = 28;

// Index 0 to kStructurePool - 1: the pool. Greater: drawn, with the index as seed; such machines
// may be large. Runtime keys have their defaults.
Arch structure(int32_t index);

}  // namespace qsim
