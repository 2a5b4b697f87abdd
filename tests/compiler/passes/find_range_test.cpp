// Calibrators, against straightforward references on values known one by one.
#include "compiler/passes/find_range.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "hw/spec/packing.h"

namespace qsim::test {
namespace {

std::vector<float> bell(int count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values;
  for (int i = 0; i < count; ++i) {
    float sum = 0;
    for (int k = 0; k < 12; ++k) sum += static_cast<float>(random() >> 8) * 0x1p-24f;
    values.push_back(sum - 6);
  }
  return values;
}

Observed observed(const std::vector<float>& values) {
  Observed seen;
  seen.histogram.add(values);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  seen.range = seen.average = {*low, *high};
  return seen;
}

double error_of(const std::vector<float>& values, Range range, int32_t bits, ScaleForm form = {}) {
  const Quantization quant = quantization_of(range, bits, form);
  double sum = 0;
  for (float v : values) {
    const double code = std::clamp(std::rint(double{v} / double{quant.scale}) + quant.zero_point,
                                   double(lowest_code(bits)), double(highest_code(bits)));
    const double error = (code - quant.zero_point) * double{quant.scale} - double{v};
    sum += error * error;
  }
  return sum;
}

std::vector<std::pair<double, int64_t>> listed(const Histogram& histogram) {
  std::vector<std::pair<double, int64_t>> result;
  for (const Histogram::Bin& bin : histogram.bins()) result.emplace_back(bin.center, bin.count);
  return result;
}

TEST(Histogram, DoesNotDependOnOrderOrOnParts) {
  std::vector<float> values = bell(5000, 1);
  for (size_t i = 0; i < values.size(); i += 3) values[i] *= 1e-3f;
  values.push_back(-17.25f);
  values.push_back(0.0f);
  Histogram whole, reversed, left, right;
  whole.add(values);
  for (size_t i = values.size(); i-- > 0;) reversed.add({&values[i], 1});
  for (size_t i = 0; i < values.size(); ++i) (i % 2 ? left : right).add({&values[i], 1});
  left.merge(right);
  EXPECT_EQ(listed(whole), listed(reversed));
  EXPECT_EQ(listed(whole), listed(left));
  EXPECT_EQ(whole.count(), 5002);
  EXPECT_EQ(left.zeros(), 1);
  EXPECT_EQ(left.low(), -17.25);
}

TEST(Histogram, CountsExactlyInBins) {
  Histogram histogram;  // the greatest value decides: bins of 1 / 4096
  histogram.add(std::vector<float>{1.0f, 1.0f + 0x1p-13f, 1.0f + 0x1p-12f, -0x1p-13f, 0.0f});
  EXPECT_EQ(histogram.width(), 0x1p-12);
  EXPECT_EQ(listed(histogram), (std::vector<std::pair<double, int64_t>>{
                                   {-0x1p-13, 1}, {1 + 0x1p-13, 2}, {1 + 0x1p-12, 1}}));
  histogram.coarsen(1024);
  EXPECT_EQ(histogram.width(), 0x1p-9);
  histogram.clamp(0, 6);
  EXPECT_EQ(histogram.zeros(), 2);
  EXPECT_EQ(histogram.low(), 0);
}

TEST(Histogram, ClampBeyondWhatItHolds) {
  for (const double bound : {100.0, 3.0, 0.5, -50.0}) {
    Histogram histogram;
    histogram.add(std::vector<float>{0.5f, -0.25f, 0.125f, 0.0f});
    const bool is_above = bound > 0;
    histogram.clamp(is_above ? bound : -1e9, is_above ? 1e9 : bound);
    EXPECT_EQ(histogram.low(), bound);
    EXPECT_EQ(histogram.high(), bound);
    int64_t count = 0;
    for (const Histogram::Bin& bin : histogram.bins()) {
      count += bin.count;
      EXPECT_EQ(bin.center, bound);
    }
    EXPECT_EQ(count + histogram.zeros(), 4);
  }
}

TEST(Histogram, ManySmallValuesAndHugeOnes) {
  Histogram histogram;
  histogram.add(std::vector<float>{1e-44f, -1e-44f, 3e38f, -3e38f});
  EXPECT_EQ(histogram.bins().size(), 4u);
  EXPECT_EQ(histogram.count(), 4);
}

TEST(FindRange, MinMaxAndAverageAreTakenAsTheyAre) {
  const Observed seen{.range = {-1, 3}, .average = {-0.5f, 2}, .histogram = {}};
  EXPECT_EQ(find_range(seen, {}, 8, {}).high, 3);
  EXPECT_EQ(find_range(seen, {.rule = RangeRule::kMovingAverage}, 8, {}).high, 2);
}

// 10,000 values 1, 2, ..., 10,000: P % ends at the value that leaves the rest out.
TEST(FindRange, PercentileCutsWhatItSays) {
  std::vector<float> values;
  for (int i = 1; i <= 10000; ++i) values.push_back(static_cast<float>(i));
  const Observed seen = observed(values);
  const auto high = [&](double percentile, ScaleForm form = {}) {
    return find_range(seen, {RangeRule::kPercentile, percentile}, 8, form).high;
  };
  const auto width = static_cast<float>(seen.histogram.width());
  EXPECT_EQ(high(100), 10000);
  EXPECT_NEAR(high(99.9), 9995, width);  // 5 values beyond
  EXPECT_NEAR(high(99), 9950, width);
  EXPECT_NEAR(high(99, {.is_symmetric = true}), 9900, width);
  EXPECT_EQ(find_range(seen, {RangeRule::kPercentile, 99}, 8, {}).low, 0);
}

TEST(FindRange, SquaredErrorIsThatOfAnExhaustiveSearch) {
  std::vector<float> values = bell(4000, 2);
  values.push_back(40);
  const Observed seen = observed(values);
  for (int32_t bits = 2; bits <= 8; ++bits) {
    for (bool symmetric : {false, true}) {
      const ScaleForm form{.is_symmetric = symmetric};
      const Range found = find_range(seen, {.rule = RangeRule::kMse}, bits, form);
      double least = INFINITY;  // over both ends, a hundred steps each
      for (int i = 1; i <= 100; ++i) {
        for (int k = 1; k <= 100; ++k) {
          const Range range{seen.range.low * static_cast<float>(i) / 100,
                            seen.range.high * static_cast<float>(k) / 100};
          least = std::min(least, error_of(values, range, bits, form));
        }
      }
      EXPECT_LE(error_of(values, found, bits, form), 1.06 * least) << bits << symmetric;
      EXPECT_LE(error_of(values, found, bits, form), error_of(values, seen.range, bits, form));
    }
  }
}

TEST(FindRange, TiesKeepTheWiderRange) {
  // Codes of the whole range are exact, and so are those of other ranges.
  std::vector<float> values;
  for (int i = 0; i < 4; ++i) values.push_back(static_cast<float>(i) * 4096);
  const Observed seen = observed(values);
  EXPECT_EQ(find_range(seen, {.rule = RangeRule::kMse}, 2, {}).high, 3 * 4096);
}

TEST(FindRange, EntropyLeavesOutAnOutlierAndKeepsEvenSpread) {
  std::vector<float> values = bell(20000, 3);
  values.push_back(60);
  for (int32_t bits = 2; bits <= 8; ++bits) {
    const Range range = find_range(observed(values), {.rule = RangeRule::kEntropy}, bits, {});
    EXPECT_LT(range.high, 20) << bits;
    EXPECT_GT(range.high, 0.5) << bits;
  }
  std::vector<float> even;
  for (int i = 1; i <= 65536; ++i) even.push_back(static_cast<float>(i));
  const Range range = find_range(observed(even), {.rule = RangeRule::kEntropy}, 8, {});
  EXPECT_GT(range.high, 0.9f * 65536);
}

// Once a range clips a whole cluster into one code, its codes say nothing about the values.
TEST(FindRange, EntropyDoesNotClipAClusterAway) {
  std::vector<float> values = bell(9700, 3);
  for (float& v : values) v = 0.8f + 0.03f * v;
  values.resize(10000, 0.3f);
  const Observed seen = observed(values);
  const Range range = find_range(seen, {.rule = RangeRule::kEntropy}, 8, {});
  EXPECT_GT(range.high, 0.8f);
  EXPECT_LT(error_of(values, range, 8), 4 * error_of(values, seen.range, 8));
}

TEST(FindRange, ConstantZeroAndSingleValues) {
  const std::vector<std::vector<float>> cases = {{0, 0, 0}, {5, 5, 5, 5}, {-2, -2}, {1e-44f}};
  for (const std::vector<float>& values : cases) {
    for (const char* name : {"minmax", "moving-average", "percentile", "mse", "entropy"}) {
      for (int32_t bits = 2; bits <= 8; ++bits) {
        for (bool symmetric : {false, true}) {
          const ScaleForm form{.is_symmetric = symmetric};
          const Range range = find_range(observed(values), *read_range_method(name), bits, form);
          ASSERT_TRUE(std::isfinite(range.low) && std::isfinite(range.high));
          EXPECT_GT(quantization_of(range, bits, form).scale, 0);
          if (values[0] != 1e-44f) {
            const double step = double{quantization_of(range, bits, form).scale};
            EXPECT_NEAR(error_of({values[0]}, range, bits, form), 0, 1.01 * step * step)
                << name << bits;
          }
        }
      }
    }
  }
}

TEST(FindRange, NamesOfMethods) {
  EXPECT_EQ(read_range_method("percentile")->percentile, 99.99);
  EXPECT_EQ(read_range_method("percentile:99.9")->percentile, 99.9);
  for (const char* text : {"", "maxmin", "mse:3", "percentile:", "percentile:50", "percentile:101",
                           "percentile:nan", "percentile:99,9"})
    EXPECT_FALSE(read_range_method(text)) << text;
}

TEST(ScaleForms, SymmetricAndPowersOfTwo) {
  EXPECT_EQ(quantization_of({-1, 127}, 8, {.is_symmetric = true}), (Quantization{1, 0}));
  EXPECT_EQ(quantization_of({-7, 0}, 4, {.is_symmetric = true}), (Quantization{1, 0}));
  EXPECT_EQ(quantization_of({0, 255}, 8, {.is_power_of_two = true}), (Quantization{1, -128}));
  EXPECT_EQ(quantization_of({0, 256}, 8, {.is_power_of_two = true}), (Quantization{2, -128}));
  EXPECT_EQ(quantization_of({0, 0}, 8, {.is_symmetric = true}), (Quantization{1, 0}));
  EXPECT_EQ(power_of_two_above(1), 1);
  EXPECT_EQ(power_of_two_above(1.001), 2);
  EXPECT_EQ(power_of_two_above(0.25), 0.25);
}

}  // namespace
}  // namespace qsim::test
