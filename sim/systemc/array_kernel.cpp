#include "sim/systemc/array_kernel.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define QSIM_X86 1
#endif

namespace qsim::model {
namespace {

constexpr int32_t kColumns = 16;  // columns that a kernel keeps in registers

// The bodies below are compiled several times, for the instruction sets that the callers name.
#define QSIM_BODY inline __attribute__((always_inline))

QSIM_BODY void multiply_body(const int8_t* codes, int64_t pitch, int64_t pixels, int32_t rows,
                             const int8_t* weights, int32_t cols, bool accumulate, int32_t* sums) {
  int32_t wide[kMaxTileRows][kColumns];
  for (int32_t first = 0; first < cols; first += kColumns) {
    const int32_t width = std::min(kColumns, cols - first);
    std::memset(wide, 0, sizeof(wide[0]) * static_cast<size_t>(rows));
    for (int32_t r = 0; r < rows; ++r) {
      for (int32_t j = 0; j < width; ++j) wide[r][j] = weights[r * cols + first + j];
    }
    for (int64_t q = 0; q < pixels; ++q) {
      int32_t sum[kColumns] = {};
      for (int32_t r = 0; r < rows; ++r) {
        const int32_t code = codes[q * pitch + r];
        for (int32_t j = 0; j < kColumns; ++j) sum[j] += code * wide[r][j];
      }
      int32_t* out = sums + q * cols + first;
      for (int32_t j = 0; j < width; ++j) {
        out[j] = static_cast<int32_t>((accumulate ? static_cast<uint32_t>(out[j]) : 0u) +
                                      static_cast<uint32_t>(sum[j]));
      }
    }
  }
}

QSIM_BODY int64_t add_body(int32_t* __restrict acc, const int32_t* __restrict sums, int64_t n) {
  uint32_t wraps = 0;
  for (int64_t i = 0; i < n; ++i) {
    const auto a = static_cast<uint32_t>(acc[i]);
    const auto b = static_cast<uint32_t>(sums[i]);
    const uint32_t total = a + b;
    wraps += ((a ^ total) & (b ^ total)) >> 31;
    acc[i] = static_cast<int32_t>(total);
  }
  return wraps;
}

// Pixels with a code other than 0, for each row.
QSIM_BODY void nonzero_body(const int8_t* codes, int64_t pitch, int64_t pixels,
                            uint32_t* __restrict counts) {
  for (int64_t q = 0; q < pixels; ++q) {
    for (int64_t r = 0; r < pitch; ++r) counts[r] += codes[q * pitch + r] != 0 ? 1 : 0;
  }
}

#ifdef QSIM_X86

__attribute__((target("avx2"))) void multiply_avx2(const int8_t* codes, int64_t pitch,
                                                   int64_t pixels, int32_t rows,
                                                   const int8_t* weights, int32_t cols,
                                                   bool accumulate, int32_t* sums) {
  multiply_body(codes, pitch, pixels, rows, weights, cols, accumulate, sums);
}

__attribute__((target("avx2"))) int64_t add_avx2(int32_t* acc, const int32_t* sums, int64_t n) {
  return add_body(acc, sums, n);
}

__attribute__((target("avx2"))) void nonzero_avx2(const int8_t* codes, int64_t pitch,
                                                  int64_t pixels, uint32_t* counts) {
  nonzero_body(codes, pitch, pixels, counts);
}

// vpdpbusd multiplies unsigned by signed bytes: codes enter with 128 added (the sign bit flipped),
// and the sums start at -128 times the column's weights.
__attribute__((target("avx512f,avx512bw,avx512vnni"))) void multiply_vnni(
    const int8_t* codes, int64_t pitch, int64_t pixels, const int8_t* packed, int32_t cols,
    bool accumulate, int32_t* sums) {
  constexpr int64_t kPixels = 4;
  const __m512i sign = _mm512_set1_epi8(static_cast<char>(0x80));
  const int64_t padded = (cols + kColumns - 1) / kColumns * kColumns;
  for (int32_t first = 0; first < cols; first += kColumns) {
    const int32_t width = std::min(kColumns, cols - first);
    const auto mask = static_cast<__mmask16>((1u << width) - 1);
    __m512i start = _mm512_setzero_si512();
    for (int64_t r = 0; r < pitch; r += 4) {
      const __m512i column = _mm512_loadu_si512(packed + (r / 4 * padded + first) * 4);
      start = _mm512_dpbusd_epi32(start, sign, column);
    }
    start = _mm512_sub_epi32(_mm512_setzero_si512(), start);
    for (int64_t q = 0; q < pixels; q += kPixels) {
      const int64_t count = std::min(kPixels, pixels - q);
      const int8_t* pixel[kPixels];
      __m512i sum[kPixels];
      for (int64_t i = 0; i < kPixels; ++i) {
        pixel[i] = codes + (q + std::min(i, count - 1)) * pitch;
        sum[i] = start;
      }
      for (int64_t r = 0; r < pitch; r += 4) {
        const __m512i column = _mm512_loadu_si512(packed + (r / 4 * padded + first) * 4);
        for (int64_t i = 0; i < kPixels; ++i) {
          int32_t four;
          std::memcpy(&four, pixel[i] + r, 4);
          sum[i] =
              _mm512_dpbusd_epi32(sum[i], _mm512_xor_si512(_mm512_set1_epi32(four), sign), column);
        }
      }
      for (int64_t i = 0; i < count; ++i) {
        int32_t* out = sums + (q + i) * cols + first;
        if (accumulate) sum[i] = _mm512_add_epi32(sum[i], _mm512_maskz_loadu_epi32(mask, out));
        _mm512_mask_storeu_epi32(out, mask, sum[i]);
      }
    }
  }
}

Instructions available() {
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vnni")) {
    return Instructions::kAvx512Vnni;
  }
  return __builtin_cpu_supports("avx2") ? Instructions::kAvx2 : Instructions::kPortable;
}

bool has_avx2() {
  static const bool has = available() >= Instructions::kAvx2;
  return has;
}

#else

Instructions available() { return Instructions::kPortable; }

#endif

}  // namespace

