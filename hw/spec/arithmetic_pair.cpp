#include "hw/spec/arithmetic_pair.h"

#include "hw/spec/arithmetic.h"
#include "hw/spec/arithmetic_host.h"

namespace qsim {
namespace {

// How far an operand of kHostAdd ... moves with each step of the output's n, h, w, c; 0 where it is
// repeated.
struct Steps {
  int64_t n, h, w, c;
};

Steps steps_of(const NetTensor& t) {
  const int64_t row = int64_t{t.w} * t.c;
  return {t.n > 1 ? t.h * row : 0, t.h > 1 ? row : 0, t.w > 1 ? t.c : 0, t.c > 1 ? 1 : 0};
}

// out = function(a, b) for every element.
template <typename Function>
void pair_all(const NetTensor& a, const NetTensor& b, const NetTensor& to,
              const std::vector<const Tensor*>& inputs, int64_t samples, int8_t* out,
              const Function& function) {
  const Steps sa = steps_of(a), sb = steps_of(b);
  for (int64_t sample = 0; sample < samples; ++sample) {
    const int8_t* pa = inputs[0]->data<int8_t>() + sample * a.elements();
    const int8_t* pb = inputs[1]->data<int8_t>() + sample * b.elements();
    for (int64_t n = 0; n < to.n; ++n) {
      for (int64_t h = 0; h < to.h; ++h) {
        for (int64_t w = 0; w < to.w; ++w) {
          const int8_t* at_a = pa + n * sa.n + h * sa.h + w * sa.w;
          const int8_t* at_b = pb + n * sb.n + h * sb.h + w * sb.w;
          for (int64_t c = 0; c < to.c; ++c) {
            *out++ = static_cast<int8_t>(function(at_a[c * sa.c], at_b[c * sb.c]));
          }
        }
      }
    }
  }
}

}  // namespace

void run_pair_layer(const IntegerNetwork& network, const Layer& layer,
                    const std::vector<const Tensor*>& inputs, int64_t samples, int8_t* out) {
  const NetTensor &a = network.tensor(layer.inputs[0]), &b = network.tensor(layer.inputs[1]),
                  &to = network.tensor(layer.output);
  const int32_t za = a.quant.zero_point, zb = b.quant.zero_point, zy = to.quant.zero_point;
  const int32_t lo = layer.clamp_low, hi = layer.clamp_high;
  const auto all = [&](const auto& function) {
    pair_all(a, b, to, inputs, samples, out, function);
  };
  if (layer.op == LayerOp::kHostMul) {
    const RequantParams params =
        derive_requant(RequantMode::kRne, a.quant.scale, b.quant.scale, to.quant.scale);
    return all([&](int32_t x, int32_t y) {
      return requantize(RequantMode::kRne, (x - za) * (y - zb), params, zy, lo, hi);
    });
  }
  if (layer.op == LayerOp::kHostDiv) {
    return all([&](int32_t x, int32_t y) {
      const double quotient =
          (double{a.quant.scale} * (x - za)) / (double{b.quant.scale} * (y - zb));
      return code_of(quotient / double{to.quant.scale}, zy, lo, hi);
    });
  }
  AddParams params = derive_add(a.quant.scale, b.quant.scale, to.quant.scale);
  if (layer.op == LayerOp::kHostSub) params.multiplier_b = -params.multiplier_b;
  all([&](int32_t x, int32_t y) { return add_codes(x, za, y, zb, params, zy, lo, hi); });
}

}  // namespace qsim
