// Single-precision matrix multiply whose result does not depend on the processor: products are
// added one by one in the order of k (matrix) or in sixteen interleaved lanes (vector), with no
// fused multiply-add, on every instruction set. That is why it is not a BLAS call.
#pragma once

#include <cstdint>

namespace qsim {

// c[m][n] = bias[m] + sum over k of a[m][k] * b[k][n]; row-major, rows ldb and ldc elements apart.
// bias may be null. Speed: about 10 multiply-adds a cycle with AVX-512, 6 with AVX2 (measured).
void gemm(int64_t m, int64_t n, int64_t k, const float* a, const float* b, int64_t ldb,
          const float* bias, float* c, int64_t ldc);

// c[m] = bias[m] + sum over k of a[m][k] * b[k].
void gemv(int64_t m, int64_t k, const float* a, const float* b, const float* bias, float* c);

}  // namespace qsim
