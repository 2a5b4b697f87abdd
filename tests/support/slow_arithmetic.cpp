#include "tests/support/slow_arithmetic.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "tests/support/slow_reference.h"

namespace qsim::testing {
namespace {

Exact power(int exponent) { return static_cast<Exact>(1) << exponent; }

// ratio = significand * 2^-shift with an integer significand of `bits` bits; rounds if it has more.
Exact significand_of(double ratio, int bits, int* shift) {
  int exponent = 0;
  const double fraction = std::frexp(ratio, &exponent);
  *shift = bits - exponent;
  return static_cast<Exact>(std::rint(std::ldexp(fraction, bits)));
}

// value * 2^-shift for any shift: what leaves the range of a code saturates or vanishes.
Exact round_anywhere(Exact value, int shift) {
  if (shift > 100) return 0;
  return shift < 0 ? value * power(std::min(-shift, 20)) : slow_round_half_even(value, shift);
}

Exact magnitude_rounded_to_24_bits(Exact magnitude, int* exponent) {
  int bits = 0;
  while (magnitude >> bits != 0) ++bits;
  const int dropped = std::max(0, bits - 24);
  *exponent += dropped;
  return slow_round_half_even(magnitude, dropped);
}

// A12
Exact f32(int32_t acc, float ratio) {
  int shift = 0;
  const Exact m = significand_of(ratio, 24, &shift);
  int exponent = -shift;
  const Exact a = magnitude_rounded_to_24_bits(acc < 0 ? -Exact{acc} : Exact{acc}, &exponent);
  const Exact p = magnitude_rounded_to_24_bits(a * m, &exponent);
  return round_anywhere(acc < 0 ? -p : p, -exponent);
}

// A13 and A14. Half away from zero is done on the magnitude; half up adds one half and floors.
Exact tflite(int32_t acc, double ratio, bool single) {
  int x = 0;
  const double q = std::frexp(ratio, &x);
  Exact m = static_cast<Exact>(std::floor(std::ldexp(q, 31) + 0.5));
  if (m == power(31)) {
    m = power(30);
    ++x;
  }
  if (x < -31 || acc == 0) return 0;
  if (x > 30) return acc > 0 ? 1000 : -1000;
  if (single) return (acc * m + power(30 - x)) >> (31 - x);
  const Exact wide = x > 0 ? acc * power(x) : Exact{acc};
  const Exact v = std::clamp<Exact>(wide, INT32_MIN, INT32_MAX);
  const Exact h = (v * m + power(30)) >> 31;
  if (x >= 0) return h;
  const Exact magnitude = h < 0 ? -h : h;
  const Exact rounded = (magnitude + power(-x - 1)) >> -x;
  return h < 0 ? -rounded : rounded;
}

}  // namespace

int32_t slow_wrap(Exact sum) {
  Exact wrapped = sum % power(32);
  if (wrapped >= power(31)) wrapped -= power(32);
  if (wrapped < -power(31)) wrapped += power(32);
  return static_cast<int32_t>(wrapped);
}

Exact slow_round_half_even(Exact value, int shift) {
  if (shift == 0) return value;
  const Exact unit = power(shift);
  Exact quotient = value / unit, rest = value % unit;
  if (rest < 0) {
    rest += unit;
    --quotient;
  }
  if (2 * rest > unit || (2 * rest == unit && quotient % 2 != 0)) ++quotient;
  return quotient;
}

Exact slow_scale(Exact value, float ratio) {
  if (std::isinf(ratio)) return value * power(20);
  int shift = 0;
  const Exact m = significand_of(ratio, 24, &shift);
  return round_anywhere(value * m, shift);
}

int32_t slow_clamp(Exact value, int32_t zy, int32_t lo, int32_t hi) {
  return static_cast<int32_t>(std::clamp<Exact>(value + zy, lo, hi));
}

int32_t slow_requantize(const std::string& mode, int32_t acc, float sx, float sw, float sy,
                        int32_t zy, int32_t lo, int32_t hi) {
  volatile float product = sx * sw;
  volatile float ratio = product / sy;
  const double wide = double{sx} * double{sw} / double{sy};
  Exact value = 0;
  int shift = 0;
  if (mode == "rne") {
    value = slow_scale(acc, ratio);
  } else if (mode == "f32") {
    value = std::isinf(ratio) ? slow_scale(acc, ratio) : f32(acc, ratio);
  } else if (mode == "tflite" || mode == "tflite1") {
    value = tflite(acc, wide, mode == "tflite1");
  } else if (mode == "pot") {
    // 2^x or 2^(x - 1), whichever is nearer in log2.
    int x = 0;
    const double q = std::frexp(wide, &x);
    value = round_anywhere(acc, std::log2(q) > -0.5 ? -x : 1 - x);
  } else {
    const Exact m = std::isinf(ratio) ? power(16) : significand_of(ratio, 16, &shift);
    value = round_anywhere(acc * m, shift);
  }
  return slow_clamp(value, zy, lo, hi);
}

namespace {

int8_t slow_quantize(float value, Quantization q, int bits) {
  volatile float steps = value / q.scale;
  if (std::isnan(steps)) return static_cast<int8_t>(q.zero_point);
  const double rounded = std::rint(std::fmin(std::fmax(steps, -1e6f), 1e6f)) + q.zero_point;
  const double half = std::ldexp(1.0, bits - 1);
  return static_cast<int8_t>(std::fmin(std::fmax(rounded, -half), half - 1));
}

// A33
void slow_qlinear_softmax(const int8_t* codes, int n, Quantization from, Quantization to,
                          int8_t* result) {
  volatile float room = FLT_MAX / static_cast<float>(n);
  const double k = std::max(0.0, std::log(double{room}) - 5) / double{from.scale};
  const int d = 255 - *std::max_element(codes, codes + n);
  const auto t = [&](int i) {
    return static_cast<float>(std::exp((i - 255 + k) * double{from.scale}));
  };
  volatile float sum = 0;
  for (int j = 0; j < n; ++j) sum = sum + t(d + codes[j]);
  for (int j = 0; j < n; ++j) {
    volatile float scaled = t(d + codes[j]) * std::floor(1.0f / to.scale);
    volatile float share = scaled / sum;
    const double y = std::rint(std::fmin(share, 1e6f)) + to.zero_point;
    result[j] = static_cast<int8_t>(std::fmin(std::fmax(y, -128.0), 127.0));
  }
}

// A32
void slow_softmax(const float* x, int n, bool log, float* y) {
  double largest = x[0], sum = 0;
  for (int i = 1; i < n; ++i) largest = std::max(largest, double{x[i]});
  for (int i = 0; i < n; ++i) sum += std::exp(x[i] - largest);
  for (int i = 0; i < n; ++i) {
    y[i] =
        static_cast<float>(log ? x[i] - largest - std::log(sum) : std::exp(x[i] - largest) / sum);
  }
}

}  // namespace

Tensor slow_host_layer(const IntegerNetwork& network, const Layer& layer,
                       const std::vector<const Tensor*>& inputs) {
  if (layer.op >= LayerOp::kHostTable) return slow_late_host_layer(network, layer, inputs);
  const NetTensor& from = network.tensor(layer.inputs[0]);
  const NetTensor& to = network.tensor(layer.output);
  Tensor out(to.is_float ? DataType::kFloat : DataType::kInt8, {to.n, to.h, to.w, to.c});
  std::vector<float> values;
  std::vector<int8_t> codes;
  for (const Tensor* input : inputs) {
    for (int64_t value :
         input->type == DataType::kInt8 ? input->as_ints() : std::vector<int64_t>()) {
      codes.push_back(static_cast<int8_t>(value));
      values.push_back(static_cast<float>(value - from.quant.zero_point) * from.quant.scale);
    }
    if (input->type == DataType::kFloat) values = input->as_floats();
  }
  for (int64_t i = 0; i < out.size(); ++i) {
    const bool first_channel = i % to.c == 0;
    switch (layer.op) {
      case LayerOp::kHostQuantize:
        out.data<int8_t>()[i] = slow_quantize(values[static_cast<size_t>(i)], to.quant, to.bits);
        break;
      case LayerOp::kHostDequantize:
        out.data<float>()[i] = values[static_cast<size_t>(i)];
        break;
      case LayerOp::kHostSoftmax:
        if (first_channel)
          slow_softmax(&values[static_cast<size_t>(i)], to.c, layer.log, out.data<float>() + i);
        break;
      case LayerOp::kHostQlinearSoftmax:
        if (first_channel)
          slow_qlinear_softmax(&codes[static_cast<size_t>(i)], to.c, from.quant, to.quant,
                               out.data<int8_t>() + i);
        break;
      default:
        out.data<int8_t>()[i] =
            codes[static_cast<size_t>(layer.permutation[static_cast<size_t>(i)])];
    }
  }
  return out;
}

}  // namespace qsim::testing
