// The vectorised rows equal the scalar definitions, element by element.
#include "hw/spec/arithmetic_rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace qsim {
namespace {

struct Block {
  std::vector<int32_t> acc, bias, multiplier, shift;
};

Block random_block(RequantMode mode, size_t n, int spread, std::mt19937& random) {
  Block block;
  std::uniform_real_distribution<float> exponent(static_cast<float>(-spread), spread > 20 ? 12 : 0);
  for (size_t i = 0; i < n; ++i) {
    float scale = std::exp2(exponent(random));
    if (random() % 4 == 0) scale = std::exp2(std::rint(std::log2(scale)));
    const RequantParams params = derive_requant(mode, scale, 1, 1);
    block.multiplier.push_back(params.multiplier);
    block.shift.push_back(params.shift);
    int32_t acc = static_cast<int32_t>(random()) >> (random() % 32);
    const double tie = (static_cast<int>(random() % 300) - 150 + 0.5) / scale;
    if (random() % 3 == 0 && std::fabs(tie) < 2e9) acc = static_cast<int32_t>(std::lrint(tie));
    if (random() % 32 == 0) acc = random() % 2 ? INT32_MAX : INT32_MIN;
    block.bias.push_back(random() % 2 ? static_cast<int32_t>(random()) : 0);
    block.acc.push_back(static_cast<int32_t>(static_cast<uint32_t>(acc) -
                                             static_cast<uint32_t>(block.bias.back())));
  }
  return block;
}

TEST(Rows, QuantizeEqualsTheScalarDefinition) {
  std::mt19937 random(5);
  std::uniform_real_distribution<float> exponent(-12, 12);
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (int round = 0; round < 2000; ++round) {
    const float scale = round % 5 == 0 ? 0.5f : std::exp2(exponent(random));
    const bool is_narrow = random() % 2;
    const int32_t lo = is_narrow ? -8 : -128, hi = is_narrow ? 7 : 127;
    const int32_t zero_point = lo + static_cast<int32_t>(random() % (is_narrow ? 16 : 256));
    std::vector<float> values = {NAN, kInfinity, -kInfinity, 0.0f, -0.0f, 3e38f, -3e38f, 1e-42f};
    while (values.size() < 8 + random() % 100) {
      const float steps = static_cast<float>(static_cast<int>(random() % 700) - 350);
      values.push_back((steps + (random() % 2 ? 0.5f : std::exp2(exponent(random)))) * scale);
    }
    std::vector<int8_t> got(values.size());
    quantize_row(values.data(), scale, values.size(), zero_point, lo, hi, got.data());
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(got[i], quantize(values[i], scale, zero_point, lo, hi))
          << values[i] << " / " << scale << " + " << zero_point;
    }
  }
}

// Few, some and many products at a tie or next to it.
TEST(Rows, PreparedRowsEqualTheScalarDefinition) {
  std::mt19937 random(9);
  for (RequantMode mode : kRequantModes) {
    for (int round = 0; round < 300; ++round) {
      const size_t n = 1 + random() % 300;
      const int64_t rows = 1 + random() % 20, pitch = static_cast<int64_t>(n) + random() % 2;
      const Block b = random_block(mode, n, round % 8 == 0 ? 60 : 18, random);
      const int32_t zy = static_cast<int32_t>(random() % 256) - 128;
      const int32_t lo = random() % 2 ? -128 : zy, hi = random() % 2 ? 127 : std::max(lo, 3);
      std::vector<RequantParams> params;
      for (size_t j = 0; j < n; ++j) params.push_back({b.multiplier[j], b.shift[j]});
      std::vector<int32_t> acc;
      const bool has_ties = random() % 2;
      for (int64_t row = 0; row < rows; ++row) {
        for (size_t j = 0; j < n; ++j) {
          const int32_t other = static_cast<int32_t>(random()) >> (random() % 32);
          const auto near = static_cast<int32_t>(static_cast<uint32_t>(b.acc[j]) + random() % 3);
          acc.push_back(has_ties ? near : other);
        }
      }
      std::vector<int8_t> got(static_cast<size_t>(rows * pitch));
      RequantRows(mode, params, b.bias, zy, lo, hi).run(acc.data(), rows, got.data(), pitch);
      for (size_t i = 0; i < acc.size(); ++i) {
        const size_t j = i % n;
        const auto sum =
            static_cast<int32_t>(static_cast<uint32_t>(acc[i]) + static_cast<uint32_t>(b.bias[j]));
        ASSERT_EQ(got[i / n * static_cast<size_t>(pitch) + j],
                  requantize(mode, sum, params[j], zy, lo, hi))
            << name_of(mode) << " acc " << sum << " m " << params[j].multiplier << " s "
            << params[j].shift;
      }
    }
  }
}

