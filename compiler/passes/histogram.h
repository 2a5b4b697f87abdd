// Histogram of a tensor's values whose bins do not depend on the order in which values arrive.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace qsim {

// Bins are [i * w, (i + 1) * w) with w = 2^k and k the least exponent for which every value seen
// falls into kBins bins on its side of zero. When a value does not fit, pairs of bins become one:
// floor(floor(v / w) / 2) = floor(v / 2w), so that the counts are those of any other order, and of
// any way to spread samples over histograms that are merged. Zeros are counted apart, since every
// quantization of this compiler represents them exactly. Memory: 2 * kBins counters, 128 KiB.
// The greatest value has at least kBins / 2 = 4096 bins below it: 16 per step of 8 bits.
class Histogram {
 public:
  static constexpr int64_t kBins = 8192;  // on either side of zero

  struct Bin {
    double center = 0;  // within [low(), high()]
    int64_t count = 0;
  };

  // Values are finite.
  void add(std::span<const float> values);
  void merge(const Histogram& other);
  // As if every value had been clamped to [low, high] before, to within a bin.
  void clamp(double low, double high);
  // Joins bins until at most `bins` are in use on either side of zero.
  void coarsen(int64_t bins);

  int64_t count() const { return count_; }  // of all values, zeros included
  int64_t zeros() const { return zeros_; }
  double low() const { return low_; }    // the least value, exactly; 0 when count() is 0
  double high() const { return high_; }  // the greatest
  double width() const;                  // of a bin
  // Bins that are not empty, ascending; without the zeros.
  std::vector<Bin> bins() const;

 private:
  void widen(int exponent);

  static constexpr int kNone = -1000;  // no value but zeros so far
  int exponent_ = kNone;               // k
  int64_t count_ = 0, zeros_ = 0;
  double low_ = 0, high_ = 0;
  std::vector<int64_t> counts_;  // bin i at kBins + i; empty while there are only zeros
};

}  // namespace qsim
