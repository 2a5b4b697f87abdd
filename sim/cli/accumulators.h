// What the accumulators of a convolution have to hold.
#pragma once

#include <cstdint>

#include "hw/spec/network.h"

namespace qsim::cli {

// Sums of (code - zx) * (weight - zw) plus bias (rule A3), exact.
struct AccumulatorRange {
  int64_t bound_low = 0, bound_high = 0;  // of any codes of the input's bits, partial sums included
  int64_t seen_low = 0, seen_high = 0;    // of the samples watched, whole sums
  int64_t seen = 0;                       // samples
};

// Least n with low and high in [-2^(n-1), 2^(n-1) - 1].
int32_t bits_for(int64_t low, int64_t high);

// The bounds of a kConv layer. Terms may be added in any order, and the bias first or last.
AccumulatorRange bound_accumulators(const IntegerNetwork& network, const Layer& layer);

// Widens the range by what `codes` lead to: whole samples of the layer's input, NHWC int8.
void watch_accumulators(const IntegerNetwork& network, const Layer& layer, const Tensor& codes,
                        AccumulatorRange& range);

}  // namespace qsim::cli
