// Per output channel, what turns the raw sums of a convolution into codes: shared by the GEMM and
// the depthwise step.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/engines/reference/step.h"

namespace qsim::reference {

struct Channels {
  std::vector<int32_t> multiplier, shift;  // RequantParams (A10), one array each
  std::vector<int32_t> bias;               // of the layer
  std::vector<int32_t> weight_zero;        // of the layer
  std::vector<int32_t> can_wrap;  // channels whose exact sum may leave int32 for some input
};

// `taps_times_inputs` weights per channel, layer.weights in their order.
Channels make_channels(const StepContext& context);

inline bool leaves_int32(int64_t sum) { return sum != static_cast<int32_t>(sum); }

}  // namespace qsim::reference
