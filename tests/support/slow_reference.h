// A second implementation of docs/reference/arithmetic.md, slow and obvious: nested loops straight
// from the rules, exact rational arithmetic in 128 bits, nothing of hw/spec/arithmetic.h. It guards
// the reference engine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hw/spec/network.h"

namespace qsim::testing {

struct SlowResult {
  std::vector<Tensor> layers;  // output of each layer, [n, h, w, c]
  uint64_t wraps = 0;          // output elements whose exact accumulator left int32 (A4)
};

// Runs one sample: one tensor per network input, with the elements of the network's tensor. `mode`
// is the name of a requant mode.
SlowResult run_slow_reference(const IntegerNetwork& network, const std::string& mode,
                              const std::vector<Tensor>& inputs);

// A7 and A10 to A16 for one accumulator, from the scales.
int32_t slow_requantize(const std::string& mode, int32_t acc, float sx, float sw, float sy,
                        int32_t zy, int32_t lo, int32_t hi);

}  // namespace qsim::testing
