// Rows of channels by the rules of arithmetic.h, for engines that compute many at once. Each
// function equals its scalar definition for every input (tests/hw/spec/arithmetic_rows_test.cpp);
// it is written so that compilers vectorise it, and compiled for several instruction sets where the
// platform can choose.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "hw/spec/arithmetic.h"

namespace qsim {

// result[i] = requantize(mode, acc[i] + bias[i] (mod 2^32), {multiplier[i], shift[i]}, zero_point,
// lo, hi) for i < n. Layout of multiplier and shift: a parameter block's (docs/reference/isa.md).
void requantize_row(RequantMode mode, const int32_t* acc, const int32_t* bias,
                    const int32_t* multiplier, const int32_t* shift, size_t n, int32_t zero_point,
                    int32_t lo, int32_t hi, int8_t* result);

// requantize_row for many rows with the same parameters, prepared once: what depends on the channel
// alone is computed beforehand, and short rows are taken several at a time.
class RequantRows {
 public:
  // Parallel arrays, one entry per channel: derive_requant's parameters and the bias.
  RequantRows(RequantMode mode, const std::vector<RequantParams>& params,
              const std::vector<int32_t>& bias, int32_t zero_point, int32_t lo, int32_t hi);

  // acc: rows x channels, dense; result: rows of `pitch` >= channels bytes each, of which the
  // first `channels` are written.
  void run(const int32_t* acc, int64_t rows, int8_t* result, int64_t pitch) const;

 private:
  void run_row(const int32_t* acc, size_t n, int8_t* result) const;
  void run_scaled(const int32_t* acc, size_t n, int8_t* result) const;

  RequantMode mode_;
  int32_t zero_point_, lo_, hi_;
  size_t channels_;
  // The arrays stand several times in a row when rows are short.
  std::vector<int32_t> multiplier_, shift_, bias_;
  std::vector<double> scale_;  // multiplier * 2^-shift, where every channel can be done in double
  std::vector<float> float_scale_;  // the same, where float32 may do as well
};

// result[i] = average_code(sum[i], params, ...): one multiplier for all channels, always kRne.
void average_row(const int32_t* sum, RequantParams params, size_t n, int32_t zero_point, int32_t lo,
                 int32_t hi, int8_t* result);

// result[i] = quantize(value[i], scale, zero_point, lo, hi).
void quantize_row(const float* value, float scale, size_t n, int32_t zero_point, int32_t lo,
                  int32_t hi, int8_t* result);

// result[i] = add_codes(a[i], zero_point_a, b[i], zero_point_b, params, ...).
void add_row(const int8_t* a, int32_t zero_point_a, const int8_t* b, int32_t zero_point_b,
             const AddParams& params, size_t n, int32_t zero_point, int32_t lo, int32_t hi,
             int8_t* result);

}  // namespace qsim
