// ConvInteger, MatMulInteger and DynamicQuantizeLinear. Sums are of integers in float32: exact
// while they stay below 2^24.
#include <algorithm>
#include <cmath>

#include "compiler/float/kernels.h"

namespace qsim {
namespace {

// Codes of input i minus the zero points of input `zero`, each for `inner` elements in a row.
std::vector<float> centred(const Call& call, size_t i, size_t zero, int64_t inner) {
  std::vector<float> y(*call.in(i).data);
  if (!call.has(zero)) return y;
  const std::vector<float>& zeros = *call.in(zero).data;
  for (size_t at = 0; at < y.size(); ++at)
    y[at] -= zeros[at / static_cast<size_t>(inner) % zeros.size()];
  return y;
}

}  // namespace

Activation run_conv_integer(const Call& call) {
  const Shape& kernel = call.in(1).shape;
  const Activation x = make_activation(call.in(0).shape, centred(call, 0, 2, 1));
  const std::vector<float> w = centred(call, 1, 3, element_count(kernel) / kernel[0]);
  return make_activation(call.output_shape(),
                         convolve(call, {x, w.data(), kernel, nullptr}, call.output_shape()));
}

Activation run_matmul_integer(const Call& call) {
  const Activation a = make_activation(call.in(0).shape, centred(call, 0, 2, 1));
  const Activation b = make_activation(call.in(1).shape, centred(call, 1, 3, 1));
  return make_activation(call.output_shape(), matmul(a, b, call.output_shape()));
}

// In float32 throughout, as ONNX defines it.
Activation run_dynamic_quantize_linear(const Call& call) {
  float low = 0, high = 0;
  for (float v : *call.in(0).data) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  constexpr float kMost = 255;
  const float scale = low == high ? 1.0f : (high - low) / kMost;
  const float zero = std::rint(std::clamp(0 - low / scale, 0.0f, kMost));
  const int64_t output = call.node.attr_int("output", 0);
  if (output != 0) return make_activation({}, {output == 1 ? scale : zero});
  std::vector<float> y(*call.in(0).data);
  for (float& v : y) v = std::clamp(std::rint(v / scale) + zero, 0.0f, kMost);
  return make_activation(call.output_shape(), std::move(y));
}

}  // namespace qsim
