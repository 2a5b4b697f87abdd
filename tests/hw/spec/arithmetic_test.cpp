// Every requantization mode against a formulation that shares nothing with hw/spec/arithmetic.cpp:
// extended precision, real float32 arithmetic, or gemmlowp's published formulas.
#include "hw/spec/arithmetic.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "hw/spec/error.h"

namespace qsim {
namespace {

struct Scales {
  float sx, sw, sy;
};

float random_scale(std::mt19937& random, int low, int high) {
  const int exponent = std::uniform_int_distribution<int>(low, high)(random);
  const float significand = std::uniform_real_distribution<float>(1.0f, 2.0f)(random);
  return std::ldexp(random() % 8 == 0 ? 1.0f : significand, exponent);
}

// Ratios of real networks, wide ones, and ones at the ends of float32.
std::vector<Scales> random_scales(int count) {
  std::mt19937 random(7);
  std::vector<Scales> all = {{1, 1, 1},
                             {FLT_MAX, FLT_MAX, FLT_MIN},
                             {FLT_MAX, 1, FLT_MIN},
                             {FLT_TRUE_MIN, FLT_TRUE_MIN, FLT_MAX},
                             {FLT_TRUE_MIN, 1, 1},
                             {1, 1, FLT_TRUE_MIN},
                             {0x1.fffffep0f, 1, 1},
                             {0x1.fffffep-3f, 0x1p-4f, 1}};
  for (int i = 0; i < count; ++i) {
    const int spread = i % 3 == 0 ? 60 : i % 3 == 1 ? 12 : 6;
    all.push_back({random_scale(random, -spread, spread / 3), random_scale(random, -spread, 0),
                   random_scale(random, -spread, 4)});
  }
  return all;
}

// Accumulators that matter at ratio M: the ends of int32, random lengths, and neighbours of ties.
std::vector<int32_t> accumulators(std::mt19937& random, double ratio, int count) {
  std::vector<int32_t> all = {0,
                              1,
                              -1,
                              INT32_MAX,
                              INT32_MIN,
                              INT32_MAX - 1,
                              INT32_MIN + 1,
                              1 << 24,
                              (1 << 24) + 1,
                              (1 << 25) + 2,
                              -(1 << 24) - 1};
  for (int i = 0; i < count; ++i) {
    all.push_back(static_cast<int32_t>(random()) >> (random() % 32));
    const double tie = (static_cast<int>(random() % 600) - 300 + 0.5) / ratio;
    if (std::fabs(tie) < 2e9)
      all.push_back(static_cast<int32_t>(std::llrint(tie)) + static_cast<int32_t>(random() % 3) -
                    1);
  }
  return all;
}

int32_t clamp_to_code(long double value, int32_t zero_point, int32_t lo, int32_t hi) {
  const long double code = std::nearbyint(value) + zero_point;
  return code < lo ? lo : code > hi ? hi : static_cast<int32_t>(code);
}

using Expected = std::function<int32_t(int32_t acc, Scales, int32_t zy, int32_t lo, int32_t hi)>;

// Returns the number of comparisons made.
int64_t compare(RequantMode mode, const Expected& expected, int scale_count, int per_scale) {
  std::mt19937 random(11);
  int64_t compared = 0;
  for (const Scales& scales : random_scales(scale_count)) {
    const RequantParams params = derive_requant(mode, scales.sx, scales.sw, scales.sy);
    const double ratio = double{scales.sx} * scales.sw / scales.sy;
    for (int32_t acc : accumulators(random, ratio, per_scale)) {
      const auto zy = static_cast<int32_t>(random() % 256) - 128;
      const int32_t lo = random() % 2 ? -128 : zy, hi = random() % 2 ? 127 : std::max(lo, 40);
      const int32_t got = requantize(mode, acc, params, zy, lo, hi);
      const int32_t want = expected(acc, scales, zy, lo, hi);
      EXPECT_EQ(got, want) << name_of(mode) << " acc " << acc << " M " << ratio << " m "
                           << params.multiplier << " s " << params.shift << " zy " << zy;
      if (got != want) return compared;
      ++compared;
    }
  }
  return compared;
}

float float_ratio(Scales s) {
  volatile float product = s.sx * s.sw;
  volatile float ratio = product / s.sy;
  return ratio;
}

TEST(Requantize, RneEqualsTheExactProductRoundedOnce) {
  // 32 + 24 bits fit the 64-bit significand of long double: the product is exact.
  const auto exact = [](int32_t acc, Scales s, int32_t zy, int32_t lo, int32_t hi) {
    if (acc == 0) return clamp_to_code(0, zy, lo, hi);
    return clamp_to_code(static_cast<long double>(acc) * float_ratio(s), zy, lo, hi);
  };
  EXPECT_GT(compare(RequantMode::kRne, exact, 4000, 200), 1'000'000);
}

TEST(Requantize, F32EqualsFloatArithmetic) {
  const auto as_onnxruntime = [](int32_t acc, Scales s, int32_t zy, int32_t lo, int32_t hi) {
    volatile float value = static_cast<float>(acc);
    if (acc != 0) value = value * float_ratio(s);
    float clamped = std::fmax(value, static_cast<float>(lo - zy));
    clamped = std::fmin(clamped, static_cast<float>(hi - zy));
    return static_cast<int32_t>(std::nearbyint(clamped)) + zy;
  };
  EXPECT_GT(compare(RequantMode::kF32, as_onnxruntime, 20000, 200), 5'000'000);
}

// gemmlowp, as research and the TFLite sources write it.
int32_t srdhm(int32_t a, int32_t b) {
  if (a == b && a == INT32_MIN) return INT32_MAX;
  const int64_t ab = int64_t{a} * b;
  const int64_t nudge = ab >= 0 ? (int64_t{1} << 30) : 1 - (int64_t{1} << 30);
  return static_cast<int32_t>((ab + nudge) / (int64_t{1} << 31));
}
int32_t divide_by_pot(int32_t x, int exponent) {
  const auto mask = static_cast<int32_t>((int64_t{1} << exponent) - 1);
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}
void quantize_multiplier(double multiplier, int32_t* quantized, int* shift) {
  const double q = std::frexp(multiplier, shift);
  auto fixed = static_cast<int64_t>(std::round(q * static_cast<double>(int64_t{1} << 31)));
  if (fixed == (int64_t{1} << 31)) {
    fixed /= 2;
    ++*shift;
  }
  if (*shift < -31) {
    *shift = 0;
    fixed = 0;
  }
  *quantized = static_cast<int32_t>(fixed);
}

TEST(Requantize, TfliteEqualsGemmlowp) {
  const auto gemmlowp = [](int32_t acc, Scales s, int32_t zy, int32_t lo, int32_t hi) {
    int32_t multiplier;
    int shift;
    quantize_multiplier(double{s.sx} * double{s.sw} / double{s.sy}, &multiplier, &shift);
    const int left = std::max(shift, 0), right = std::max(-shift, 0);
    // Where TFLite's int32 shift overflows, the value saturates whatever its rounding.
    const long double wide = std::ldexp(static_cast<long double>(acc), left);
    if (wide < INT32_MIN || wide > INT32_MAX) return clamp_to_code(wide, zy, lo, hi);
    const int32_t value = divide_by_pot(srdhm(static_cast<int32_t>(wide), multiplier), right);
    return clamp_to_code(value, zy, lo, hi);
  };
  EXPECT_GT(compare(RequantMode::kTflite, gemmlowp, 4000, 200), 1'000'000);
}

TEST(Requantize, Tflite1EqualsOneRoundingHalfUp) {
  const auto single = [](int32_t acc, Scales s, int32_t zy, int32_t lo, int32_t hi) {
    int32_t multiplier;
    int shift;
    quantize_multiplier(double{s.sx} * double{s.sw} / double{s.sy}, &multiplier, &shift);
    if (shift > 30) return clamp_to_code(acc * 1e6L, zy, lo, hi);
    const __int128 product = static_cast<__int128>(acc) * multiplier;
    const int total = 31 - shift;
    const __int128 rounded = (product + (static_cast<__int128>(1) << (total - 1))) >> total;
    return clamp_to_code(static_cast<long double>(rounded), zy, lo, hi);
  };
  EXPECT_GT(compare(RequantMode::kTflite1, single, 4000, 200), 1'000'000);
}

TEST(Requantize, PotEqualsTheNearestPowerOfTwo) {
  const auto nearest = [](int32_t acc, Scales s, int32_t zy, int32_t lo, int32_t hi) {
    const double ratio = double{s.sx} * double{s.sw} / double{s.sy};
    const auto exponent = static_cast<int>(std::nearbyint(std::log2(ratio)));
    return clamp_to_code(std::ldexp(static_cast<long double>(acc), exponent), zy, lo, hi);
  };
  EXPECT_GT(compare(RequantMode::kPot, nearest, 4000, 200), 1'000'000);
}

TEST(Requantize, M16EqualsTheShortenedMultiplier) {
  const auto shortened = [](int32_t acc, Scales s, int32_t zy, int32_t lo, int32_t hi) {
    const float ratio = float_ratio(s);
    if (acc == 0 || ratio == 0) return clamp_to_code(0, zy, lo, hi);
    if (std::isinf(ratio)) return clamp_to_code(acc * 1e6L, zy, lo, hi);
    // One ulp of 16 bits, added and taken away by RNE at that place.
    const long double unit = std::ldexp(1.0L, std::ilogb(ratio) - 15);
    const long double multiplier = std::nearbyint(ratio / unit) * unit;
    return clamp_to_code(acc * multiplier, zy, lo, hi);
  };
  EXPECT_GT(compare(RequantMode::kM16, shortened, 4000, 200), 1'000'000);
}

TEST(Requantize, TiesGoWhereEachModeSendsThem) {
  // M = 1/4: 2 is 0.5, 6 is 1.5, 10 is 2.5.
  const auto at_quarter = [](RequantMode mode, int32_t acc) {
    return requantize(mode, acc, derive_requant(mode, 0.25f, 1, 1), 0, -128, 127);
  };
  const int32_t accs[] = {2, 6, 10, -2, -6, -10};
  const int32_t even[] = {0, 2, 2, 0, -2, -2};
  const int32_t up[] = {1, 2, 3, 0, -1, -2};
  const int32_t away[] = {1, 2, 3, -1, -2, -3};
  for (int i = 0; i < 6; ++i) {
    for (RequantMode mode :
         {RequantMode::kRne, RequantMode::kF32, RequantMode::kPot, RequantMode::kM16}) {
      EXPECT_EQ(at_quarter(mode, accs[i]), even[i]) << name_of(mode) << " " << accs[i];
    }
    EXPECT_EQ(at_quarter(RequantMode::kTflite1, accs[i]), up[i]) << accs[i];
    // 0.25 = 0.5 * 2^-1: the high multiply halves, half up, and the divide rounds away.
    EXPECT_EQ(at_quarter(RequantMode::kTflite, accs[i]), away[i]) << accs[i];
  }
}

TEST(Requantize, TheZeroPointDoesNotDecideTies) {
  const RequantParams half = derive_requant(RequantMode::kRne, 0.5f, 1, 1);
  EXPECT_EQ(requantize(RequantMode::kRne, 1, half, 0, -128, 127), 0);
  EXPECT_EQ(requantize(RequantMode::kRne, 1, half, 1, -128, 127), 1);
  EXPECT_EQ(requantize(RequantMode::kRne, 3, half, 1, -128, 127), 3);
}

TEST(Requantize, EveryModeSaturatesAndKeepsZero) {
  for (RequantMode mode : kRequantModes) {
    for (float scale : {1e-30f, 1e-3f, 1.0f, 1e30f}) {
      const RequantParams params = derive_requant(mode, scale, 1, 1);
      EXPECT_EQ(requantize(mode, 0, params, 5, -128, 127), 5);
      if (scale < 1e-20f) continue;
      EXPECT_EQ(requantize(mode, INT32_MAX, params, 5, -128, 100), 100) << name_of(mode);
      EXPECT_EQ(requantize(mode, INT32_MIN, params, 5, -7, 127), -7) << name_of(mode);
    }
  }
}

TEST(Requantize, ParametersStayInTheirStatedRanges) {
  for (const Scales& s : random_scales(3000)) {
    for (RequantMode mode : kRequantModes) {
      const RequantParams p = derive_requant(mode, s.sx, s.sw, s.sy);
      const bool tflite = mode == RequantMode::kTflite || mode == RequantMode::kTflite1;
      const bool pot = mode == RequantMode::kPot;
      const int bits = tflite ? 31 : pot ? 1 : mode == RequantMode::kM16 ? 16 : 24;
      EXPECT_GE(p.shift, tflite ? 1 : pot ? -8 : 0);
      EXPECT_LE(p.shift, 62);
      EXPECT_TRUE(p.multiplier == 0 || std::ilogb(p.multiplier) == bits - 1) << p.multiplier;
    }
  }
}

TEST(Requantize, BadScalesAndNamesAreRefused) {
  for (float bad : {0.0f, -1.0f, INFINITY, NAN}) {
    EXPECT_THROW(derive_requant(RequantMode::kRne, bad, 1, 1), Error);
    EXPECT_THROW(derive_requant(RequantMode::kPot, 1, bad, 1), Error);
    EXPECT_THROW(derive_rescale(1, bad), Error);
    EXPECT_THROW(derive_add(1, bad, 1), Error);
    EXPECT_THROW(derive_average(bad, 1, 4), Error);
  }
  EXPECT_THROW(derive_average(1, 1, 0), Error);
  EXPECT_THROW(derive_add(3e6f, 1, 1), Error);
  EXPECT_THROW(parse_requant_mode("rn"), Error);
  for (RequantMode mode : kRequantModes) EXPECT_EQ(parse_requant_mode(name_of(mode)), mode);
}

}  // namespace
}  // namespace qsim
