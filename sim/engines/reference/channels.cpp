#include "sim/engines/reference/channels.h"

namespace qsim::reference {
namespace {

// The greatest and the least sum that any codes can give: each product at its extreme. Padding
// gives 0, which lies between.
bool sum_can_leave_int32(const int8_t* weights, size_t count, int32_t weight_zero, int32_t bias,
                         int32_t input_zero) {
  int64_t positive = 0, negative = 0;
  for (size_t i = 0; i < count; ++i) {
    const int32_t weight = weights[i] - weight_zero;
    (weight > 0 ? positive : negative) += weight;
  }
  const int64_t high = 127 - input_zero, low = -128 - input_zero;
  return leaves_int32(bias + positive * high + negative * low) ||
         leaves_int32(bias + positive * low + negative * high);
}

}  // namespace

Channels make_channels(const StepContext& context) {
  const Layer& layer = context.layer;
  const auto count = static_cast<size_t>(context.output().c);
  const size_t weights_per_channel = layer.weights.size() / count;
  Channels channels;
  channels.bias = layer.bias;
  channels.weight_zero = layer.weight_zero_point;
  for (size_t o = 0; o < count; ++o) {
    const RequantParams params =
        derive_requant(context.mode, context.input().quant.scale, layer.weight_scale[o],
                       context.output().quant.scale);
    channels.multiplier.push_back(params.multiplier);
    channels.shift.push_back(params.shift);
    if (sum_can_leave_int32(layer.weights.data() + o * weights_per_channel, weights_per_channel,
                            layer.weight_zero_point[o], layer.bias[o],
                            context.input().quant.zero_point)) {
      channels.can_wrap.push_back(static_cast<int32_t>(o));
    }
  }
  return channels;
}

}  // namespace qsim::reference
