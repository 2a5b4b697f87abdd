// Types and shapes of quantized operators, of ai.onnx and com.microsoft.
#include <gtest/gtest.h>

#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

// Inputs x and x2 of uint8 codes, constants s (scale), zu and zi (zero points), weights of int8.
class Quantized : public testing::Test {
 protected:
  Quantized() {
    model_.opset("com.microsoft", 1).output("y");
    model_.initializer("s", floats({}, {0.5f}));
    model_.initializer("zu", tensor_of<uint8_t>(DataType::kUint8, {}, {128}));
    model_.initializer("zi", tensor_of<int8_t>(DataType::kInt8, {}, {0}));
  }

  std::string type_and_shape() const {
    const Graph graph = import_model(model_);
    const Value& y = value_named(graph, "y");
    return std::string(name_of(y.type)) + " " + to_text(y.shape);
  }

  OnnxBuilder model_{13};
};

TEST_F(Quantized, Convolution) {
  model_.input("x", {1, 2, 5, 5}, kOnnxUint8).initializer("sw", floats({4}));
  model_.initializer("w", Tensor(DataType::kInt8, {4, 2, 3, 3}));
  model_.initializer("zw", Tensor(DataType::kInt8, {4}));
  model_.initializer("b", Tensor(DataType::kInt32, {4}));
  model_.node("QLinearConv", {"x", "s", "zu", "w", "sw", "zw", "s", "zi", "b"}, {"y"});
  EXPECT_EQ(type_and_shape(), "int8 1x4x3x3");
}

TEST_F(Quantized, ConvolutionWithWrongNumberOfScales) {
  model_.input("x", {1, 2, 5, 5}, kOnnxUint8).initializer("sw", floats({3}));
  model_.initializer("w", Tensor(DataType::kInt8, {4, 2, 3, 3}));
  model_.node("QLinearConv", {"x", "s", "zu", "w", "sw", "zi", "s", "zi"}, {"y"}, {}, "n");
  EXPECT_EQ(
      error_of(model_),
      "m.onnx: node n (QLinearConv): input 4 (sw): shape = 3 is not one element or 4 channels");
}

TEST_F(Quantized, MatrixProduct) {
  model_.input("x", {3, 2}, kOnnxUint8).initializer("w", Tensor(DataType::kUint8, {2, 7}));
  model_.node("QLinearMatMul", {"x", "s", "zu", "w", "s", "zu", "s", "zu"}, {"y"});
  EXPECT_EQ(type_and_shape(), "uint8 3x7");
}

TEST_F(Quantized, GemmWithAndWithoutOutputScale) {
  model_.input("x", {3, 2}, kOnnxUint8).initializer("w", Tensor(DataType::kInt8, {7, 2}));
  model_.initializer("b", Tensor(DataType::kInt32, {7}));
  OnnxBuilder& real = model_.node("QGemm", {"x", "s", "zu", "w", "s", "zi", "b"}, {"f"},
                                  {{"transB", int64_t{1}}}, "", "com.microsoft");
  real.node("QuantizeLinear", {"f", "s", "zi"}, {"y"});
  const Graph graph = import_model(model_);
  EXPECT_EQ(value_named(graph, "f").type, DataType::kFloat);
  EXPECT_EQ(shape_of(graph, "f"), "3x7");
  EXPECT_EQ(value_named(graph, "y").type, DataType::kInt8);
}

TEST_F(Quantized, AddWithoutZeroPoints) {
  model_.input("x", {2, 1, 3}, kOnnxUint8).input("x2", {4, 1}, kOnnxUint8);
  model_.node("QLinearAdd", {"x", "s", "", "x2", "s", "", "s"}, {"y"}, {}, "", "com.microsoft");
  EXPECT_EQ(type_and_shape(), "uint8 2x4x3");
}

TEST_F(Quantized, AddOfTwoTypes) {
  model_.input("x", {2}, kOnnxUint8).input("x2", {2}, kOnnxInt8);
  model_.node("QLinearAdd", {"x", "s", "zu", "x2", "s", "zi", "s", "zu"}, {"y"}, {}, "n",
              "com.microsoft");
  EXPECT_EQ(error_of(model_),
            "m.onnx: node n (QLinearAdd): input 3 (x2): element type = int8 is not uint8");
}

TEST_F(Quantized, Pools) {
  model_.input("x", {1, 2, 6, 6}, kOnnxUint8);
  model_.node("QLinearAveragePool", {"x", "s", "zu", "s", "zu"}, {"p"},
              {{"kernel_shape", ints({2, 2})}, {"strides", ints({2, 2})}}, "", "com.microsoft");
  model_.node("MaxPool", {"p"}, {"m"}, {{"kernel_shape", ints({2, 2})}});
  model_.node("QLinearGlobalAveragePool", {"m", "s", "zu", "s", "zu"}, {"y"},
              {{"channels_last", int64_t{0}}}, "", "com.microsoft");
  const Graph graph = import_model(model_);
  EXPECT_EQ(shape_of(graph, "p"), "1x2x3x3");
  EXPECT_EQ(shape_of(graph, "m"), "1x2x2x2");
  EXPECT_EQ(shape_of(graph, "y"), "1x2x1x1");
  EXPECT_EQ(value_named(graph, "y").type, DataType::kUint8);
}

TEST_F(Quantized, ChannelsLastIsRefused) {
  model_.input("x", {1, 2, 6, 6}, kOnnxUint8);
  model_.node("QLinearGlobalAveragePool", {"x", "s", "zu", "s", "zu"}, {"y"},
              {{"channels_last", int64_t{1}}}, "n", "com.microsoft");
  EXPECT_EQ(error_of(model_),
            "m.onnx: 1 unsupported operator: com.microsoft.QLinearGlobalAveragePool with "
            "channels_last = 1 (1 node, first n)");
}

TEST_F(Quantized, SoftmaxAndConcat) {
  model_.input("x", {1, 5}, kOnnxUint8);
  model_.node("QLinearSoftmax", {"x", "s", "zu", "s", "zu"}, {"p"}, {{"opset", int64_t{13}}}, "",
              "com.microsoft");
  model_.node("QLinearConcat", {"s", "zu", "p", "s", "zu", "x", "s", "zu"}, {"y"},
              {{"axis", int64_t{1}}}, "", "com.microsoft");
  EXPECT_EQ(type_and_shape(), "uint8 1x10");
}

TEST_F(Quantized, ZeroPointDecidesTheTypeAndUint8IsTheDefault) {
  const auto type = [](const std::vector<std::string>& inputs, const Attributes& attributes) {
    OnnxBuilder model(21);
    model.input("x", {2}).output("y").initializer("s", floats({}, {0.5f}));
    model.initializer("z", tensor_of<int16_t>(DataType::kInt16, {}, {0}));
    model.node("QuantizeLinear", inputs, {"y"}, attributes);
    return value_named(import_model(model), "y").type;
  };
  EXPECT_EQ(type({"x", "s"}, {}), DataType::kUint8);
  EXPECT_EQ(type({"x", "s", "z"}, {}), DataType::kInt16);
  EXPECT_EQ(type({"x", "s"}, {{"output_dtype", int64_t{kOnnxInt8}}}), DataType::kInt8);
}

}  // namespace
}  // namespace qsim::test
