// An exact product of windows of a map of uint8 codes with int8 weights, by multiply-add of int16
// pairs, which processors without VNNI have. Windows are read where they lie: nothing is gathered.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace qsim::reference {

class WindowProduct {
 public:
  // Windows and outputs that are computed together: fewer take as long.
  static constexpr int64_t kWindows = 6, kOutputs = 16;

  // Whether this processor has the instructions (x86-64 with AVX2, in a GCC or Clang build).
  static bool is_possible();

  // A window is `segments.size()` runs of `length` codes; run s begins `segments[s]` codes behind
  // the window's first one. weights: n rows of segments.size() * length codes; copied.
  // weight_zeros: n, subtracted.
  WindowProduct(const int8_t* weights, const int32_t* weight_zeros, int64_t n,
                const std::vector<int64_t>& segments, int64_t length);

  // sums[r][j] = sum over i of window r's code i * (weights[j][i] - weight_zeros[j]), modulo 2^32;
  // dense. windows: `count` pointers to codes 0 to 255. One code behind each run may be read.
  void run(const uint16_t* const* windows, int64_t count, int32_t* sums) const;

 private:
  // The weights of one pair of codes: output by output, two each. In one cache line.
  struct alignas(64) Pair {
    std::array<int16_t, size_t{2} * kOutputs> weights{};
  };

  int64_t n_, pairs_;  // pairs of codes in a run, the last one may be half empty
  std::vector<int64_t> segments_;
  std::vector<Pair> packed_;  // [block of kOutputs][run][pair]
};

}  // namespace qsim::reference
