// Bounds and observed ranges of accumulators, by hand.
#include "sim/cli/accumulators.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

namespace qsim::cli {
namespace {

// Two channels in, two out, 1x1, codes of 4 bits with zero point 3.
IntegerNetwork network() {
  IntegerNetwork network;
  network.has_values = true;
  NetTensor in;
  in.name = "x";
  in.w = in.c = 2;
  in.quant.zero_point = 3;
  in.bits = 4;
  NetTensor out = in;
  out.name = "y";
  network.tensors = {in, out};
  Layer layer;
  layer.name = "conv";
  layer.inputs = {0};
  layer.output = 1;
  layer.weights = {5, -7, 1, 2};
  layer.weight_zero_point = {0, 1};
  layer.weight_scale = {1, 1};
  layer.bias = {100, -4};
  network.layers = {layer};
  return network;
}

TEST(Accumulators, BoundsHoldForAnyCodesAndOrder) {
  const IntegerNetwork net = network();
  const AccumulatorRange range = bound_accumulators(net, net.layers[0]);
  // Codes less zero point: -11 to 4. Channel 0: 5, -7 and bias 100; channel 1: 0, 1 and bias -4.
  EXPECT_EQ(range.bound_high, 100 + 5 * 4 + 7 * 11);
  EXPECT_EQ(range.bound_low, -5 * 11 - 7 * 4);
}

TEST(Accumulators, SeenAreThoseOfTheCodes) {
  const IntegerNetwork net = network();
  Tensor codes(DataType::kInt8, {1, 1, 2, 2});
  const int8_t values[] = {3, 3, -8, 7};  // the second pixel: -11, 4
  std::copy(std::begin(values), std::end(values), codes.data<int8_t>());
  AccumulatorRange range;
  watch_accumulators(net, net.layers[0], codes, range);
  // Pixel 0: 100 and -4. Pixel 1: 100 - 55 - 28 = 17, and 4 - 4 = 0.
  EXPECT_EQ(range.seen_high, 100);
  EXPECT_EQ(range.seen_low, -4);
  EXPECT_EQ(range.seen, 1);
}

TEST(Accumulators, Bits) {
  EXPECT_EQ(bits_for(0, 0), 1);
  EXPECT_EQ(bits_for(-1, 0), 1);
  EXPECT_EQ(bits_for(0, 127), 8);
  EXPECT_EQ(bits_for(-129, 0), 9);
  EXPECT_EQ(bits_for(0, int64_t{1} << 31), 33);
}

}  // namespace
}  // namespace qsim::cli
