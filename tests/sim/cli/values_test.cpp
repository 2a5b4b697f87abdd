// Element orders, scores and random inputs of the tool.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "hw/spec/error.h"
#include "sim/cli/chunk_scores.h"
#include "sim/cli/layout.h"
#include "sim/cli/network_inputs.h"
#include "tests/support/hand_program.h"

namespace qsim::cli {
namespace {

NetTensor float_tensor() {
  NetTensor tensor;
  tensor.name = "x";
  tensor.n = 2;
  tensor.h = 2;
  tensor.w = 3;
  tensor.c = 4;
  tensor.is_float = true;
  tensor.onnx_shape = {2, 4, 2, 3};
  return tensor;
}

Tensor counting(const Shape& shape) {
  Tensor tensor(DataType::kFloat, shape);
  std::iota(tensor.data<float>(), tensor.data<float>() + tensor.size(), 0.0f);
  return tensor;
}

TEST(Layout, NchwBecomesNhwcAndBack) {
  const NetTensor tensor = float_tensor();
  const Tensor onnx = counting({6, 4, 2, 3});  // three batches of two
  const Tensor nhwc = to_engine(tensor, onnx);
  EXPECT_EQ(nhwc.shape, (Shape{6, 2, 3, 4}));
  // n = 3, y = 1, x = 2, c = 1
  EXPECT_EQ(nhwc.data<float>()[((3 * 2 + 1) * 3 + 2) * 4 + 1], ((3 * 4 + 1) * 2 + 1) * 3 + 2);
  const Tensor back = from_engine(tensor, nhwc);
  EXPECT_EQ(back.shape, onnx.shape);
  EXPECT_EQ(back.bytes, onnx.bytes);
}

TEST(Layout, EveryOrderOfAxesRoundTrips) {
  std::string order = "chnw";
  do {
    NetTensor tensor = float_tensor();
    tensor.onnx_order = order;
    const Tensor onnx = counting({48});
    EXPECT_EQ(from_engine(tensor, to_engine(tensor, onnx)).bytes, onnx.bytes) << order;
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Layout, IndicesOfArgMaxBecomeIntegers) {
  NetTensor tensor = float_tensor();
  tensor.onnx_type = DataType::kInt64;
  const Tensor indices = from_engine(tensor, counting({2, 2, 3, 4}));
  EXPECT_EQ(indices.type, DataType::kInt64);
  EXPECT_EQ(indices.data<int64_t>()[1], 4);  // one column further, four channels later
}

TEST(Layout, Uint8CodesAreShifted) {
  NetTensor tensor = float_tensor();
  tensor.is_float = false;
  tensor.onnx_type = DataType::kUint8;
  tensor.onnx_offset = 128;
  Tensor onnx(DataType::kUint8, {2, 4, 2, 3});
  onnx.bytes[0] = 255;
  const Tensor codes = to_engine(tensor, onnx);
  EXPECT_EQ(codes.type, DataType::kInt8);
  EXPECT_EQ(codes.data<int8_t>()[0], 127);
  EXPECT_EQ(codes.data<int8_t>()[1], -128);
  EXPECT_EQ(from_engine(tensor, codes).bytes, onnx.bytes);
}

TEST(Layout, NarrowCodesAreThoseOfTheFile) {
  NetTensor tensor = float_tensor();
  tensor.is_float = false;
  tensor.bits = 4;
  tensor.onnx_type = DataType::kUint8;
  tensor.onnx_offset = 8;
  Tensor onnx(DataType::kUint8, {2, 4, 2, 3});
  onnx.bytes[0] = 15;
  const Tensor codes = to_engine(tensor, onnx);
  EXPECT_EQ(codes.data<int8_t>()[0], 7);
  EXPECT_EQ(codes.data<int8_t>()[1], -8);
  EXPECT_EQ(from_engine(tensor, codes).bytes, onnx.bytes);
  EXPECT_EQ(from_engine(tensor, codes).type, DataType::kUint8);
  onnx.bytes[0] = 16;
  EXPECT_THROW(to_engine(tensor, onnx), Error);
}

TEST(Layout, RefusesWhatIsNoCode) {
  NetTensor tensor = float_tensor();
  tensor.is_float = false;
  tensor.onnx_type = DataType::kInt8;
  Tensor onnx(DataType::kFloat, {2, 4, 2, 3});
  onnx.data<float>()[3] = 0.5f;
  EXPECT_THROW(to_engine(tensor, onnx), Error);
  onnx.data<float>()[3] = 128;
  EXPECT_THROW(to_engine(tensor, onnx), Error);
  onnx.data<float>()[3] = -128;
  EXPECT_NO_THROW(to_engine(tensor, onnx));
}

TEST(Layout, RefusesPartsOfABatch) {
  EXPECT_THROW(to_engine(float_tensor(), counting({3, 4, 2, 3})), Error);
}

TEST(Layout, CodesBecomeReals) {
  NetTensor tensor = float_tensor();
  tensor.is_float = false;
  tensor.quant = {0.5f, -10};
  Tensor codes(DataType::kInt8, {2, 2, 3, 4});
  codes.data<int8_t>()[1] = 4;  // c = 1 of the first pixel
  const std::vector<float> reals = reals_of(tensor, codes);
  EXPECT_EQ(reals[0], 5.0f);
  EXPECT_EQ(reals[6], 7.0f);
}

TEST(Scores, TopFiveCountsTiesOnce) {
  HitCount hits;
  const std::vector<float> scores = {1, 3, 3, 2, 0, -1, 5};
  hits.add(scores, 6);
  EXPECT_EQ(hits.top1, 1);
  hits.add(scores, 2);  // third: 5, then the other 3, whose class is smaller
  hits.add(scores, 0);  // fifth
  EXPECT_EQ(hits.top1, 1);
  EXPECT_EQ(hits.top5, 3);
  hits.add(scores, 4);  // sixth
  EXPECT_EQ(hits.top5, 3);
  EXPECT_EQ(argmax(std::vector<float>{1, 3, 3}), 1);
}

TEST(Scores, SqnrIsTenLogOfSignalOverNoise) {
  NoiseSum sum;
  EXPECT_EQ(sum.sqnr_db(), std::nullopt);
  sum.add(std::vector<float>{3, 4}, std::vector<float>{3, 4});
  EXPECT_EQ(sum.sqnr_db(), std::numeric_limits<double>::infinity());
  sum.add(std::vector<float>{5, 0}, std::vector<float>{5, 0.5f});
  EXPECT_DOUBLE_EQ(*sum.sqnr_db(), 10 * std::log10(50 / 0.25));
}

TEST(Scores, ChunksAppendTheirOutputs) {
  ChunkScores sum, chunk;
  chunk.outputs = {counting({2, 3})};
  chunk.agreements = 2;
  chunk.layers.resize(2);
  chunk.layers[1].elements = 5;
  sum.add(chunk);
  sum.add(chunk);
  EXPECT_EQ(sum.outputs[0].shape, (Shape{4, 3}));
  EXPECT_EQ(sum.outputs[0].data<float>()[7], 1.0f);
  EXPECT_EQ(sum.agreements, 4);
  EXPECT_EQ(sum.layers[1].elements, 10);
}

TEST(RandomInputs, CoverTheInputsRangeAndRepeat) {
  const Program program = hand_made_program();
  const std::vector<Tensor> inputs = random_inputs(program.network, 3);
  ASSERT_EQ(inputs.size(), 1u);
  EXPECT_EQ(inputs[0].bytes, random_inputs(program.network, 3)[0].bytes);
  EXPECT_NE(inputs[0].bytes, random_inputs(program.network, 4)[0].bytes);
  for (float value : inputs[0].as_floats()) {
    EXPECT_GE(value, 0.5f * -125 * 1.11f);
    EXPECT_LE(value, 0.5f * 130 * 1.11f);
  }
}

}  // namespace
}  // namespace qsim::cli
