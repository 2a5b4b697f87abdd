// Affine operators as numbers, one pair per channel.
#pragma once

#include <cstddef>
#include <vector>

#include "compiler/passes/flow.h"

namespace qsim {

// Real factor and offset per channel: y = factor * x + offset.
struct ChannelMap {
  std::vector<double> factor, offset;
};

// The affines one after the other. Each has constants of `channels` elements, or of one.
ChannelMap channel_map(const std::vector<Affine>& affines, size_t channels);

// values[channel], or the only one.
double entry(const std::vector<double>& values, size_t channel);

}  // namespace qsim
