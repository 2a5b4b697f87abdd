// Requantization of rows in float32 where that gives what exact arithmetic gives: half the work of
// doubles. Private to arithmetic_rows.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

namespace qsim {

// Whether this processor has the instructions (x86-64 with AVX2, in a GCC or Clang build).
bool has_float_rows();

// result[i] = clamp(RNE((acc[i] + bias[i] mod 2^32) * scale[i]) + zero_point, lo, hi) for i < n, n
// a multiple of 32. False when some product is so close to a tie that float32 might round it to the
// other side; then the results are unspecified.
bool requantize_floats(const int32_t* acc, const int32_t* bias, const float* scale, size_t n,
                       int32_t zero_point, int32_t lo, int32_t hi, int8_t* result);

}  // namespace qsim
