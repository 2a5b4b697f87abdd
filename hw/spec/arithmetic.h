// The integer arithmetic, defined once. Every engine and the RTL compute exactly this; the rules
// A1... cited here stand, precise enough to write RTL from, in docs/reference/arithmetic.md.
//
// Words: an accumulator is int32; a code is int8, widened to int32 in these signatures; zero points
// and clamp bounds lie in [-128, 127] with lo <= hi; a scale is a positive finite float32.
// RNE is rounding to nearest, ties to even. fl32() is rounding to float32, by RNE.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace qsim {

// How convolution, matmul and gemm turn an accumulator into a code (rules A10 to A16). A structural
// choice of the machine. Everything else (add, average, rescale) rounds as kRne does in every mode.
enum class RequantMode : uint8_t {
  kRne,      // exact product with a 24-bit significand, one RNE                             (A11)
  kF32,      // kRne plus the two float32 roundings of onnxruntime: bit-exact to it          (A12)
  kTflite,   // gemmlowp: rounding doubling high multiply, then rounding divide by 2^n       (A13)
  kTflite1,  // TFLITE_SINGLE_ROUNDING and TOSA: 31-bit multiplier, one rounding half up     (A14)
  kPot,      // the nearest power of two: a shift, one RNE                                   (A15)
  kM16,      // kRne with the significand rounded to 16 bits                                 (A16)
};
inline constexpr std::array<RequantMode, 6> kRequantModes = {
    RequantMode::kRne,     RequantMode::kF32, RequantMode::kTflite,
    RequantMode::kTflite1, RequantMode::kPot, RequantMode::kM16};
const char* name_of(RequantMode mode);                  // "rne", "f32", "tflite", ...
RequantMode parse_requant_mode(std::string_view name);  // throws Error, naming the choices

// What a parameter buffer holds per channel: M is approximated by multiplier * 2^-shift. The
// multiplier is in [0, 2^31), the shift in [-8, 62]: 31 + 7 (signed) bits. Per mode (A10):
//   rne, f32         multiplier 0 or [2^23, 2^24)   shift [0, 62]
//   tflite, tflite1  multiplier 0 or [2^30, 2^31)   shift [1, 62]
//   pot              multiplier 0 or 1              shift [-8, 62]
//   m16              multiplier 0 or [2^15, 2^16)   shift [0, 62]
struct RequantParams {
  int32_t multiplier = 0;
  int32_t shift = 0;
  bool operator==(const RequantParams&) const = default;
};

// M = input scale * weight scale / output scale, by the mode's own scale arithmetic (A11 to A16). A
// ratio so small that every accumulator yields zero becomes {0, shift of the mode's minimum or 0};
// one so large that every non-zero accumulator saturates is replaced by the largest that the ranges
// above hold, which changes no result. Throws Error when a scale is not positive and finite.
RequantParams derive_requant(RequantMode mode, float input_scale, float weight_scale,
                             float output_scale);

// y = clamp(round(acc * M) + zero_point, lo, hi) with the mode's rounding; integers only. Params
// are those of derive_requant for the same mode; any accumulator is allowed.
int32_t requantize(RequantMode mode, int32_t acc, RequantParams params, int32_t zero_point,
                   int32_t lo, int32_t hi);

// RNE(value * 2^-shift), exact; 0 <= shift <= 62 and |value| <= 2^61 (A2).
inline int64_t rne_shift(int64_t value, int32_t shift) {
  if (shift == 0) return value;
  const int64_t odd = (value >> shift) & 1;
  return (value + (int64_t{1} << (shift - 1)) - 1 + odd) >> shift;
}

// acc + addend modulo 2^32; `wraps` grows by one when the true sum is outside int32 (A4).
inline int32_t wrap_add(int32_t acc, int32_t addend, uint64_t& wraps) {
  int32_t sum;
  wraps += __builtin_add_overflow(acc, addend, &sum) ? 1 : 0;
  return sum;
}

// Residual add (A20): y = clamp(RNE(((a - za) * ma + (b - zb) * mb) * 2^-shift) + zy). ma and mb
// are in [0, 2^22), the larger at least 2^21 (or both are 0), so the sum fits int32; shift in [0,
// 62].
struct AddParams {
  int32_t multiplier_a = 0;
  int32_t multiplier_b = 0;
  int32_t shift = 0;
  bool operator==(const AddParams&) const = default;
};
// Throws Error when a scale is not positive and finite, or a ratio to the output's exceeds 2^21.
AddParams derive_add(float scale_a, float scale_b, float output_scale);
int32_t add_codes(int32_t a, int32_t zero_point_a, int32_t b, int32_t zero_point_b,
                  const AddParams& params, int32_t zero_point, int32_t lo, int32_t hi);

// Rescale of one code (A21), M = fl32(sx / sy), as kRne in every mode. Equal scales give
// {2^23, 23}: the identity but for zero points and clamp.
RequantParams derive_rescale(float input_scale, float output_scale);
int32_t rescale_code(int32_t code, int32_t input_zero_point, RequantParams params,
                     int32_t zero_point, int32_t lo, int32_t hi);

// Average of `count` taps (A22), M = fl32(sx / fl32(sy * count)), as kRne in every mode; `sum` is
// the sum of (x - zx) over the taps. count in [1, 2^23].
RequantParams derive_average(float input_scale, float output_scale, int64_t count);
int32_t average_code(int32_t sum, RequantParams params, int32_t zero_point, int32_t lo, int32_t hi);

// A unary function as a table (A24): entry i is for code i - 128, computed in double:
// clamp(RNE(f(sx * (code - zx)) / sy) + zy, lo, hi). NaN gives the zero point.
std::array<int8_t, 256> unary_table(const std::function<double(double)>& function,
                                    float input_scale, int32_t input_zero_point, float output_scale,
                                    int32_t zero_point, int32_t lo, int32_t hi);

// Host arithmetic (A30 to A33), float32 as IEEE 754 writes it, no fused multiply-add.
// clamp(RNE(fl32(x / s)) + z, lo, hi)
int32_t quantize(float value, float scale, int32_t zero_point, int32_t lo = -128, int32_t hi = 127);
float dequantize(int32_t code, float scale, int32_t zero_point);  // fl32((q - z) * s)
// Softmax, or its logarithm, of n values, computed in double and rounded once to float32.
void softmax(const float* values, size_t n, bool log, float* result);
// com.microsoft QLinearSoftmax of n codes, by onnxruntime's algorithm with a float32 table (A33).
void qlinear_softmax(const int8_t* codes, size_t n, float input_scale, float output_scale,
                     int32_t zero_point, int8_t* result);

}  // namespace qsim
