// Vector operators (A20 to A24), wrapping, the RNE shift, and the host steps (A30 to A33).
#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <random>
#include <vector>

#include "hw/spec/arithmetic.h"

namespace qsim {
namespace {

TEST(RneShift, EqualsGuardAndSticky) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 1'000'000; ++i) {
    const auto shift = static_cast<int32_t>(random() % 63);
    int64_t value = static_cast<int64_t>(random()) >> (2 + random() % 60);
    if (i % 4 == 0 && shift > 0) value = (value >> shift << shift) | (int64_t{1} << (shift - 1));
    const int64_t quotient = value >> shift;
    const bool guard = shift > 0 && ((value >> (shift - 1)) & 1);
    const bool sticky = shift > 1 && (value & ((int64_t{1} << (shift - 1)) - 1)) != 0;
    ASSERT_EQ(rne_shift(value, shift), quotient + (guard && (sticky || (quotient & 1)) ? 1 : 0))
        << value << " >> " << shift;
  }
}

TEST(WrapAdd, CountsAndWraps) {
  uint64_t wraps = 0;
  EXPECT_EQ(wrap_add(INT32_MAX, 1, wraps), INT32_MIN);
  EXPECT_EQ(wrap_add(INT32_MIN, -1, wraps), INT32_MAX);
  EXPECT_EQ(wraps, 2u);
  EXPECT_EQ(wrap_add(INT32_MAX, INT32_MIN, wraps), -1);
  EXPECT_EQ(wraps, 2u);
}

TEST(Add, MultipliersHave22BitsOnOneExponent) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> exponent(-12, 6);
  for (int i = 0; i < 100'000; ++i) {
    const float sa = std::exp2(exponent(random)), sb = std::exp2(exponent(random));
    const float sy = std::exp2(exponent(random));
    const AddParams p = derive_add(sa, sb, sy);
    const int32_t larger = std::max(p.multiplier_a, p.multiplier_b);
    ASSERT_GE(larger, 1 << 21);
    ASSERT_LT(larger, 1 << 22);
    ASSERT_LE(std::fabs(std::ldexp(double{sa} / sy, p.shift) - p.multiplier_a), 0.5);
    ASSERT_LE(std::fabs(std::ldexp(double{sb} / sy, p.shift) - p.multiplier_b), 0.5);
  }
  EXPECT_EQ(derive_add(0x1p20f, 0x1p21f, 1), (AddParams{1 << 20, 1 << 21, 0}));
  EXPECT_EQ(derive_add(1e-30f, 1e-30f, 1e10f), (AddParams{0, 0, 0}));
}

TEST(Add, EveryPairOfCodesIsWithinTheMultipliersErrorOfExact) {
  const float scales[][3] = {{0.02f, 0.03f, 0.04f},
                             {0.5f, 0.25f, 1.0f},
                             {0.1f, 1e-5f, 0.1f},
                             {1e-7f, 1e-7f, 0.1f},
                             {0.7f, 0.011f, 0.003f}};
  int64_t ties = 0;
  for (const auto& s : scales) {
    const AddParams params = derive_add(s[0], s[1], s[2]);
    for (int32_t a = -128; a < 128; ++a) {
      for (int32_t b = -128; b < 128; ++b) {
        const double exact = (double{s[0]} * (a + 3) + double{s[1]} * (b - 17)) / double{s[2]};
        const int32_t got = add_codes(a, -3, b, 17, params, 9, -120, 127);
        const double clamped = std::clamp(exact + 9, -120.0, 127.0);
        ASSERT_LE(std::fabs(got - clamped), 0.5 + 510 * 0x1p-21) << a << " " << b;
        ties += exact - std::floor(exact) == 0.5;
      }
    }
  }
  EXPECT_GT(ties, 1000);
}

TEST(Add, TiesToEvenBeforeTheZeroPoint) {
  const AddParams params = derive_add(0.5f, 0.5f, 1.0f);
  EXPECT_EQ(add_codes(1, 0, 0, 0, params, 1, -128, 127), 1);
  EXPECT_EQ(add_codes(1, 0, 2, 0, params, 1, -128, 127), 3);
  EXPECT_EQ(add_codes(-1, 0, 0, 0, params, 0, -128, 127), 0);
  EXPECT_EQ(add_codes(127, -128, 127, -128, params, 0, -128, 127), 127);
}

TEST(Rescale, EqualScalesAreTheIdentity) {
  for (float scale : {1e-20f, 0.013f, 1.0f, 1e20f}) {
    const RequantParams params = derive_rescale(scale, scale);
    EXPECT_EQ(params, (RequantParams{1 << 23, 23}));
    for (int32_t code = -128; code < 128; ++code) {
      EXPECT_EQ(rescale_code(code, 7, params, 7, -128, 127), code);
    }
  }
}

