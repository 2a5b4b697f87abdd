// The arithmetic of slow_reference: exact 128-bit integers, one plain function per rule.
#pragma once

#include <cstdint>
#include <vector>

#include "hw/spec/network.h"

namespace qsim::testing {

// Large enough for every product and shift of the rules.
__extension__ using Exact = __int128;

int32_t slow_wrap(Exact sum);                        // A4
Exact slow_round_half_even(Exact value, int shift);  // A2: value * 2^-shift, shift <= 100
Exact slow_scale(Exact value, float ratio);          // RNE(value * ratio), ratio exact
int32_t slow_clamp(Exact value, int32_t zy, int32_t lo, int32_t hi);  // A7

// A30 to A41, one sample.
Tensor slow_host_layer(const IntegerNetwork& network, const Layer& layer,
                       const std::vector<const Tensor*>& inputs);

// A35 to A41 of it: slow_host.cpp.
Tensor slow_late_host_layer(const IntegerNetwork& network, const Layer& layer,
                            const std::vector<const Tensor*>& inputs);

}  // namespace qsim::testing