TEST(Rows, RequantizeEqualsTheScalarDefinition) {
  std::mt19937 random(1);
  for (RequantMode mode : kRequantModes) {
    for (int round = 0; round < 3000; ++round) {
      const size_t n = 1 + random() % 150;
      // A spread of 60 includes the shifts above 44 that leave the fast path.
      const Block b = random_block(mode, n, round % 4 == 0 ? 60 : 18, random);
      const int32_t zy = static_cast<int32_t>(random() % 256) - 128;
      const int32_t lo = random() % 2 ? -128 : zy, hi = random() % 2 ? 127 : std::max(lo, 3);
      std::vector<int8_t> got(n);
      requantize_row(mode, b.acc.data(), b.bias.data(), b.multiplier.data(), b.shift.data(), n, zy,
                     lo, hi, got.data());
      for (size_t i = 0; i < n; ++i) {
        const auto acc = static_cast<int32_t>(static_cast<uint32_t>(b.acc[i]) +
                                              static_cast<uint32_t>(b.bias[i]));
        const RequantParams params = {b.multiplier[i], b.shift[i]};
        ASSERT_EQ(got[i], requantize(mode, acc, params, zy, lo, hi))
            << name_of(mode) << " acc " << acc << " m " << params.multiplier << " s "
            << params.shift;
      }
    }
  }
}

TEST(Rows, AverageEqualsTheScalarDefinition) {
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    const size_t n = 1 + random() % 100;
    const float sy = round % 5 == 0 ? 1e6f : 0.05f;
    const RequantParams params = derive_average(0.04f, sy, 1 + random() % 300);
    std::vector<int32_t> sums(n);
    for (auto& sum : sums) sum = static_cast<int32_t>(random()) >> (random() % 32);
    std::vector<int8_t> got(n);
    average_row(sums.data(), params, n, 3, -100, 127, got.data());
    for (size_t i = 0; i < n; ++i) {
      ASSERT_EQ(got[i], average_code(sums[i], params, 3, -100, 127)) << sums[i];
    }
  }
}

TEST(Rows, AddEqualsTheScalarDefinition) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> exponent(-10, 4);
  for (int round = 0; round < 3000; ++round) {
    const size_t n = 1 + random() % 200;
    const bool halves = round % 3 == 0;
    const float sy = halves ? 1.0f : std::exp2(exponent(random));
    const AddParams params = derive_add(halves ? 0.5f : std::exp2(exponent(random)),
                                        halves ? 0.25f : std::exp2(exponent(random)), sy);
    const auto za = static_cast<int8_t>(random()), zb = static_cast<int8_t>(random());
    std::vector<int8_t> a(n), b(n), got(n);
    for (size_t i = 0; i < n; ++i) {
      a[i] = static_cast<int8_t>(random());
      b[i] = random() % 8 ? static_cast<int8_t>(random()) : a[i] < 0 ? -128 : 127;
    }
    add_row(a.data(), za, b.data(), zb, params, n, -5, -128, 120, got.data());
    for (size_t i = 0; i < n; ++i) {
      ASSERT_EQ(got[i], add_codes(a[i], za, b[i], zb, params, -5, -128, 120));
    }
  }
}

}  // namespace
}  // namespace qsim
