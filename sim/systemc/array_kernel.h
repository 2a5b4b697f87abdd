// The arithmetic of the array on whole tiles: int8 dot products into int32 sums, exact on every
// processor, with whatever vector instructions it has.
#pragma once

#include <cstdint>
#include <vector>

namespace qsim::model {

// The best instructions that may be used; the processor decides what is used. All give the same.
enum class Instructions : uint8_t { kPortable, kAvx2, kAvx512Vnni };

// The most rows of a tile: reduction lanes of the largest array on the narrowest codes.
constexpr int32_t kMaxTileRows = 1024;

class ArrayKernel {
 public:
  explicit ArrayKernel(Instructions best = Instructions::kAvx512Vnni);

  // Bytes from one pixel's codes to the next that multiply() expects: rows, rounded up.
  static int64_t pitch(int32_t rows) { return (rows + 3) / 4 * 4; }

  // sums[q][j] = (accumulate ? sums[q][j] : 0) + sum over r of codes[q * pitch + r] *
  // weights[r][j], modulo 2^32, for q < pixels, r < rows, j < cols. Codes between rows and pitch
  // may be anything.
  void multiply(const int8_t* codes, int64_t pixels, int32_t rows, const int8_t* weights,
                int32_t cols, bool accumulate, int32_t* sums);

 private:
  void pack(int32_t rows, const int8_t* weights, int32_t cols);

  Instructions instructions_;
  std::vector<int8_t> packed_;  // [row / 4][column][row % 4]: four rows of a column side by side
};

// Of the pixels * rows * cols products of a tile: how many have a code or a weight of 0.
int64_t zero_products(const int8_t* codes, int64_t pixels, int32_t rows, const int8_t* weights,
                      int32_t cols);

// acc[i] = (overwrite ? 0 : acc[i]) + sums[i] modulo 2^32; returns the number of wraps.
int64_t add_sums(int32_t* acc, const int32_t* sums, int64_t n, bool overwrite);

}  // namespace qsim::model
