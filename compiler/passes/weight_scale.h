// Scales of float weights.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/passes/methods.h"

namespace qsim {

// The scale, before powers of two, for symmetric codes in [-most, most] of all the weights in
// `rows` together. 0 when they are all zero.
//
//   max  the greatest magnitude / most
//   mse  of these times 1, 0.99, ... 0.2 the one of the least sum of squared errors; at a tie the
//        greater (Nagel et al., "A white paper on neural network quantization", 2021, sec. 3.1)
double weight_scale(const std::vector<const std::vector<double>*>& rows, int32_t most,
                    const WeightMethod& method);

}  // namespace qsim
