// What every engine returns. Engines include this file and hw/spec, and never each other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "hw/spec/dram_timing.h"
#include "hw/spec/program.h"

namespace qsim {

// Counters of counters.def, all zero at the start.
struct Counters {
#define QSIM_COUNTER(name, kind, unit, meaning) int64_t name = 0;
#include "hw/spec/counters.def"
#undef QSIM_COUNTER

  // Takes over what the memory counted.
  void set_memory(const DramCounts& counts) {
#define QSIM_COUNTER(name, kind, unit, meaning)
#define QSIM_MEMORY_COUNTER(name, unit, meaning) name = counts.name;
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
  }
};

// Bits that change in the registers of the array's elements from slot to slot, rules S1 to S5
// (docs/reference/activity.md).
struct BitChanges {
  int64_t operand_bits = 0;
  int64_t sign_bits = 0;  // those of operand_bits that are the sign of a code
  int64_t weight_bits = 0;
  int64_t sum_bits = 0;

  BitChanges& operator+=(const BitChanges& other) {
    operand_bits += other.operand_bits;
    sign_bits += other.sign_bits;
    weight_bits += other.weight_bits;
    sum_bits += other.sum_bits;
    return *this;
  }
  bool operator==(const BitChanges&) const = default;
};

// The life of one instruction, absolute cycles of the run (rules T5 to T8).
struct InstructionTiming {
  int64_t issue = 0;       // HALT: cycle of dispatch
  int64_t busy_until = 0;  // HALT: equal to issue
  int64_t done = 0;        // HALT: equal to retire
  int64_t retire = 0;
  bool operator==(const InstructionTiming&) const = default;
};

struct StepTiming {
  int64_t start = 0;  // first cycle
  int64_t end = 0;    // first cycle after it
  bool operator==(const StepTiming&) const = default;
};

struct RunResult {
  int64_t cycles = 0;                     // of one inference, host steps included
  std::vector<InstructionTiming> timing;  // parallel to Program::instructions; timed engines
  std::vector<StepTiming> steps;          // parallel to Program::steps; timed engines
  Counters counters;
  std::vector<Tensor> outputs;  // one per network output, as the host hands it over; valued engines
  std::vector<BitChanges> activity;  // parallel to the network's layers; empty when nobody asked
};

// Called with a layer's whole output, int8 codes [n, h, w, c] (host layers: float32 or int8), when
// its last part has been written. Valued engines.
using LayerObserver = std::function<void(LayerId layer, const Tensor& output)>;

// Called now and then with the share done in [0, 1]; returns false to abort the run.
using Progress = std::function<bool(double share)>;

}  // namespace qsim
