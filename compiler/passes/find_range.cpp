#include "compiler/passes/find_range.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "hw/spec/packing.h"

namespace qsim {
namespace {

constexpr double kShrink = 0.97;
constexpr int kSteps = 110;  // 0.97^109 = 0.036
constexpr int kCoarse = 4;   // steps at once, where both ends are free
constexpr int64_t kEntropyBins = 2048;
constexpr double kUnlikely = 1e-4;  // of a code that no value has

// With zero, which has a code whatever the range; with equal magnitudes where the form asks so.
Range widened(Range range, ScaleForm form) {
  const float low = std::min(range.low, 0.0f), high = std::max(range.high, 0.0f);
  if (!form.is_symmetric) return {low, high};
  const float most = std::max(-low, high);
  return {-most, most};
}

Range shrunk(Range range, int low_steps, int high_steps) {
  return {static_cast<float>(double{range.low} * std::pow(kShrink, low_steps)),
          static_cast<float>(double{range.high} * std::pow(kShrink, high_steps))};
}

Range by_percentile(const Observed& seen, double percentile, ScaleForm form) {
  const Histogram& histogram = seen.histogram;
  // A little more, so that the rounding of 100 - 99.9 does not cost a value.
  const double outside = (100 - percentile + 1e-9) / 100 * static_cast<double>(histogram.count());
  const double half = histogram.width() / 2;
  std::vector<Histogram::Bin> bins = histogram.bins();
  if (form.is_symmetric) {
    for (Histogram::Bin& bin : bins) bin.center = std::abs(bin.center);
    std::sort(bins.begin(), bins.end(),
              [](const auto& a, const auto& b) { return a.center < b.center; });
  }
  // The outermost edge beyond which at most `allowed` values lie, on one side; 0 if none is needed.
  const auto edge = [&](auto begin, auto end, double allowed) {
    int64_t beyond = 0;
    for (auto bin = begin; bin != end; ++bin) {
      beyond += bin->count;
      if (static_cast<double>(beyond) > allowed) return bin->center;
    }
    return 0.0;
  };
  const double most = edge(bins.rbegin(), bins.rend(), form.is_symmetric ? outside : outside / 2);
  if (form.is_symmetric) {
    const double limit = std::max(-histogram.low(), histogram.high());
    const auto bound = static_cast<float>(most == 0 ? 0 : std::min(most + half, limit));
    return {-bound, bound};
  }
  const double least = edge(bins.begin(), bins.end(), outside / 2);
  const double low = least < 0 ? std::max(least - half, histogram.low()) : 0;
  const double high = most > 0 ? std::min(most + half, histogram.high()) : 0;
  return {static_cast<float>(low), static_cast<float>(high)};
}

// The sum, or a part of it that is not below `least_error` already: terms are not negative.
double squared_error(const std::vector<Histogram::Bin>& bins, const Quantization& quant,
                     int32_t bits, double least_error) {
  const double least = lowest_code(bits) - quant.zero_point,
               most = highest_code(bits) - quant.zero_point;
  const double scale = double{quant.scale}, inverse = 1 / scale;
  double sum = 0;
  for (const Histogram::Bin& bin : bins) {
    const double error =
        std::clamp(std::rint(bin.center * inverse), least, most) * scale - bin.center;
    sum += static_cast<double>(bin.count) * error * error;
    if (sum >= least_error) break;
  }
  return sum;
}

Range by_squared_error(const Observed& seen, Range all, int32_t bits, ScaleForm form) {
  const std::vector<Histogram::Bin> bins = seen.histogram.bins();
  std::pair<int, int> best{0, 0};
  double least = INFINITY;
  const auto attempt = [&](int low_steps, int high_steps) {
    const Range range = shrunk(all, low_steps, high_steps);
    const double error = squared_error(bins, quantization_of(range, bits, form), bits, least);
    if (!(error < least)) return;
    least = error;
    best = {low_steps, high_steps};
  };
  for (int i = 0; i < kSteps; ++i) attempt(i, i);
  if (!form.is_symmetric && all.low < 0 && all.high > 0) {
    for (int low = 0; low < kSteps; low += kCoarse)
      for (int high = 0; high < kSteps; high += kCoarse) attempt(low, high);
    for (int round = 0; round < 2; ++round) {
      const int low = best.first;
      for (int i = 0; i < kSteps; ++i) attempt(low, i);
      const int high = best.second;
      for (int i = 0; i < kSteps; ++i) attempt(i, high);
    }
  }
  return shrunk(all, best.first, best.second);
}

// Of the values (p), clipped to `range`, from what their codes say about them (q). What is clipped
// is missing in q, or a range that clips nearly all into one code would lose nothing.
double divergence(const std::vector<Histogram::Bin>& bins, Range range, const Quantization& quant,
                  int32_t bits) {
  struct Entry {
    int code;
    double p;
  };
  constexpr int kCodes = 256;
  std::vector<Entry> entries;
  std::array<double, kCodes> mass{}, support{};
  double total = 0, below = 0, above = 0;
  for (const Histogram::Bin& bin : bins) {
    const auto count = static_cast<double>(bin.count);
    total += count;
    if (bin.center < double{range.low}) {
      below += count;
    } else if (bin.center > double{range.high}) {
      above += count;
    } else {
      const double code = std::clamp(std::rint(bin.center / double{quant.scale}) + quant.zero_point,
                                     double(lowest_code(bits)), double(highest_code(bits)));
      const int index = static_cast<int>(code) - lowest_code(bits);
      entries.push_back({index, count});
      mass[static_cast<size_t>(index)] += count;
      support[static_cast<size_t>(index)] += 1;
    }
  }
  if (entries.empty()) return INFINITY;
  entries.front().p += below;
  entries.back().p += above;
  double sum = 0;
  for (const Entry& entry : entries) {
    const auto code = static_cast<size_t>(entry.code);
    const double p = entry.p / total;
    const double q = std::max(mass[code] / support[code] / total, kUnlikely * p);
    sum += p * std::log(p / q);
  }
  return sum;
}

Range by_entropy(const Observed& seen, Range all, int32_t bits, ScaleForm form) {
  Histogram histogram = seen.histogram;
  histogram.coarsen(kEntropyBins);
  const std::vector<Histogram::Bin> bins = histogram.bins();
  const double codes = std::ldexp(1.0, bits);
  const float most = std::max(-all.low, all.high);
  Range best = all;
  double least = INFINITY;
  for (int i = 0; i < kSteps; ++i) {
    const float limit = most * static_cast<float>(std::pow(kShrink, i));
    const Range range{std::max(all.low, -limit), std::min(all.high, limit)};
    // Fewer bins than codes say nothing about what the codes lose.
    if (i > 0 && (double{range.high} - double{range.low}) / histogram.width() < codes) break;
    const double loss = divergence(bins, range, quantization_of(range, bits, form), bits);
    if (!(loss < least)) continue;
    least = loss;
    best = range;
  }
  return best;
}

}  // namespace

Range find_range(const Observed& seen, const RangeMethod& method, int32_t bits, ScaleForm form) {
  const Range all = widened(seen.range, form);
  if (all.low == all.high) return seen.range;
  switch (method.rule) {
    case RangeRule::kMinMax:
      return seen.range;
    case RangeRule::kMovingAverage:
      return seen.average;
    case RangeRule::kPercentile:
      return by_percentile(seen, method.percentile, form);
    case RangeRule::kMse:
      return by_squared_error(seen, all, bits, form);
    case RangeRule::kEntropy:
      return by_entropy(seen, all, bits, form);
  }
  return seen.range;
}

}  // namespace qsim
