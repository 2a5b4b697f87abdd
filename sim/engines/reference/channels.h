// Per output channel, what turns the raw sums of a convolution into codes: shared by the GEMM and
// the depthwise step.
#pragma once

#include <cstdint>
#include <vector>

#include "hw/spec/arithmetic_rows.h"
#include "sim/engines/reference/step.h"

namespace qsim::reference {

struct Channels {
  RequantRows rows;               // parameters (A10) and bias
  std::vector<int32_t> can_wrap;  // channels whose exact sum leaves int32 for some input
};

// For `count` output channels from `first` on. The rows' bias holds the constant part of the zero
// points' correction too. With u = x + 128 and z = zx + 128 it is, per channel: bias - z * sum of
// (w - zw). What remains to be summed is u * (w - zw).
Channels make_channels(const StepContext& context, int64_t first, int64_t count);

inline bool leaves_int32(int64_t sum) { return sum != static_cast<int32_t>(sum); }

}  // namespace qsim::reference
