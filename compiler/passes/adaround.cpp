#include "compiler/passes/adaround.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace qsim {
namespace {

using Array = Eigen::ArrayXf;
using Square = Eigen::Map<const Eigen::MatrixXf>;

constexpr float kStretchLow = -0.1f, kStretchHigh = 1.1f;  // of the sigmoid
constexpr float kStretch = kStretchHigh - kStretchLow;
constexpr float kRate = 0.01f, kDecay1 = 0.9f, kDecay2 = 0.999f;  // Adam
// Of the regularizer, where H has a mean diagonal of 1 and weights count in codes; at the 0.01 of
// the paper, whose losses are larger, a thousand steps do not bring all variables to an end.
constexpr float kWeight = 0.3f;
constexpr float kSharpFirst = 20, kSharpLast = 2;  // its exponent
constexpr float kWarmUp = 0.2f;                    // share of steps without it

}  // namespace

AdaRound::AdaRound(const std::vector<double>& moment, int64_t size)
    : size_(size), moment_(moment.size()) {
  double trace = 0;
  const auto n = static_cast<size_t>(size);
  for (size_t i = 0; i < n; ++i) trace += moment[i * n + i];
  const double unit = trace > 0 ? static_cast<double>(size) / trace : 0;
  for (size_t i = 0; i < moment.size(); ++i) moment_[i] = static_cast<float>(moment[i] * unit);
}

std::vector<int32_t> AdaRound::round(const std::vector<double>& weights, double scale,
                                     int32_t most) const {
  const Square h(moment_.data(), size_, size_);
  Array steps(size_), below(size_), share(size_);
  for (int64_t i = 0; i < size_; ++i) {
    const double step = std::clamp(weights[static_cast<size_t>(i)] / scale,
                                   -static_cast<double>(most), double(most));
    const double low = std::min(std::floor(step), double(most - 1));
    steps[i] = static_cast<float>(weights[static_cast<size_t>(i)] / scale);
    below[i] = static_cast<float>(low);
    share[i] = std::clamp(static_cast<float>(step - low), 0.001f, 0.999f);
  }
  // The rectified sigmoid of v is the share at first.
  Array v = -(kStretch / (share - kStretchLow) - 1).log();
  Array mean = Array::Zero(size_), square = Array::Zero(size_);
  float power1 = 1, power2 = 1;
  for (int step = 0; step < kSteps; ++step) {
    const Array sigmoid = 1 / (1 + (-v).exp());
    const Array stretched = sigmoid * kStretch + kStretchLow;
    const Array up = stretched.max(0.0f).min(1.0f);
    const Array slope = (stretched > 0 && stretched < 1)
                            .select(sigmoid * (1 - sigmoid) * kStretch, Array::Zero(size_));
    Array gradient = 2 * (h * (below + up - steps).matrix()).array();
    const float done = static_cast<float>(step) / kSteps;
    if (done >= kWarmUp) {
      const float rest = (done - kWarmUp) / (1 - kWarmUp);
      const float sharp =
          kSharpLast + 0.5f * (kSharpFirst - kSharpLast) * (1 + std::cos(rest * 3.14159265f));
      const Array away = 2 * up - 1;
      gradient -= kWeight * 2 * sharp * away.sign() * away.abs().pow(sharp - 1);
    }
    gradient *= slope;
    power1 *= kDecay1;
    power2 *= kDecay2;
    mean = kDecay1 * mean + (1 - kDecay1) * gradient;
    square = kDecay2 * square + (1 - kDecay2) * gradient.square();
    v -= kRate * (mean / (1 - power1)) / ((square / (1 - power2)).sqrt() + 1e-8f);
  }
  std::vector<int32_t> codes(static_cast<size_t>(size_));
  for (int64_t i = 0; i < size_; ++i)
    codes[static_cast<size_t>(i)] = static_cast<int32_t>(below[i] + (v[i] >= 0 ? 1 : 0));
  return codes;
}

}  // namespace qsim
