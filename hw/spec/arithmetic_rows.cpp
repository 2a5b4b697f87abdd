// Comparisons that may trap would keep the clamps from being vectorised; nothing here traps.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3", "no-trapping-math", "fp-contract=off")
#endif

#include "hw/spec/arithmetic_rows.h"

#include <algorithm>
#include <bit>

#include "hw/spec/arithmetic_clones.h"
#include "hw/spec/arithmetic_rows_avx2.h"

namespace qsim {
namespace {

// A product acc * m below 2^53 is exact in double. With a shift of at most 44, a larger one is
// at least 512 after the shift and saturates, however it was rounded.
constexpr int32_t kMaxDoubleShift = 44;

inline int32_t wrapping_sum(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

inline double power_of_two(int32_t exponent) {
  return std::bit_cast<double>(static_cast<uint64_t>(1023 + exponent) << 52);
}

// The bounds of a code before its zero point is added. They are integers, so clamping before
// rounding gives what clamping after it gives, and leaves nothing to do on the integer.
template <typename Real>
struct Bounds {
  Bounds(int32_t zero_point, int32_t lo, int32_t hi)
      : low(static_cast<Real>(lo - zero_point)), high(static_cast<Real>(hi - zero_point)) {}
  Real low, high;
};

template <typename Real>
inline Real clamped(Real value, Bounds<Real> bounds) {
  value = value < bounds.low ? bounds.low : value;
  return value > bounds.high ? bounds.high : value;
}

// RNE by the adder: 1.5 * 2^52 pushes the fraction out and leaves the integer in the low bits.
inline int8_t to_code(double value, Bounds<double> bounds, int32_t zero_point) {
  const double pushed = clamped(value, bounds) + 0x1.8p52;
  return static_cast<int8_t>(static_cast<int32_t>(std::bit_cast<int64_t>(pushed)) + zero_point);
}

inline int8_t to_code(float value, Bounds<float> bounds, int32_t zero_point) {
  const float pushed = clamped(value, bounds) + 0x1.8p23f;
  return static_cast<int8_t>(std::bit_cast<int32_t>(pushed) + zero_point);
}

inline int8_t to_code(int32_t value, int32_t lo, int32_t hi) {
  value = value < lo ? lo : value;
  value = value > hi ? hi : value;
  return static_cast<int8_t>(value);
}

struct Row {
  const int32_t* acc;
  const int32_t* bias;
  const int32_t* multiplier;
  const int32_t* shift;
  size_t n;
  int32_t zero_point, lo, hi;
  int8_t* result;
};

QSIM_CLONES void rne_row(Row row) {
  const int32_t* __restrict acc = row.acc;
  const int32_t* __restrict bias = row.bias;
  const int32_t* __restrict multiplier = row.multiplier;
  const int32_t* __restrict shift = row.shift;
  int8_t* __restrict result = row.result;
  const Bounds<double> bounds(row.zero_point, row.lo, row.hi);
  for (size_t i = 0; i < row.n; ++i) {
    const double product =
        static_cast<double>(wrapping_sum(acc[i], bias[i])) * static_cast<double>(multiplier[i]);
    result[i] = to_code(product * power_of_two(-shift[i]), bounds, row.zero_point);
  }
}

// With the scale, multiplier * 2^-shift, at hand; exact for the same reason.
QSIM_CLONES void scaled_rne_row(const int32_t* __restrict acc, const int32_t* __restrict bias,
                                const double* __restrict scale, size_t n, int32_t zero_point,
                                int32_t lo, int32_t hi, int8_t* __restrict result) {
  const Bounds<double> bounds(zero_point, lo, hi);
  for (size_t i = 0; i < n; ++i) {
    const auto sum = static_cast<double>(wrapping_sum(acc[i], bias[i]));
    result[i] = to_code(sum * scale[i], bounds, zero_point);
  }
}

QSIM_CLONES void f32_row(Row row) {
  const int32_t* __restrict acc = row.acc;
  const int32_t* __restrict bias = row.bias;
  const int32_t* __restrict multiplier = row.multiplier;
  const int32_t* __restrict shift = row.shift;
  int8_t* __restrict result = row.result;
  const Bounds<float> bounds(row.zero_point, row.lo, row.hi);
  for (size_t i = 0; i < row.n; ++i) {
    const float scale = static_cast<float>(multiplier[i]) *
                        std::bit_cast<float>(static_cast<uint32_t>(127 - shift[i]) << 23);
    const auto sum = static_cast<float>(wrapping_sum(acc[i], bias[i]));
    result[i] = to_code(sum * scale, bounds, row.zero_point);
  }
}

QSIM_CLONES void tflite_row(Row row) {
  const int32_t* __restrict acc = row.acc;
  const int32_t* __restrict bias = row.bias;
  const int32_t* __restrict multiplier = row.multiplier;
  const int32_t* __restrict shift = row.shift;
  int8_t* __restrict result = row.result;
  for (size_t i = 0; i < row.n; ++i) {
    const int32_t value = wrapping_sum(acc[i], bias[i]);
    const int32_t left = shift[i] < 31 ? 31 - shift[i] : 0;
    const int32_t right = shift[i] > 31 ? shift[i] - 31 : 0;
    const auto moved = static_cast<int32_t>(static_cast<uint32_t>(value) << left);
    const int32_t saturated = value < 0 ? INT32_MIN : INT32_MAX;
    const int32_t shifted = (moved >> left) == value ? moved : saturated;
    const int64_t product = int64_t{shifted} * multiplier[i] + (int64_t{1} << 30);
    const auto high = static_cast<int32_t>(static_cast<uint64_t>(product) >> 31);
    const auto mask = static_cast<int32_t>((uint32_t{1} << right) - 1);
    const int32_t threshold = (mask >> 1) + (high < 0 ? 1 : 0);
    // Saturating first keeps the sum with the zero point inside int32.
    int32_t rounded = (high >> right) + ((high & mask) > threshold ? 1 : 0);
    rounded = rounded < -512 ? -512 : rounded;
    rounded = rounded > 512 ? 512 : rounded;
    result[i] = to_code(rounded + row.zero_point, row.lo, row.hi);
  }
}

QSIM_CLONES void tflite1_row(Row row) {
  const int32_t* __restrict acc = row.acc;
  const int32_t* __restrict bias = row.bias;
  const int32_t* __restrict multiplier = row.multiplier;
  const int32_t* __restrict shift = row.shift;
  int8_t* __restrict result = row.result;
  for (size_t i = 0; i < row.n; ++i) {
    const int64_t product = int64_t{wrapping_sum(acc[i], bias[i])} * multiplier[i];
    // An offset of 2^63 makes the shift a logical one, which AVX2 has for 64 bits.
    const auto s = static_cast<uint64_t>(shift[i]);
    const uint64_t offset =
        static_cast<uint64_t>(product) + (uint64_t{1} << 63) + (uint64_t{1} << (s - 1));
    auto rounded = static_cast<int64_t>((offset >> s) - (uint64_t{1} << (63 - s)));
    rounded = rounded < -512 ? -512 : rounded;
    rounded = rounded > 512 ? 512 : rounded;
    result[i] = to_code(static_cast<int32_t>(rounded) + row.zero_point, row.lo, row.hi);
  }
}

QSIM_CLONES bool any_above(const int32_t* values, size_t n, int32_t bound) {
  int32_t above = 0;
  for (size_t i = 0; i < n; ++i) above |= values[i] > bound ? 1 : 0;
  return above != 0;
}

QSIM_CLONES void scaled_row(const int32_t* __restrict sum, double scale, size_t n,
                            int32_t zero_point, int32_t lo, int32_t hi, int8_t* __restrict result) {
  const Bounds<double> bounds(zero_point, lo, hi);
  for (size_t i = 0; i < n; ++i) {
    result[i] = to_code(static_cast<double>(sum[i]) * scale, bounds, zero_point);
  }
}

QSIM_CLONES void sum_row(const int8_t* __restrict a, int32_t zero_point_a,
                         const int8_t* __restrict b, int32_t zero_point_b, const AddParams& params,
                         size_t n, int32_t zero_point, int32_t lo, int32_t hi,
                         int8_t* __restrict result) {
  const int32_t multiplier_a = params.multiplier_a;
  const int32_t multiplier_b = params.multiplier_b;
  const double scale = power_of_two(-params.shift);
  const Bounds<double> bounds(zero_point, lo, hi);
  for (size_t i = 0; i < n; ++i) {
    const int32_t sum = (a[i] - zero_point_a) * multiplier_a + (b[i] - zero_point_b) * multiplier_b;
    result[i] = to_code(static_cast<double>(sum) * scale, bounds, zero_point);
  }
}

QSIM_CLONES void divided_row(const float* __restrict value, float scale, size_t n,
                             int32_t zero_point, int32_t lo, int32_t hi,
                             int8_t* __restrict result) {
  const Bounds<float> bounds(zero_point, lo, hi);
  for (size_t i = 0; i < n; ++i) {
    const float steps = value[i] / scale;
    result[i] = to_code(steps == steps ? steps : 0.0f, bounds, zero_point);  // NaN: a real 0
  }
}

}  // namespace

void requantize_row(RequantMode mode, const int32_t* acc, const int32_t* bias,
                    const int32_t* multiplier, const int32_t* shift, size_t n, int32_t zero_point,
                    int32_t lo, int32_t hi, int8_t* result) {
  const Row row = {acc, bias, multiplier, shift, n, zero_point, lo, hi, result};
  switch (mode) {
    case RequantMode::kF32:
      return f32_row(row);
    case RequantMode::kTflite:
      return tflite_row(row);
    case RequantMode::kTflite1:
      return tflite1_row(row);
    case RequantMode::kRne:
    case RequantMode::kPot:
    case RequantMode::kM16:
      break;
  }
  if (!any_above(shift, n, kMaxDoubleShift)) return rne_row(row);
  for (size_t i = 0; i < n; ++i) {
    result[i] = static_cast<int8_t>(requantize(mode, wrapping_sum(acc[i], bias[i]),
                                               {multiplier[i], shift[i]}, zero_point, lo, hi));
  }
}

namespace {

constexpr size_t kLongRow = 256;  // elements that hide the cost of a call

template <typename T>
std::vector<T> repeated(const std::vector<T>& values, size_t times) {
  std::vector<T> all;
  for (size_t i = 0; i < times; ++i) all.insert(all.end(), values.begin(), values.end());
  return all;
}

}  // namespace

RequantRows::RequantRows(RequantMode mode, const std::vector<RequantParams>& params,
                         const std::vector<int32_t>& bias, int32_t zero_point, int32_t lo,
                         int32_t hi)
    : mode_(mode), zero_point_(zero_point), lo_(lo), hi_(hi), channels_(params.size()) {
  const bool single_product =
      mode == RequantMode::kRne || mode == RequantMode::kPot || mode == RequantMode::kM16;
  const size_t times = std::max<size_t>(1, kLongRow / channels_);
  std::vector<double> scale;
  for (const RequantParams& p : params) {
    multiplier_.push_back(p.multiplier);
    shift_.push_back(p.shift);
    scale.push_back(p.multiplier * power_of_two(-p.shift));
  }
  if (single_product && !any_above(shift_.data(), channels_, kMaxDoubleShift)) {
    scale_ = repeated(scale, times);
    // 24 bits at most, and exponents far from float32's ends: nothing is rounded.
    if (has_float_rows()) float_scale_.assign(scale_.begin(), scale_.end());
  }
  multiplier_ = repeated(multiplier_, times);
  shift_ = repeated(shift_, times);
  bias_ = repeated(bias, times);
}

void RequantRows::run(const int32_t* acc, int64_t rows, int8_t* result, int64_t pitch) const {
  const auto channels = static_cast<int64_t>(channels_);
  const int64_t at_once = pitch == channels ? static_cast<int64_t>(bias_.size()) / channels : 1;
  for (int64_t row = 0; row < rows; row += at_once) {
    const int64_t n = std::min(at_once, rows - row) * channels;
    run_row(acc + row * channels, static_cast<size_t>(n), result + row * pitch);
  }
}

void RequantRows::run_row(const int32_t* acc, size_t n, int8_t* result) const {
  if (!scale_.empty()) {
    run_scaled(acc, n, result);
  } else {
    requantize_row(mode_, acc, bias_.data(), multiplier_.data(), shift_.data(), n, zero_point_, lo_,
                   hi_, result);
  }
}

void RequantRows::run_scaled(const int32_t* acc, size_t n, int8_t* result) const {
  constexpr size_t kPart = 128;  // one of them in a hundred has a product close to a tie
  for (size_t first = 0; first < n; first += kPart) {
    const size_t count = std::min(kPart, n - first);
    const size_t in_float = float_scale_.empty() ? 0 : count / 32 * 32;
    const bool is_done = in_float > 0 && requantize_floats(acc + first, bias_.data() + first,
                                                           float_scale_.data() + first, in_float,
                                                           zero_point_, lo_, hi_, result + first);
    const size_t from = first + (is_done ? in_float : 0);
    scaled_rne_row(acc + from, bias_.data() + from, scale_.data() + from, first + count - from,
                   zero_point_, lo_, hi_, result + from);
  }
}

void average_row(const int32_t* sum, RequantParams params, size_t n, int32_t zero_point, int32_t lo,
                 int32_t hi, int8_t* result) {
  if (params.shift <= kMaxDoubleShift) {
    const double scale = power_of_two(-params.shift) * params.multiplier;
    return scaled_row(sum, scale, n, zero_point, lo, hi, result);
  }
  for (size_t i = 0; i < n; ++i) {
    result[i] = static_cast<int8_t>(average_code(sum[i], params, zero_point, lo, hi));
  }
}

void quantize_row(const float* value, float scale, size_t n, int32_t zero_point, int32_t lo,
                  int32_t hi, int8_t* result) {
  divided_row(value, scale, n, zero_point, lo, hi, result);
}

void add_row(const int8_t* a, int32_t zero_point_a, const int8_t* b, int32_t zero_point_b,
             const AddParams& params, size_t n, int32_t zero_point, int32_t lo, int32_t hi,
             int8_t* result) {
  sum_row(a, zero_point_a, b, zero_point_b, params, n, zero_point, lo, hi, result);
}

}  // namespace qsim
