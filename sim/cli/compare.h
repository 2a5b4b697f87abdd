// The first difference between two engines, as one line:
//   layer conv2 instr 117 VECTOR tile (3,1) element [0,3,5,8]: reference 41, systemc 42 (cycle
//   10234) layer conv2 instr 116 MATMUL retire: analytic 10234, systemc 10235 step 2 (host softmax)
//   end: analytic 20111, systemc 20112 counter load_beats: analytic 512, systemc 513
// A tile is the output pixel (y,x) at which the instruction's part of the layer begins; an element
// is [n,y,x,c] of the layer's output; the cycle is that of the instruction's retirement.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/engines/engine.h"

namespace qsim::cli {

// What one engine produced for one batch of inputs.
struct EngineRun {
  std::string engine;
  RunResult result;            // timing is empty when the engine has no cycles
  std::vector<Tensor> layers;  // parallel to the network's layers; empty when it has no values
};

// Layer by layer, element by element; engines that carry values.
std::optional<std::string> first_value_difference(const Program& program, const EngineRun& a,
                                                  const EngineRun& b);

// Instruction by instruction (issue, busy_until, done, retire), step by step, then the timing
// counters and the cycles of the whole run; timed engines.
std::optional<std::string> first_timing_difference(const Program& program, const EngineRun& a,
                                                   const EngineRun& b);

int64_t timing_counter_count();

}  // namespace qsim::cli
