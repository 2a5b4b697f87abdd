// The float executor as a whole: batches, observers, quantized operators in float meaning.
#include "compiler/float/executor.h"

#include <gtest/gtest.h>

#include <map>

#include "hw/spec/error.h"
#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

Tensor scale_of(float value) { return floats({}, {value}); }
Tensor zero_of(int value) {
  return tensor_of<uint8_t>(DataType::kUint8, {}, {static_cast<uint8_t>(value)});
}

std::vector<float> run(const OnnxBuilder& model, const Tensor& x) {
  const Graph graph = import_model(model);
  return FloatExecutor(graph).run({x})[0].as_floats();
}

TEST(FloatExecutor, RunsSampleBatchesOneAfterTheOther) {
  OnnxBuilder model;
  model.input("x", {1, 2, 1, 2}).output("y").initializer("shape", int64s({1, 4}));
  model.node("Reshape", {"x", "shape"}, {"flat"}).node("Relu", {"flat"}, {"y"});
  const Graph graph = import_model(model);
  const FloatExecutor executor(graph);
  const Tensor x = floats({2, 2, 1, 2}, {1, -2, 3, -4, -5, 6, -7, 8});
  int calls = 0;
  const Tensor y =
      executor.run({x}, [&](ValueId, const Shape&, std::span<const float>) { ++calls; })[0];
  EXPECT_EQ(y.shape, (Shape{2, 4}));
  EXPECT_EQ(y.as_floats(), (std::vector<float>{1, 0, 3, 0, 0, 6, 0, 8}));
  EXPECT_EQ(calls, 6);  // x, flat and y, twice
}

TEST(FloatExecutor, TakesAnyNumericInput) {
  OnnxBuilder model;
  model.input("x", {1, 3}).output("y").node("Relu", {"x"}, {"y"});
  EXPECT_EQ(run(model, tensor_of<int8_t>(DataType::kInt8, {1, 3}, {-1, 0, 5})),
            (std::vector<float>{0, 0, 5}));
}

TEST(FloatExecutor, TakesParametersThatAreFilled) {
  OnnxBuilder model;
  model.input("x", {1, 2}).output("y").initializer("s", int64s({4}));
  model.node("ConstantOfShape", {"s"}, {"pads"}, {{"value", int64s({1})}});
  model.node("Pad", {"x", "pads"}, {"y"});
  EXPECT_EQ(run(model, floats({1, 2}, {3, 4})),
            (std::vector<float>{0, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0, 0}));
}

TEST(FloatExecutor, RefusesInputsThatDoNotFit) {
  OnnxBuilder model;
  model.input("x", {2, 3}).output("y").node("Relu", {"x"}, {"y"});
  const Graph graph = import_model(model);
  const FloatExecutor executor(graph);
  EXPECT_THROW(executor.run({}), Error);
  EXPECT_THROW(executor.run({floats({3, 3})}), Error);
  EXPECT_THROW(executor.run({floats({2, 4})}), Error);
  EXPECT_NO_THROW(executor.run({floats({4, 3})}));
}

TEST(FloatExecutor, NamesEveryOperatorItDoesNotKnow) {
  OnnxBuilder model;
  model.input("x", {1})
      .output("y")
      .node("Relu", {"x"}, {"t"}, {}, "first")
      .node("Relu", {"t"}, {"y"}, {}, "second");
  Graph graph = import_model(model);
  for (Node& node : graph.nodes) node.op = "Einsum";
  try {
    const FloatExecutor executor(graph);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("Einsum (first), Einsum (second)"), std::string::npos)
        << error.what();
  }
}

