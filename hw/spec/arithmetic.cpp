#include "hw/spec/arithmetic.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "hw/spec/error.h"

namespace qsim {
namespace {

constexpr const char* kModeNames[] = {"rne", "f32", "tflite", "tflite1", "pot", "m16"};
constexpr int32_t kMaxShift = 62;

void check_scale(const char* what, float scale) {
  if (!(scale > 0.0f) || !std::isfinite(scale)) {
    throw Error(std::string("requantization: ") + what + " scale = " + std::to_string(scale) +
                " is not positive and finite");
  }
}

// A float32 ratio as its exact significand of `bits` bits. Beyond the ranges of A10 every result is
// zero or saturated, whatever the multiplier: clamping the shift there is exact.
RequantParams split_float(float ratio, int bits) {
  if (std::isinf(ratio)) return {(1 << bits) - 1, 0};
  if (ratio == 0.0f) return {0, 0};
  int exponent = 0;
  const float fraction = std::frexp(ratio, &exponent);
  auto multiplier = static_cast<int32_t>(std::rint(std::ldexp(double{fraction}, bits)));
  int32_t shift = bits - exponent;
  if (multiplier == 1 << bits) {
    multiplier >>= 1;
    --shift;
  }
  if (shift > kMaxShift) return {0, 0};
  return {multiplier, std::max(shift, 0)};
}

RequantParams split_tflite(double ratio) {
  int exponent = 0;
  const double fraction = std::frexp(ratio, &exponent);
  auto multiplier = static_cast<int64_t>(std::round(std::ldexp(fraction, 31)));
  if (multiplier == int64_t{1} << 31) {
    multiplier >>= 1;
    ++exponent;
  }
  if (exponent < -31) return {0, 31};
  if (exponent > 30) return {INT32_MAX, 1};
  return {static_cast<int32_t>(multiplier), 31 - exponent};
}

RequantParams split_power_of_two(double ratio) {
  int exponent = 0;
  const double fraction = std::frexp(ratio, &exponent);
  const int32_t shift = fraction * fraction > 0.5 ? -exponent : 1 - exponent;
  if (shift > kMaxShift) return {0, 0};
  return {1, std::max(shift, -8)};
}

// Magnitude rounded by RNE to at most 24 significant bits; `exponent` grows by the bits dropped. A
// carry to 2^24 needs no normalising: its value is what counts.
uint64_t round_to_24_bits(uint64_t magnitude, int32_t& exponent) {
  const int32_t drop = std::max(0, static_cast<int32_t>(std::bit_width(magnitude)) - 24);
  exponent += drop;
  return static_cast<uint64_t>(rne_shift(static_cast<int64_t>(magnitude), drop));
}

int64_t multiply_f32(int32_t acc, RequantParams params) {
  int32_t exponent = -params.shift;
  const uint64_t magnitude = acc < 0 ? -static_cast<uint64_t>(acc) : static_cast<uint64_t>(acc);
  const uint64_t significand = round_to_24_bits(magnitude, exponent);
  const uint64_t product =
      round_to_24_bits(significand * static_cast<uint64_t>(params.multiplier), exponent);
  const auto value = static_cast<int64_t>(product);
  // At most 2^24 * 2^(8 + 24): no shift to the left leaves int64.
  const int64_t rounded = exponent >= 0 ? value << exponent : rne_shift(value, -exponent);
  return acc < 0 ? -rounded : rounded;
}

int64_t multiply_tflite(int32_t acc, RequantParams params) {
  const int32_t left = std::max(31 - params.shift, 0);
  const int32_t right = std::max(params.shift - 31, 0);
  const int64_t shifted =
      std::clamp<int64_t>(int64_t{acc} * (int64_t{1} << left), INT32_MIN, INT32_MAX);
  const int64_t high = (shifted * params.multiplier + (int64_t{1} << 30)) >> 31;
  const int64_t mask = (int64_t{1} << right) - 1;
  const int64_t threshold = (mask >> 1) + (high < 0 ? 1 : 0);
  return (high >> right) + ((high & mask) > threshold ? 1 : 0);
}

int64_t multiply_tflite1(int32_t acc, RequantParams params) {
  return (int64_t{acc} * params.multiplier + (int64_t{1} << (params.shift - 1))) >> params.shift;
}

int64_t multiply_rne(int32_t acc, RequantParams params) {
  const int64_t product = int64_t{acc} * params.multiplier;
  return params.shift < 0 ? product * (int64_t{1} << -params.shift)
                          : rne_shift(product, params.shift);
}

int64_t multiply(RequantMode mode, int32_t acc, RequantParams params) {
  switch (mode) {
    case RequantMode::kF32:
      return multiply_f32(acc, params);
    case RequantMode::kTflite:
      return multiply_tflite(acc, params);
    case RequantMode::kTflite1:
      return multiply_tflite1(acc, params);
    case RequantMode::kRne:
    case RequantMode::kPot:
    case RequantMode::kM16:
      break;
  }
  return multiply_rne(acc, params);
}

int32_t clamp_code(int64_t value, int32_t lo, int32_t hi) {
  return static_cast<int32_t>(std::clamp<int64_t>(value, lo, hi));
}

int32_t add_multiplier(double ratio, int shift) {
  return static_cast<int32_t>(std::rint(std::ldexp(ratio, shift)));
}

}  // namespace

const char* name_of(RequantMode mode) { return kModeNames[static_cast<int>(mode)]; }

RequantMode parse_requant_mode(std::string_view name) {
  for (RequantMode mode : kRequantModes) {
    if (name == name_of(mode)) return mode;
  }
  throw Error("requant mode = " + std::string(name) +
              " is not one of rne, f32, tflite, tflite1, pot, m16");
}

RequantParams derive_requant(RequantMode mode, float input_scale, float weight_scale,
                             float output_scale) {
  check_scale("input", input_scale);
  check_scale("weight", weight_scale);
  check_scale("output", output_scale);
  const float ratio = input_scale * weight_scale / output_scale;
  const double wide = double{input_scale} * double{weight_scale} / double{output_scale};
  switch (mode) {
    case RequantMode::kTflite:
    case RequantMode::kTflite1:
      return split_tflite(wide);
    case RequantMode::kPot:
      return split_power_of_two(wide);
    case RequantMode::kM16:
      return split_float(ratio, 16);
    case RequantMode::kRne:
    case RequantMode::kF32:
      break;
  }
  return split_float(ratio, 24);
}

int32_t requantize(RequantMode mode, int32_t acc, RequantParams params, int32_t zero_point,
                   int32_t lo, int32_t hi) {
  return clamp_code(multiply(mode, acc, params) + zero_point, lo, hi);
}

AddParams derive_add(float scale_a, float scale_b, float output_scale) {
  check_scale("first input", scale_a);
  check_scale("second input", scale_b);
  check_scale("output", output_scale);
  const double ratio_a = double{scale_a} / double{output_scale};
  const double ratio_b = double{scale_b} / double{output_scale};
  const double larger = std::max(ratio_a, ratio_b);
  if (larger > 0x1p21) {
    throw Error("add: input scale / output scale = " + std::to_string(larger) + " exceeds 2^21");
  }
  int exponent = 0;
  std::frexp(larger, &exponent);
  int shift = 22 - exponent;
  if (add_multiplier(larger, shift) == 1 << 22) --shift;
  if (shift > kMaxShift) return {};
  return {add_multiplier(ratio_a, shift), add_multiplier(ratio_b, shift), shift};
}

int32_t add_codes(int32_t a, int32_t zero_point_a, int32_t b, int32_t zero_point_b,
                  const AddParams& params, int32_t zero_point, int32_t lo, int32_t hi) {
  const int64_t sum = int64_t{a - zero_point_a} * params.multiplier_a +
                      int64_t{b - zero_point_b} * params.multiplier_b;
  return clamp_code(rne_shift(sum, params.shift) + zero_point, lo, hi);
}

RequantParams derive_rescale(float input_scale, float output_scale) {
  check_scale("input", input_scale);
  check_scale("output", output_scale);
  return split_float(input_scale / output_scale, 24);
}

int32_t rescale_code(int32_t code, int32_t input_zero_point, RequantParams params,
                     int32_t zero_point, int32_t lo, int32_t hi) {
  return requantize(RequantMode::kRne, code - input_zero_point, params, zero_point, lo, hi);
}

RequantParams derive_average(float input_scale, float output_scale, int64_t count) {
  check_scale("input", input_scale);
  check_scale("output", output_scale);
  if (count < 1 || count > 1 << 23) {
    throw Error("average: taps = " + std::to_string(count) + " is outside [1, 2^23]");
  }
  return split_float(input_scale / (output_scale * static_cast<float>(count)), 24);
}

int32_t average_code(int32_t sum, RequantParams params, int32_t zero_point, int32_t lo,
                     int32_t hi) {
  return requantize(RequantMode::kRne, sum, params, zero_point, lo, hi);
}

}  // namespace qsim
