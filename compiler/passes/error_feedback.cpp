#include "compiler/passes/error_feedback.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace qsim {

ErrorFeedback::ErrorFeedback(std::vector<double> moment, int64_t size)
    : size_(static_cast<size_t>(size)),
      moment_(std::move(moment)),
      order_(size_),
      spread_(size_ * size_, 0.0) {
  const size_t n = size_;
  double trace = 0;
  for (size_t i = 0; i < n; ++i) trace += moment_[i * n + i];
  damping_ = trace > 0 ? kDamping * trace / static_cast<double>(n) : 1;
  for (size_t i = 0; i < n; ++i) moment_[i * n + i] += damping_;
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::stable_sort(order_.begin(), order_.end(),
                   [&](size_t a, size_t b) { return moment_[a * n + a] > moment_[b * n + b]; });

  // H = R RT with R upper triangular, from the last row up; then U = R^-1.
  std::vector<double> r(n * n, 0.0);
  for (size_t j = n; j-- > 0;) {
    const double* row_j = &r[j * n];
    for (size_t i = j + 1; i-- > 0;) {
      const double* row_i = &r[i * n];
      double value = moment_[order_[i] * n + order_[j]];
      for (size_t k = j + 1; k < n; ++k) value -= row_i[k] * row_j[k];
      r[i * n + j] = i == j ? std::sqrt(std::max(value, damping_ * 1e-6)) : value / row_j[j];
    }
  }
  std::vector<double> rest(n);
  for (size_t i = 0; i < n; ++i) {
    std::fill(rest.begin(), rest.end(), 0.0);
    rest[i] = 1;
    for (size_t k = i; k < n; ++k) {
      const double value = rest[k] / r[k * n + k];
      spread_[i * n + k] = value;
      for (size_t j = k + 1; j < n; ++j) rest[j] -= value * r[k * n + j];
    }
  }
}

std::vector<int32_t> ErrorFeedback::round(const std::vector<double>& weights, double scale,
                                          int32_t most) const {
  const size_t n = size_;
  std::vector<double> open(n);
  for (size_t i = 0; i < n; ++i) open[i] = weights[order_[i]];
  std::vector<int32_t> codes(n);
  for (size_t i = 0; i < n; ++i) {
    const double code =
        std::clamp(std::rint(open[i] / scale), -static_cast<double>(most), double(most));
    codes[order_[i]] = static_cast<int32_t>(code);
    const double* row = &spread_[i * n];
    const double error = (open[i] - code * scale) / row[i];
    for (size_t k = i + 1; k < n; ++k) open[k] -= error * row[k];
  }
  descend(weights, scale, most, codes);
  return codes;
}

void ErrorFeedback::descend(const std::vector<double>& weights, double scale, int32_t most,
                            std::vector<int32_t>& codes) const {
  constexpr int kSweeps = 20;
  const size_t n = size_;
  std::vector<double> error(n);
  for (size_t i = 0; i < n; ++i) error[i] = codes[i] * scale - weights[i];
  std::vector<double> pull = times(error);  // half the gradient of the expected error
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    bool has_changed = false;
    for (size_t i : order_) {
      const int32_t step = pull[i] > 0 ? -1 : 1;
      const double gain = std::abs(pull[i]) - scale * moment_[i * n + i] / 2;
      // Gains near nothing would go back and forth by their own rounding.
      if (gain <= 1e-9 * std::abs(pull[i]) || std::abs(codes[i] + step) > most) continue;
      codes[i] += step;
      const double* row = &moment_[i * n];
      for (size_t k = 0; k < n; ++k) pull[k] += step * scale * row[k];
      has_changed = true;
    }
    if (!has_changed) return;
  }
}

double ErrorFeedback::error(const std::vector<double>& weights, double scale,
                            const std::vector<int32_t>& codes) const {
  std::vector<double> off(size_);
  for (size_t i = 0; i < size_; ++i) off[i] = weights[i] - codes[i] * scale;
  const std::vector<double> pull = times(off);
  return std::inner_product(off.begin(), off.end(), pull.begin(), 0.0);
}

std::vector<double> ErrorFeedback::solve(const std::vector<double>& v) const {
  const size_t n = size_;
  std::vector<double> half(n), ordered(n, 0.0), result(n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = i; k < n; ++k) half[i] += spread_[i * n + k] * v[order_[k]];
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = i; k < n; ++k) ordered[k] += spread_[i * n + k] * half[i];
  }
  for (size_t i = 0; i < n; ++i) result[order_[i]] = ordered[i];
  return result;
}

std::vector<double> ErrorFeedback::times(const std::vector<double>& v) const {
  const size_t n = size_;
  std::vector<double> result(n);
  for (size_t i = 0; i < n; ++i)
    result[i] = std::inner_product(v.begin(), v.end(), &moment_[i * n], 0.0);
  return result;
}

}  // namespace qsim
