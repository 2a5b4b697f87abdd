// The array's arithmetic, whichever instructions it uses, against the obvious loops.
#include "sim/systemc/array_kernel.h"

#include <gtest/gtest.h>

#include <climits>
#include <random>

namespace qsim::model {
namespace {

struct Tile {
  Tile(int32_t tile_rows, int32_t tile_cols, int64_t tile_pixels, uint32_t seed)
      : rows(tile_rows), cols(tile_cols), pixels(tile_pixels), random(seed) {
    codes.resize(static_cast<size_t>(pixels * ArrayKernel::pitch(rows)));
    weights.resize(static_cast<size_t>(rows * cols));
    sums.resize(static_cast<size_t>(pixels * cols));
    for (int8_t& code : codes) code = next();
    for (int8_t& weight : weights) weight = next();
    for (int32_t& sum : sums) sum = static_cast<int32_t>(random());
  }

  // Extremes and zeros more often than chance.
  int8_t next() {
    constexpr int8_t kSpecial[] = {0, 0, 127, -128};
    const uint32_t draw = random();
    return draw % 4 == 0 ? kSpecial[draw / 4 % 4] : static_cast<int8_t>(draw >> 8);
  }

  int8_t code(int64_t q, int64_t r) const {
    return codes[static_cast<size_t>(q * ArrayKernel::pitch(rows) + r)];
  }
  int8_t weight(int64_t r, int64_t j) const { return weights[static_cast<size_t>(r * cols + j)]; }

  std::vector<int32_t> expected(bool accumulate) const {
    std::vector<int32_t> result = sums;
    for (int64_t q = 0; q < pixels; ++q) {
      for (int64_t j = 0; j < cols; ++j) {
        int64_t sum = accumulate ? sums[static_cast<size_t>(q * cols + j)] : 0;
        for (int64_t r = 0; r < rows; ++r) sum += code(q, r) * weight(r, j);
        result[static_cast<size_t>(q * cols + j)] = static_cast<int32_t>(sum);
      }
    }
    return result;
  }

  int32_t rows, cols;
  int64_t pixels;
  std::mt19937 random;
  std::vector<int8_t> codes, weights;
  std::vector<int32_t> sums;
};

TEST(SystemcArrayKernel, EveryShapeAndChoiceGivesTheDotProducts) {
  ArrayKernel kernels[] = {ArrayKernel(Instructions::kPortable), ArrayKernel(Instructions::kAvx2),
                           ArrayKernel(Instructions::kAvx512Vnni)};
  uint32_t seed = 1;
  for (int32_t rows : {2, 3, 4, 5, 8, 16, 31, 64, 256}) {
    for (int32_t cols : {2, 7, 15, 16, 17, 32, 33, 256}) {
      for (int64_t pixels : {1, 3, 4, 5, 20}) {
        for (bool accumulate : {false, true}) {
          for (ArrayKernel& kernel : kernels) {
            Tile tile(rows, cols, pixels, seed++);
            const std::vector<int32_t> expected = tile.expected(accumulate);
            kernel.multiply(tile.codes.data(), pixels, rows, tile.weights.data(), cols, accumulate,
                            tile.sums.data());
            ASSERT_EQ(tile.sums, expected) << rows << "x" << cols << ", " << pixels << " pixels";
          }
        }
      }
    }
  }
}

TEST(SystemcArrayKernel, LargestSumsAreExact) {
  for (const int8_t code : {int8_t{-128}, int8_t{127}}) {
    Tile tile(256, 16, 1, 1);
    std::fill(tile.codes.begin(), tile.codes.end(), code);
    std::fill(tile.weights.begin(), tile.weights.end(), int8_t{-128});
    ArrayKernel().multiply(tile.codes.data(), 1, 256, tile.weights.data(), 16, false,
                           tile.sums.data());
    EXPECT_EQ(tile.sums[0], code * -128 * 256);
    EXPECT_EQ(tile.sums[15], code * -128 * 256);
  }
}

TEST(SystemcArrayKernel, CountsProductsWithAZero) {
  for (int32_t rows : {3, 16, 33}) {
    Tile tile(rows, 7, 50, 9);
    int64_t zeros = 0;
    for (int64_t q = 0; q < 50; ++q) {
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t j = 0; j < 7; ++j) zeros += tile.code(q, r) == 0 || tile.weight(r, j) == 0;
      }
    }
    EXPECT_EQ(zero_products(tile.codes.data(), 50, rows, tile.weights.data(), 7), zeros);
  }
}

TEST(SystemcArrayKernel, SumsWrapAndWrapsAreCounted) {
  std::vector<int32_t> acc = {INT_MAX, INT_MIN, INT_MAX, -1, 0, INT_MIN, 5, 6, INT_MAX};
  const std::vector<int32_t> sums = {1, -1, 0, INT_MIN, INT_MAX, INT_MIN, -5, 7, INT_MAX};
  EXPECT_EQ(add_sums(acc.data(), sums.data(), 9, false), 5);
  EXPECT_EQ(acc, (std::vector<int32_t>{INT_MIN, INT_MAX, INT_MAX, INT_MAX, INT_MAX, 0, 0, 13, -2}));
  EXPECT_EQ(add_sums(acc.data(), sums.data(), 9, true), 0);
  EXPECT_EQ(acc, sums);
}

}  // namespace
}  // namespace qsim::model
