#include "compiler/float/gemm.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace qsim {
namespace {

std::vector<float> random_floats(int64_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> draw(-1, 1);
  std::vector<float> values(static_cast<size_t>(n));
  for (float& v : values) v = draw(random);
  return values;
}

// The order of additions that the header promises, without vectors.
TEST(Gemm, AddsInTheOrderOfK) {
  for (const auto& [m, n, k] :
       {std::tuple(1, 1, 1), {6, 16, 5}, {7, 17, 33}, {13, 40, 144}, {5, 15, 0}}) {
    const std::vector<float> a = random_floats(m * k, 1), b = random_floats(k * n, 2),
                             bias = random_floats(m, 3);
    std::vector<float> c(static_cast<size_t>(m * n), 99.0f);
    gemm(m, n, k, a.data(), b.data(), n, bias.data(), c.data(), n);
    for (int i = 0; i < m; ++i) {
      for (int j = 0; j < n; ++j) {
        float sum = bias[static_cast<size_t>(i)];
        for (int l = 0; l < k; ++l)
          sum = sum + a[static_cast<size_t>(i * k + l)] * b[static_cast<size_t>(l * n + j)];
        EXPECT_EQ(c[static_cast<size_t>(i * n + j)], sum)
            << m << " " << n << " " << k << " at " << i << "," << j;
      }
    }
  }
}

TEST(Gemm, WritesOnlyItsColumns) {
  const std::vector<float> a = random_floats(8, 1), b = random_floats(4 * 20, 2);
  std::vector<float> c(2 * 25, 7.0f);
  gemm(2, 20, 4, a.data(), b.data(), 20, nullptr, c.data(), 25);
  for (int row = 0; row < 2; ++row) {
    for (int column = 20; column < 25; ++column)
      EXPECT_EQ(c[static_cast<size_t>(row * 25 + column)], 7.0f);
  }
}

TEST(Gemv, IsTheDotProductOfEachRow) {
  for (int k : {0, 1, 15, 16, 17, 100}) {
    const std::vector<float> a = random_floats(3 * k, 1), b = random_floats(k, 2), bias = {1, 2, 3};
    std::vector<float> c(3);
    gemv(3, k, a.data(), b.data(), bias.data(), c.data());
    for (size_t i = 0; i < 3; ++i) {
      double sum = bias[i];
      for (int l = 0; l < k; ++l)
        sum += double{a[i * static_cast<size_t>(k) + static_cast<size_t>(l)]} *
               b[static_cast<size_t>(l)];
      EXPECT_NEAR(c[i], sum, 1e-5);
    }
  }
}

}  // namespace
}  // namespace qsim
