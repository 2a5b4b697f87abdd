// Rounding that looks at inputs: AdaRound, scales by output errors, weights fitted to pairs.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "compiler/passes/adaround.h"
#include "compiler/passes/error_feedback.h"
#include "compiler/passes/moments.h"
#include "tests/support/draw.h"

namespace qsim::test {
namespace {

constexpr size_t kSize = 12;

// A E[z zT] AT for independent z: inputs that depend on one another.
std::vector<double> correlated_moment(uint32_t seed) {
  Draw draw(seed);
  std::vector<double> mix(kSize * kSize), moment(kSize * kSize, 0);
  for (double& value : mix) value = draw(-100, 100) / 100.0;
  for (size_t i = 0; i < kSize; ++i)
    for (size_t k = 0; k < kSize; ++k)
      for (size_t z = 0; z < 4; ++z)
        moment[i * kSize + k] += mix[i * kSize + z] * mix[k * kSize + z] + (i == k ? 0.01 : 0);
  return moment;
}

std::vector<double> some_weights(uint32_t seed) {
  Draw draw(seed);
  std::vector<double> weights(kSize);
  for (double& weight : weights) weight = draw(-700, 700) / 100.0;
  return weights;
}

TEST(AdaRound, LeavesLessErrorThanRoundingToNearestAndRoundsByLessThanOne) {
  double of_nearest = 0, of_codes = 0;
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    const std::vector<double> moment = correlated_moment(seed), weights = some_weights(seed + 100);
    const ErrorFeedback judge(moment, kSize);
    std::vector<int32_t> nearest;
    for (double weight : weights) nearest.push_back(static_cast<int32_t>(std::rint(weight)));
    const std::vector<int32_t> codes = AdaRound(moment, kSize).round(weights, 1, 7);
    of_nearest += judge.error(weights, 1, nearest);
    of_codes += judge.error(weights, 1, codes);
    for (size_t i = 0; i < kSize; ++i) {
      EXPECT_LE(std::abs(codes[i] - weights[i]), 1) << seed;
      EXPECT_LE(std::abs(codes[i]), 7) << seed;
    }
    EXPECT_EQ(codes, AdaRound(moment, kSize).round(weights, 1, 7));
  }
  EXPECT_LT(of_codes, 0.6 * of_nearest);
}

TEST(Feedback, NoChangeOfOneCodeMakesTheErrorLess) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    const ErrorFeedback feedback(correlated_moment(seed), kSize);
    const std::vector<double> weights = some_weights(seed + 200);
    std::vector<int32_t> codes = feedback.round(weights, 1, 7);
    const double error = feedback.error(weights, 1, codes);
    for (int32_t& code : codes) {
      for (int32_t step : {-1, 1}) {
        if (std::abs(code + step) > 7) continue;
        code += step;
        EXPECT_GE(feedback.error(weights, 1, codes), error * (1 - 1e-9)) << seed;
        code -= step;
      }
    }
  }
}

TEST(Feedback, SolvesWhatItMultiplies) {
  const ErrorFeedback feedback(correlated_moment(7), kSize);
  const std::vector<double> v = some_weights(8), again = feedback.solve(feedback.times(v));
  for (size_t i = 0; i < kSize; ++i) EXPECT_NEAR(again[i], v[i], 1e-8);
}

TEST(Moments, OfPairsKnowBothSides) {
  const ProductInput product{.layer = "m",
                             .value = 0,
                             .shape = {4, 3},
                             .is_conv = false,
                             .window = {},
                             .groups = 1,
                             .size = 3};
  const std::vector<float> real = {1, 2, 3, 4, 5, 6, 7, 8, 10, -1, 0, 1};
  std::vector<float> rounded = real;
  for (float& value : rounded) value *= 0.5f;
  InputMoments moments;
  moments.add_pair(product, rounded, real, true);
  ASSERT_TRUE(moments.has_pairs());
  for (int64_t i = 0; i < 3; ++i)
    EXPECT_DOUBLE_EQ(moments.mean(0, i), 0.5 * moments.real_mean(0, i));
  for (bool is_centered : {false, true}) {
    const std::vector<double> own = moments.second_moment(0, is_centered),
                              cross = moments.cross_moment(0, is_centered);
    for (size_t i = 0; i < own.size(); ++i) EXPECT_NEAR(cross[i], 2 * own[i], 1e-12) << i;
  }
}

}  // namespace
}  // namespace qsim::test
