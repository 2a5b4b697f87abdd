#include "sim/engines/reference/window_product.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#define QSIM_HAS_AVX2 1
#include <immintrin.h>
#endif

namespace qsim::reference {
namespace {

// A tile of sums takes 12 of 16 registers.
constexpr int64_t kRows = WindowProduct::kWindows;
constexpr int64_t kColumns = WindowProduct::kOutputs;

}  // namespace

WindowProduct::WindowProduct(const int8_t* weights, const int32_t* weight_zeros, int64_t n,
                             const std::vector<int64_t>& segments, int64_t length)
    : n_(n), pairs_((length + 1) / 2), segments_(segments) {
  const auto runs = static_cast<int64_t>(segments.size());
  packed_.resize(static_cast<size_t>((n + kColumns - 1) / kColumns * runs * pairs_));
  for (int64_t j = 0; j < n; ++j) {
    for (int64_t i = 0; i < runs * length; ++i) {
      const int64_t pair = (j / kColumns * runs + i / length) * pairs_ + i % length / 2;
      packed_[static_cast<size_t>(pair)]
          .weights[static_cast<size_t>(j % kColumns * 2 + i % length % 2)] =
          static_cast<int16_t>(weights[j * runs * length + i] - weight_zeros[j]);
    }
  }
}

#ifdef QSIM_HAS_AVX2

namespace {

struct Tile {
  const int64_t* segments;
  int64_t runs, pairs;
  const int16_t* weights;
};

// Sums of kRows windows with 8 * kVectors outputs. `pitch`: from one row of sums to the next.
template <int kVectors>
__attribute__((target("avx2"))) void multiply(const Tile& tile, const uint16_t* const* windows,
                                              int32_t* sums, int64_t pitch) {
  __m256i sum[kRows][kVectors];
  for (auto& row : sum)
    for (auto& vector : row) vector = _mm256_setzero_si256();
  const int16_t* weights = tile.weights;
  for (int64_t s = 0; s < tile.runs; ++s) {
    const uint16_t* from[kRows];
    for (int64_t r = 0; r < kRows; ++r) from[r] = windows[r] + tile.segments[s];
    for (int64_t p = 0; p < tile.pairs; ++p, weights += 2 * kColumns) {
      __m256i w[kVectors];
      for (int v = 0; v < kVectors; ++v)
        w[v] = _mm256_load_si256(reinterpret_cast<const __m256i*>(weights) + v);
      for (int64_t r = 0; r < kRows; ++r) {
        int32_t pair;
        std::memcpy(&pair, from[r] + 2 * p, sizeof pair);
        const __m256i codes = _mm256_set1_epi32(pair);
        for (int v = 0; v < kVectors; ++v)
          sum[r][v] = _mm256_add_epi32(sum[r][v], _mm256_madd_epi16(codes, w[v]));
      }
    }
  }
  for (int64_t r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + r * pitch) + v, sum[r][v]);
}

}  // namespace

bool WindowProduct::is_possible() { return __builtin_cpu_supports("avx2") != 0; }

void WindowProduct::run(const uint16_t* const* windows, int64_t count, int32_t* sums) const {
  const auto runs = static_cast<int64_t>(segments_.size());
  for (int64_t first = 0; first < n_; first += kColumns) {
    const Tile tile = {
        segments_.data(), runs, pairs_,
        packed_[static_cast<size_t>(first / kColumns * runs * pairs_)].weights.data()};
    const int64_t columns = std::min(kColumns, n_ - first);
    const auto product = columns > 8 ? multiply<2> : multiply<1>;
    for (int64_t row = 0; row < count; row += kRows) {
      const int64_t rows = std::min(kRows, count - row);
      if (rows == kRows && columns % 8 == 0) {
        product(tile, windows + row, sums + row * n_ + first, n_);
        continue;
      }
      const uint16_t* some[kRows];
      for (int64_t r = 0; r < kRows; ++r) some[r] = windows[row + std::min(r, rows - 1)];
      int32_t apart[kRows * kColumns];
      product(tile, some, apart, kColumns);
      for (int64_t r = 0; r < rows; ++r)
        std::copy_n(apart + r * kColumns, columns, sums + (row + r) * n_ + first);
    }
  }
}

#else

bool WindowProduct::is_possible() { return false; }
void WindowProduct::run(const uint16_t* const*, int64_t, int32_t*) const {}

#endif

}  // namespace qsim::reference
