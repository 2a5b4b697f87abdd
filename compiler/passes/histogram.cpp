#include "compiler/passes/histogram.h"

#include <algorithm>
#include <cmath>

namespace qsim {
namespace {

constexpr int kLeastExponent = -126;  // values below share the bins next to zero

// The least k for which |value| < 2^k * kBins.
int exponent_for(double magnitude) {
  static_assert(Histogram::kBins == int64_t{1} << 13);
  return std::max(std::ilogb(magnitude) + 1 - 13, kLeastExponent);
}

// Halved, towards minus infinity.
size_t halved(size_t index) {
  const auto bin = static_cast<int64_t>(index) - Histogram::kBins;
  return static_cast<size_t>((bin >> 1) + Histogram::kBins);
}

}  // namespace

double Histogram::width() const { return exponent_ == kNone ? 0 : std::ldexp(1.0, exponent_); }

void Histogram::widen(int exponent) {
  if (counts_.empty()) {
    counts_.assign(2 * kBins, 0);
    exponent_ = exponent;
  }
  for (; exponent_ < exponent; ++exponent_) {
    std::vector<int64_t> joined(counts_.size(), 0);
    for (size_t i = 0; i < counts_.size(); ++i) joined[halved(i)] += counts_[i];
    counts_ = std::move(joined);
  }
}

void Histogram::add(std::span<const float> values) {
  if (values.empty()) return;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double low = double{*least}, high = double{*most};
  low_ = count_ == 0 ? low : std::min(low_, low);
  high_ = count_ == 0 ? high : std::max(high_, high);
  count_ += static_cast<int64_t>(values.size());
  const double magnitude = std::max(std::abs(low), std::abs(high));
  if (magnitude > 0) widen(exponent_for(magnitude));
  const double inverse = std::ldexp(1.0, -exponent_);
  for (float v : values) {
    if (v == 0) {
      ++zeros_;
    } else {
      ++counts_[static_cast<size_t>(static_cast<int64_t>(std::floor(double{v} * inverse)) + kBins)];
    }
  }
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  low_ = count_ == 0 ? other.low_ : std::min(low_, other.low_);
  high_ = count_ == 0 ? other.high_ : std::max(high_, other.high_);
  count_ += other.count_;
  zeros_ += other.zeros_;
  if (other.counts_.empty()) return;
  Histogram wider = other;
  widen(other.exponent_);
  wider.widen(exponent_);
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += wider.counts_[i];
}

void Histogram::clamp(double low, double high) {
  low_ = std::clamp(low_, low, high);
  high_ = std::clamp(high_, low, high);
  if (counts_.empty()) return;
  // What moves to a bound makes it the least or the greatest value.
  const double magnitude = std::max(std::abs(low_), std::abs(high_));
  if (magnitude > 0) widen(exponent_for(magnitude));
  const auto move = [&](size_t from, double bound) {
    const int64_t moved = counts_[from];
    counts_[from] = 0;
    if (bound == 0) {
      zeros_ += moved;
      return;
    }
    const auto bin = static_cast<int64_t>(std::floor(std::ldexp(bound, -exponent_)));
    counts_[static_cast<size_t>(bin + kBins)] += moved;
  };
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    const double start =
        std::ldexp(static_cast<double>(static_cast<int64_t>(i) - kBins), exponent_);
    if (start >= high) {
      move(i, high);
    } else if (start + width() <= low) {
      move(i, low);
    }
  }
}

void Histogram::coarsen(int64_t bins) {
  if (counts_.empty()) return;
  const double most = std::max(std::abs(low_), std::abs(high_));
  while (most >= static_cast<double>(bins) * width()) widen(exponent_ + 1);
}

std::vector<Histogram::Bin> Histogram::bins() const {
  std::vector<Bin> result;
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    const double middle =
        std::ldexp(static_cast<double>(static_cast<int64_t>(i) - kBins) + 0.5, exponent_);
    result.push_back({std::clamp(middle, low_, high_), counts_[i]});
  }
  return result;
}

}  // namespace qsim
