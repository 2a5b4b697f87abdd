#include "sim/engines/reference/channels.h"

#include <numeric>

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

// See channels.h; modulo 2^32.
int32_t bias_with_zeros(const int8_t* weights, size_t count, int32_t weight_zero, int32_t bias,
                        int32_t input_zero) {
  const int64_t sum = std::accumulate(weights, weights + count, int64_t{0}) -
                      static_cast<int64_t>(count) * weight_zero;
  return static_cast<int32_t>(bias - (input_zero + 128) * sum);
}

}  // namespace

Channels make_channels(const StepContext& context, int64_t first, int64_t count) {
  const Layer& layer = context.layer;
  const Quantization from = context.input().quant, to = context.output().quant;
  const size_t weight_count = layer.weights.size() / static_cast<size_t>(context.output().c);
  std::vector<RequantParams> params;
  std::vector<int32_t> bias, can_wrap;
  for (auto o = static_cast<size_t>(first); o < static_cast<size_t>(first + count); ++o) {
    const int8_t* weights = layer.weights.data() + o * weight_count;
    const int32_t weight_zero = layer.weight_zero_point[o];
    params.push_back(derive_requant(context.mode, from.scale, layer.weight_scale[o], to.scale));
    bias.push_back(
        bias_with_zeros(weights, weight_count, weight_zero, layer.bias[o], from.zero_point));
    if (sum_can_leave_int32(weights, weight_count, weight_zero, layer.bias[o], from.zero_point)) {
      can_wrap.push_back(static_cast<int32_t>(o));
    }
  }
  return {RequantRows(context.mode, params, bias, to.zero_point, layer.clamp_low, layer.clamp_high),
          can_wrap};
}

}  // namespace qsim::reference
