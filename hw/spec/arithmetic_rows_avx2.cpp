#include "hw/spec/arithmetic_rows_avx2.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

namespace qsim {
namespace {

// fl32(acc) and the product each err by at most one part in 2^24. What is not clamped is below 2^8,
// so the error is below 2^-15, and a fraction farther than that from a half rounds as the exact
// one.
constexpr float kNearTie = 0.5f - 0x1p-14f;

}  // namespace

bool has_float_rows() { return __builtin_cpu_supports("avx2") != 0; }

__attribute__((target("avx2"))) bool requantize_floats(const int32_t* acc, const int32_t* bias,
                                                       const float* scale, size_t n,
                                                       int32_t zero_point, int32_t lo, int32_t hi,
                                                       int8_t* result) {
  const __m256 low = _mm256_set1_ps(static_cast<float>(lo - zero_point)),
               high = _mm256_set1_ps(static_cast<float>(hi - zero_point)),
               no_sign = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
  const __m256i zero = _mm256_set1_epi16(static_cast<int16_t>(zero_point)),
                order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);  // undoes packing by halves
  __m256 farthest = _mm256_setzero_ps();                            // from the integer rounded to
  for (size_t i = 0; i < n; i += 32) {
    __m256i codes[4];
    for (size_t k = 0; k < 4; ++k) {
      const size_t at = i + 8 * k;
      const __m256i raw = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(acc + at)),
                    offset = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bias + at));
      const __m256 sum = _mm256_cvtepi32_ps(_mm256_add_epi32(raw, offset));
      const __m256 product = _mm256_mul_ps(sum, _mm256_loadu_ps(scale + at));
      const __m256 value = _mm256_min_ps(_mm256_max_ps(product, low), high);
      codes[k] = _mm256_cvtps_epi32(value);  // RNE, as C++ programs have it unless they change it
      const __m256 off = _mm256_sub_ps(value, _mm256_cvtepi32_ps(codes[k]));
      farthest = _mm256_max_ps(farthest, _mm256_and_ps(off, no_sign));
    }
    const __m256i first = _mm256_add_epi16(_mm256_packs_epi32(codes[0], codes[1]), zero),
                  second = _mm256_add_epi16(_mm256_packs_epi32(codes[2], codes[3]), zero);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(result + i),
                        _mm256_permutevar8x32_epi32(_mm256_packs_epi16(first, second), order));
  }
  return _mm256_movemask_ps(_mm256_cmp_ps(farthest, _mm256_set1_ps(kNearTie), _CMP_GT_OQ)) == 0;
}

}  // namespace qsim

#else

namespace qsim {

bool has_float_rows() { return false; }
bool requantize_floats(const int32_t*, const int32_t*, const float*, size_t, int32_t, int32_t,
                       int32_t, int8_t*) {
  return false;
}

}  // namespace qsim

#endif