ArrayKernel::ArrayKernel(Instructions best) : instructions_(std::min(best, available())) {}

void ArrayKernel::pack(int32_t rows, const int8_t* weights, int32_t cols) {
  const int64_t padded = (cols + kColumns - 1) / kColumns * kColumns;
  const int32_t whole = rows / 4 * 4;
  packed_.resize(static_cast<size_t>(pitch(rows) * padded));
  if (padded != cols || whole != rows) std::fill(packed_.begin(), packed_.end(), int8_t{0});
  int8_t* __restrict to = packed_.data();
  for (int32_t r = 0; r < whole; r += 4, to += padded * 4) {
    const int8_t* row = weights + r * cols;
    for (int32_t j = 0; j < cols; ++j) {
      to[j * 4] = row[j];
      to[j * 4 + 1] = row[cols + j];
      to[j * 4 + 2] = row[2 * cols + j];
      to[j * 4 + 3] = row[3 * cols + j];
    }
  }
  for (int32_t r = whole; r < rows; ++r) {
    for (int32_t j = 0; j < cols; ++j) to[j * 4 + r - whole] = weights[r * cols + j];
  }
}

void ArrayKernel::multiply(const int8_t* codes, int64_t pixels, int32_t rows, const int8_t* weights,
                           int32_t cols, bool accumulate, int32_t* sums) {
#ifdef QSIM_X86
  if (instructions_ == Instructions::kAvx512Vnni) {
    pack(rows, weights, cols);
    return multiply_vnni(codes, pitch(rows), pixels, packed_.data(), cols, accumulate, sums);
  }
  if (instructions_ == Instructions::kAvx2) {
    return multiply_avx2(codes, pitch(rows), pixels, rows, weights, cols, accumulate, sums);
  }
#endif
  multiply_body(codes, pitch(rows), pixels, rows, weights, cols, accumulate, sums);
}

int64_t zero_products(const int8_t* codes, int64_t pixels, int32_t rows, const int8_t* weights,
                      int32_t cols) {
  uint32_t live[kMaxTileRows];
  const int64_t pitch = ArrayKernel::pitch(rows);
  std::fill_n(live, pitch, 0u);
#ifdef QSIM_X86
  if (has_avx2()) {
    nonzero_avx2(codes, pitch, pixels, live);
  } else {
    nonzero_body(codes, pitch, pixels, live);
  }
#else
  nonzero_body(codes, pitch, pixels, live);
#endif
  int64_t products = 0;
  for (int32_t r = 0; r < rows; ++r) {
    int64_t weighty = 0;
    for (int32_t j = 0; j < cols; ++j) weighty += weights[r * cols + j] != 0 ? 1 : 0;
    products += weighty * live[r];
  }
  return pixels * rows * cols - products;
}

int64_t add_sums(int32_t* acc, const int32_t* sums, int64_t n, bool overwrite) {
  if (overwrite) {
    std::memcpy(acc, sums, static_cast<size_t>(n) * sizeof(int32_t));
    return 0;
  }
#ifdef QSIM_X86
  if (has_avx2()) return add_avx2(acc, sums, n);
#endif
  return add_body(acc, sums, n);
}

}  // namespace qsim::model
