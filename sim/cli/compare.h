// The first difference between two engines, as one line:
//   layer conv2 instr 17 VECTOR tile (3,1) element [0,3,5,8]: reference 41, systemc 42 (cycle 934)
//   layer conv2 instr 116 MATMUL retire: analytic 10234, systemc 10235
//   step 2 (host softmax) end: analytic 20111, systemc 20112
//   counter load_beats: analytic 512, systemc 513
// A tile is the output pixel (y,x) at which the instruction's part of the layer begins; an element
// is [n,y,x,c] of the layer's output; the cycle is that of the instruction's retirement.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/engines/engine.h"

namespace qsim::cli {

struct Difference {
  std::string text;    // the line
  LayerId layer = -1;  // -1: of no layer
  // The instruction's issue, and when it shows; -1: unknown, or of no instruction.
  int64_t since = -1, cycle = -1;
};

// What one engine produced for one batch of inputs.
struct EngineRun {
  std::string engine;
  RunResult result;            // timing is empty when the engine has no cycles
  std::vector<Tensor> layers;  // parallel to the network's layers; empty when it has no values
};

// Layer by layer, element by element; engines that carry values.
std::optional<Difference> first_value_difference(const Program& program, const EngineRun& a,
                                                 const EngineRun& b);

// Instruction by instruction (issue, busy_until, done, retire), step by step, then the timing
// counters (the value counters too where both carry values) and the cycles of the whole run; timed
// engines.
std::optional<Difference> first_timing_difference(const Program& program, const EngineRun& a,
                                                  const EngineRun& b);

// Of one instruction.
std::optional<Difference> timing_difference(const Program& program, size_t index,
                                            const std::string& engine_a, const InstructionTiming& a,
                                            const std::string& engine_b,
                                            const InstructionTiming& b);

int64_t timing_counter_count();

// "layer conv2 instr 117 MATMUL"
std::string instruction_text(const Program& program, size_t index);
// ": systemc 41, rtl 42"
std::string values_text(const std::string& engine_a, const std::string& a,
                        const std::string& engine_b, const std::string& b);

}  // namespace qsim::cli
