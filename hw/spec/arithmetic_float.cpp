// The part of arithmetic.h that needs floating point: host steps and tables built before the run.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "hw/spec/arithmetic.h"

namespace qsim {

std::array<int8_t, 256> unary_table(const std::function<double(double)>& function,
                                    float input_scale, int32_t input_zero_point, float output_scale,
                                    int32_t zero_point, int32_t lo, int32_t hi) {
  std::array<int8_t, 256> table{};
  for (int32_t code = -128; code < 128; ++code) {
    const double steps = function(double{input_scale} * (code - input_zero_point)) / output_scale;
    const double rounded = std::isnan(steps) ? 0.0 : std::rint(std::clamp(steps, -512.0, 512.0));
    table[static_cast<size_t>(code + 128)] =
        static_cast<int8_t>(std::clamp(static_cast<int32_t>(rounded) + zero_point, lo, hi));
  }
  return table;
}

int32_t quantize(float value, float scale, int32_t zero_point, int32_t lo, int32_t hi) {
  const float steps = value / scale;
  if (std::isnan(steps)) return zero_point;
  const auto rounded = static_cast<int32_t>(std::rint(std::clamp(steps, -512.0f, 512.0f)));
  return std::clamp(rounded + zero_point, lo, hi);
}

float dequantize(int32_t code, float scale, int32_t zero_point) {
  return static_cast<float>(code - zero_point) * scale;
}

void softmax(const float* values, size_t n, bool log, float* result) {
  if (n == 0) return;
  const double largest = *std::max_element(values, values + n);
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += std::exp(values[i] - largest);
  const double log_sum = std::log(sum);
  for (size_t i = 0; i < n; ++i) {
    const double shifted = values[i] - largest;
    result[i] = static_cast<float>(log ? shifted - log_sum : std::exp(shifted) / sum);
  }
}

void qlinear_softmax(const int8_t* codes, size_t n, float input_scale, float output_scale,
                     int32_t zero_point, int8_t* result) {
  if (n == 0) return;
  const double headroom =
      std::log(double{std::numeric_limits<float>::max() / static_cast<float>(n)});
  const double offset = std::max(0.0, headroom - 5.0) / input_scale;
  std::array<float, 256> table;
  for (int32_t i = 0; i < 256; ++i) {
    table[static_cast<size_t>(i)] =
        static_cast<float>(std::exp((i - 255 + offset) * double{input_scale}));
  }
  const int32_t to_index = 255 - *std::max_element(codes, codes + n);
  float sum = 0;
  for (size_t i = 0; i < n; ++i) sum += table[static_cast<size_t>(to_index + codes[i])];
  const float steps = std::floor(1.0f / output_scale);
  for (size_t i = 0; i < n; ++i) {
    const float share = table[static_cast<size_t>(to_index + codes[i])] * steps / sum;
    const float rounded = std::rint(std::clamp(share, 0.0f, 512.0f));
    result[i] =
        static_cast<int8_t>(std::clamp(static_cast<int32_t>(rounded) + zero_point, -128, 127));
  }
}

}  // namespace qsim