TEST(Average, EqualsExactQuotientRoundedOnce) {
  std::mt19937 random(9);
  for (int i = 0; i < 300'000; ++i) {
    const float sx = std::uniform_real_distribution<float>(0.01f, 0.2f)(random);
    const float sy = i % 2 ? sx : std::uniform_real_distribution<float>(0.01f, 0.2f)(random);
    const auto n = static_cast<int64_t>(1 + random() % 200);
    const auto sum = static_cast<int32_t>(static_cast<int64_t>(random() % (510 * n + 1)) - 255 * n);
    volatile float divisor = sy * static_cast<float>(n);
    volatile float ratio = sx / divisor;
    const long double exact = std::nearbyint(static_cast<long double>(sum) * ratio) + 4;
    const auto want = static_cast<int32_t>(std::clamp(exact, -128.0L, 127.0L));
    ASSERT_EQ(average_code(sum, derive_average(sx, sy, n), 4, -128, 127), want);
  }
}

TEST(UnaryTable, SaturatesAndRounds) {
  const auto table = unary_table([](double x) { return 1 / (1 + std::exp(-x)); }, 0.05f, 3,
                                 1.0f / 256, -128, -128, 127);
  EXPECT_EQ(table[128 + 3], 0);
  EXPECT_EQ(table[0], static_cast<int8_t>(std::nearbyint(256 / (1 + std::exp(6.55))) - 128));
  EXPECT_EQ(unary_table([](double) { return NAN; }, 1, 0, 1, 11, -128, 127)[0], 11);
  EXPECT_EQ(unary_table([](double) { return 1e300; }, 1, 0, 1, 11, -128, 99)[0], 99);
}

TEST(Host, QuantizeDividesRoundsToEvenAndSaturates) {
  EXPECT_EQ(quantize(0.5f, 1, 1), 1);
  EXPECT_EQ(quantize(1.5f, 1, 1), 3);
  EXPECT_EQ(quantize(-2.5f, 1, 0), -2);
  EXPECT_EQ(quantize(FLT_MAX, FLT_TRUE_MIN, 0), 127);
  EXPECT_EQ(quantize(-INFINITY, 1, 0), -128);
  EXPECT_EQ(quantize(NAN, 1, 42), 42);
  EXPECT_EQ(quantize(100, 1, -3, -8, 7), 7);
  EXPECT_EQ(quantize(-100, 1, -3, -8, 7), -8);
  EXPECT_EQ(quantize(8.4f, 1, -3, -8, 7), 5);
  // 0.45 / 0.1 rounds to 4.5 in float32, a tie; times the reciprocal it would not.
  volatile float quotient = 0.45f / 0.1f;
  EXPECT_EQ(quantize(0.45f, 0.1f, 0), static_cast<int32_t>(std::nearbyint(quotient)));
  for (int32_t code = -128; code < 128; ++code) {
    EXPECT_EQ(quantize(dequantize(code, 0.037f, -9), 0.037f, -9), code);
  }
}

TEST(Host, SoftmaxAndItsLogarithm) {
  const std::vector<float> x = {1000, 1001, -1000, 1000.5f};
  std::vector<float> y(4), log_y(4);
  softmax(x.data(), 4, false, y.data());
  softmax(x.data(), 4, true, log_y.data());
  EXPECT_NEAR(y[0] + y[1] + y[2] + y[3], 1, 1e-6);
  EXPECT_EQ(y[2], 0);
  EXPECT_NEAR(log_y[2], -2001.6803, 0.01);
  EXPECT_NEAR(std::log(y[1]), log_y[1], 1e-6);
}

TEST(Host, QlinearSoftmaxIsNearSoftmax) {
  std::mt19937 random(2);
  for (int i = 0; i < 2000; ++i) {
    const size_t n = 1 + random() % 40;
    const float scale = std::uniform_real_distribution<float>(0.01f, 0.5f)(random);
    std::vector<int8_t> codes(n), got(n);
    for (auto& code : codes) code = static_cast<int8_t>(random());
    qlinear_softmax(codes.data(), n, scale, 1.0f / 256, -128, got.data());
    double sum = 0;
    for (int8_t code : codes) sum += std::exp(double{scale} * code);
    for (size_t j = 0; j < n; ++j) {
      const double exact = 256 * std::exp(double{scale} * codes[j]) / sum - 128;
      ASSERT_LE(std::fabs(got[j] - std::min(exact, 127.0)), 0.501);
    }
  }
}

}  // namespace
}  // namespace qsim
