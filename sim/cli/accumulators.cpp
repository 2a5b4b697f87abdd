#include "sim/cli/accumulators.h"

#include <algorithm>
#include <vector>

#include "hw/spec/packing.h"

namespace qsim::cli {
namespace {

// Taps of an output channel: [ky][kx][i], i over the input channels of its group.
struct Taps {
  const Layer& layer;
  const NetTensor& in;
  const NetTensor& out;
  int64_t depth, per_channel, group_outputs;

  Taps(const IntegerNetwork& network, const Layer& of)
      : layer(of),
        in(network.tensor(of.inputs[0])),
        out(network.tensor(of.output)),
        depth(in.c / of.groups),
        per_channel(int64_t{of.window.kh} * of.window.kw * depth),
        group_outputs(out.c / of.groups) {}
};

}  // namespace

int32_t bits_for(int64_t low, int64_t high) {
  int32_t bits = 1;
  while (low < -(int64_t{1} << (bits - 1)) || high > (int64_t{1} << (bits - 1)) - 1) ++bits;
  return bits;
}

AccumulatorRange bound_accumulators(const IntegerNetwork& network, const Layer& layer) {
  const Taps taps(network, layer);
  // Both reach zero, so that what is left out of a sum moves it towards zero.
  const int64_t least = lowest_code(taps.in.bits) - taps.in.quant.zero_point,
                most = highest_code(taps.in.bits) - taps.in.quant.zero_point;
  AccumulatorRange range;
  for (int64_t o = 0; o < taps.out.c; ++o) {
    const auto channel = static_cast<size_t>(o);
    const int64_t bias = layer.bias[channel];
    int64_t low = std::min<int64_t>(bias, 0), high = std::max<int64_t>(bias, 0);
    for (int64_t t = 0; t < taps.per_channel; ++t) {
      const int64_t weight = layer.weights[static_cast<size_t>(o * taps.per_channel + t)] -
                             layer.weight_zero_point[channel];
      low += std::min(weight * least, weight * most);
      high += std::max(weight * least, weight * most);
    }
    range.bound_low = std::min(range.bound_low, low);
    range.bound_high = std::max(range.bound_high, high);
  }
  return range;
}

void watch_accumulators(const IntegerNetwork& network, const Layer& layer, const Tensor& codes,
                        AccumulatorRange& range) {
  const Taps taps(network, layer);
  const Window& window = layer.window;
  const int64_t images = codes.size() / (int64_t{taps.in.h} * taps.in.w * taps.in.c);
  const int8_t* all = codes.data<int8_t>();
  std::vector<int32_t> row(static_cast<size_t>(taps.per_channel));  // of codes less zero point
  for (int64_t place = 0; place < images * taps.out.h * taps.out.w; ++place) {
    const int64_t n = place / (taps.out.h * taps.out.w);
    const int64_t top = place / taps.out.w % taps.out.h * window.stride_h - window.pad_top;
    const int64_t left = place % taps.out.w * window.stride_w - window.pad_left;
    for (int64_t g = 0; g < layer.groups; ++g) {
      size_t at = 0;
      for (int64_t ky = 0; ky < window.kh; ++ky) {
        for (int64_t kx = 0; kx < window.kw; ++kx) {
          const int64_t y = top + ky * window.dilation_h, x = left + kx * window.dilation_w;
          const bool is_inside = y >= 0 && y < taps.in.h && x >= 0 && x < taps.in.w;
          const int64_t pixel = ((n * taps.in.h + y) * taps.in.w + x) * taps.in.c + g * taps.depth;
          for (int64_t i = 0; i < taps.depth; ++i)
            row[at++] = is_inside ? all[pixel + i] - taps.in.quant.zero_point : 0;
        }
      }
      for (int64_t o = g * taps.group_outputs; o < (g + 1) * taps.group_outputs; ++o) {
        const auto channel = static_cast<size_t>(o);
        const int8_t* weights = &layer.weights[static_cast<size_t>(o * taps.per_channel)];
        // Products of 9-bit factors: 2^14 of them stay within int32.
        int64_t sum = layer.bias[channel], total = 0;
        for (int64_t from = 0; from < taps.per_channel; from += 8192) {
          int32_t products = 0, codes_sum = 0;
          for (int64_t t = from; t < std::min(from + 8192, taps.per_channel); ++t) {
            products += row[static_cast<size_t>(t)] * weights[t];
            codes_sum += row[static_cast<size_t>(t)];
          }
          sum += products;
          total += codes_sum;
        }
        sum -= total * layer.weight_zero_point[channel];
        range.seen_low = std::min(range.seen_low, sum);
        range.seen_high = std::max(range.seen_high, sum);
      }
    }
  }
  range.seen += images / taps.in.n;
}

}  // namespace qsim::cli