// A QDQ file runs as the fake quantization that it describes; observers see reals.
TEST(FloatExecutor, QuantizesAndDequantizes) {
  OnnxBuilder model;
  model.input("x", {1, 4})
      .output("y")
      .initializer("s", scale_of(0.5f))
      .initializer("z", zero_of(2));
  model.node("QuantizeLinear", {"x", "s", "z"}, {"q"})
      .node("DequantizeLinear", {"q", "s", "z"}, {"y"});
  const Graph graph = import_model(model);
  std::map<std::string, std::vector<float>> seen;
  // 0.25 and 0.75 are ties: to even codes. 200 saturates at code 255.
  const Tensor x = floats({1, 4}, {0.25f, 0.75f, -3.0f, 200.0f});
  FloatExecutor(graph).run({x}, [&](ValueId id, const Shape&, std::span<const float> values) {
    seen[graph.value(id).name].assign(values.begin(), values.end());
  });
  const std::vector<float> expected = {0.0f, 1.0f, -1.0f, 126.5f};
  EXPECT_EQ(seen["y"], expected);
  EXPECT_EQ(seen["q"], expected);
}

TEST(FloatExecutor, QLinearConvRoundsOnce) {
  OnnxBuilder model;
  model.input("x", {1, 1, 1, 3}, kOnnxUint8).output("y");
  model.initializer("sx", scale_of(0.5f)).initializer("zx", zero_of(10));
  model.initializer("sw", scale_of(0.25f)).initializer("zw", zero_of(128));
  model.initializer("sy", scale_of(1.0f)).initializer("zy", zero_of(3));
  model.initializer("w", tensor_of<uint8_t>(DataType::kUint8, {1, 1, 1, 1}, {132}));
  model.initializer("b", tensor_of<int32_t>(DataType::kInt32, {1}, {2}));
  model.node("QLinearConv", {"x", "sx", "zx", "w", "sw", "zw", "sy", "zy", "b"}, {"y"});
  // acc = (x - 10) * 4 + 2; y = RNE(acc / 8) + 3: 6 / 8, -38 / 8, 22 / 8.
  EXPECT_EQ(run(model, tensor_of<uint8_t>(DataType::kUint8, {1, 1, 1, 3}, {11, 0, 15})),
            (std::vector<float>{4, 0, 6}));
}

TEST(FloatExecutor, QLinearOperatorsOfMicrosoft) {
  OnnxBuilder model;
  model.opset("com.microsoft", 1).input("x", {1, 2, 2, 2}, kOnnxUint8).output("y");
  model.initializer("s", scale_of(0.5f))
      .initializer("z", zero_of(0))
      .initializer("s2", scale_of(0.25f));
  model.node("QLinearAdd", {"x", "s", "z", "x", "s", "z", "s", "z"}, {"twice"}, {}, "",
             "com.microsoft");
  model.node("QLinearGlobalAveragePool", {"twice", "s", "z", "s2", "z"}, {"y"}, {}, "",
             "com.microsoft");
  // Channel 0 holds 0 1 2 3, channel 1 holds 4 5 6 7, in halves; doubled, averaged: 1.5 and 5.5, in
  // quarters.
  EXPECT_EQ(
      run(model, tensor_of<uint8_t>(DataType::kUint8, {1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7})),
      (std::vector<float>{6, 22}));
}

TEST(FloatExecutor, EvaluatesFrozenNodesOnce) {
  OnnxBuilder model;
  model.input("x", {1, 2})
      .output("y")
      .initializer("s", scale_of(2.0f))
      .initializer("z", zero_of(128));
  model.initializer("w", tensor_of<uint8_t>(DataType::kUint8, {2, 1}, {129, 127}));
  model.node("DequantizeLinear", {"w", "s", "z"}, {"real"}).node("MatMul", {"x", "real"}, {"y"});
  const Graph graph = import_model(model);
  std::vector<std::string> seen;
  const Tensor y = FloatExecutor(graph).run({floats({1, 2}, {5, 1})},
                                            [&](ValueId id, const Shape&, std::span<const float>) {
                                              seen.push_back(graph.value(id).name);
                                            })[0];
  EXPECT_EQ(y.as_floats(), (std::vector<float>{8}));
  EXPECT_EQ(seen, (std::vector<std::string>{"x", "y"}));
}

}  // namespace
}  // namespace qsim::test
