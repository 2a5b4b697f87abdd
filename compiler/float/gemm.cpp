#include "compiler/float/gemm.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace qsim {
namespace {

constexpr int kLanes = 16, kRows = 6;  // 6 x 16 floats fill the registers of AVX2 with room to load
typedef float Lanes __attribute__((vector_size(sizeof(float) * kLanes)));

struct Block {
  int64_t k;
  const float* a;  // rows lda apart
  int64_t lda;
  const float* b;
  int64_t ldb;
  const float* bias;
  float* c;
  int64_t ldc;
};

#define QSIM_INLINE inline __attribute__((always_inline))

template <int kCount>
QSIM_INLINE void block_body(const Block& g) {
  Lanes sum[kCount];
  for (int r = 0; r < kCount; ++r) sum[r] = Lanes{} + (g.bias ? g.bias[r] : 0.0f);
  for (int64_t i = 0; i < g.k; ++i) {
    Lanes b;
    std::memcpy(&b, g.b + i * g.ldb, sizeof b);
    for (int r = 0; r < kCount; ++r) sum[r] = sum[r] + g.a[r * g.lda + i] * b;
  }
  for (int r = 0; r < kCount; ++r) std::memcpy(g.c + r * g.ldc, &sum[r], sizeof sum[r]);
}

QSIM_INLINE void rows_body(int64_t rows, const Block& g) {
  switch (rows) {
    case 1:
      return block_body<1>(g);
    case 2:
      return block_body<2>(g);
    case 3:
      return block_body<3>(g);
    case 4:
      return block_body<4>(g);
    case 5:
      return block_body<5>(g);
    default:
      return block_body<kRows>(g);
  }
}

QSIM_INLINE float dot_body(int64_t k, const float* a, const float* b) {
  Lanes sum = {};
  int64_t i = 0;
  for (; i + kLanes <= k; i += kLanes) {
    Lanes x, y;
    std::memcpy(&x, a + i, sizeof x);
    std::memcpy(&y, b + i, sizeof y);
    sum = sum + x * y;
  }
  for (int lane = 0; i < k; ++i, ++lane) sum[lane] += a[i] * b[i];
  float total = 0;
  for (int lane = 0; lane < kLanes; ++lane) total += sum[lane];
  return total;
}

__attribute__((target("avx512f"))) void rows_avx512(int64_t rows, const Block& g) {
  rows_body(rows, g);
}
__attribute__((target("avx2"))) void rows_avx2(int64_t rows, const Block& g) { rows_body(rows, g); }
void rows_sse2(int64_t rows, const Block& g) { rows_body(rows, g); }
__attribute__((target("avx512f"))) float dot_avx512(int64_t k, const float* a, const float* b) {
  return dot_body(k, a, b);
}
__attribute__((target("avx2"))) float dot_avx2(int64_t k, const float* a, const float* b) {
  return dot_body(k, a, b);
}
float dot_sse2(int64_t k, const float* a, const float* b) { return dot_body(k, a, b); }

struct Kernels {
  void (*rows)(int64_t, const Block&);
  float (*dot)(int64_t, const float*, const float*);
};

const Kernels& kernels() {
  static const Kernels chosen = __builtin_cpu_supports("avx512f") ? Kernels{rows_avx512, dot_avx512}
                                : __builtin_cpu_supports("avx2")  ? Kernels{rows_avx2, dot_avx2}
                                                                  : Kernels{rows_sse2, dot_sse2};
  return chosen;
}

}  // namespace

void gemm(int64_t m, int64_t n, int64_t k, const float* a, const float* b, int64_t ldb,
          const float* bias, float* c, int64_t ldc) {
  const Kernels& run = kernels();
  for (int64_t j = 0; j < n; j += kLanes) {
    const int64_t columns = std::min<int64_t>(kLanes, n - j);
    // The last columns go through a padded copy: one kernel, one order of additions.
    thread_local std::vector<float> packed;
    if (columns < kLanes) {
      packed.assign(static_cast<size_t>(k * kLanes), 0.0f);
      for (int64_t i = 0; i < k; ++i)
        std::copy_n(b + i * ldb + j, columns, packed.data() + i * kLanes);
    }
    for (int64_t i = 0; i < m; i += kRows) {
      const int64_t rows = std::min<int64_t>(kRows, m - i);
      float edge[kRows * kLanes];
      Block block{k, a + i * k, k, b + j, ldb, bias ? bias + i : nullptr, c + i * ldc + j, ldc};
      if (columns < kLanes) {
        block.b = packed.data();
        block.ldb = kLanes;
        block.c = edge;
        block.ldc = kLanes;
      }
      run.rows(rows, block);
      for (int64_t r = 0; columns < kLanes && r < rows; ++r) {
        std::copy_n(edge + r * kLanes, columns, c + (i + r) * ldc + j);
      }
    }
  }
}

void gemv(int64_t m, int64_t k, const float* a, const float* b, const float* bias, float* c) {
  const Kernels& run = kernels();
  for (int64_t i = 0; i < m; ++i) c[i] = run.dot(k, a + i * k, b) + (bias ? bias[i] : 0.0f);
}

}  // namespace qsim
