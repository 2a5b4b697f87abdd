// Nodes whose inputs or attributes contradict their operator's definition.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

// The part of the message behind "m.onnx: node n (<op>): " for one node on x of the given shape.
std::string node_error(const std::string& op, const Shape& input, const Attributes& attributes,
                       const std::vector<Tensor>& constants, int64_t opset = 13) {
  OnnxBuilder model(opset);
  model.input("x", std::vector<OnnxDim>(input.begin(), input.end())).output("y");
  std::vector<std::string> inputs = {"x"};
  for (const Tensor& constant : constants) {
    inputs.push_back("c" + std::to_string(inputs.size()));
    model.initializer(inputs.back(), constant);
  }
  const std::string error = error_of(model.node(op, inputs, {"y"}, attributes, "n"));
  const std::string prefix = "m.onnx: node n (" + op + "): ";
  return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
}

const Attribute kWrong = std::string("oops");

TEST(BadNode, InputsAndAttributes) {
  EXPECT_EQ(node_error("Conv", {1, 1, 4, 4}, {}, {}), "inputs = 1 is outside [2, 3]");
  EXPECT_EQ(node_error("Relu", {4}, {}, {floats({1})}), "inputs = 2 is outside [1, 1]");
  EXPECT_EQ(node_error("Conv", {1, 1, 4, 4}, {{"strides", 2.0f}}, {floats({1, 1, 1, 1})}),
            "attribute strides: type = float is not ints");
  EXPECT_EQ(node_error("Conv", {1, 1, 4, 4}, {{"group", ints({1})}}, {floats({1, 1, 1, 1})}),
            "attribute group: type = ints is not int");
  OnnxBuilder omitted;
  omitted.input("x", {1, 1, 4, 4}).output("y").initializer("b", floats({1}));
  EXPECT_EQ(error_of(omitted.node("Conv", {"x", "", "b"}, {"y"}, {}, "n")),
            "m.onnx: node n (Conv): input 1 is missing");
  OnnxBuilder twice;
  twice.input("x", {2}).output("y").node("Softmax", {"x"}, {"y"}, {{"axis", int64_t{0}}}, "n");
  EXPECT_EQ(error_of(twice.attribute("axis", int64_t{0})),
            "m.onnx: node n (Softmax): attribute axis appears twice");
  OnnxBuilder graph;
  graph.input("x", {2}).output("y").node("Softmax", {"x"}, {"y"}, {}, "n");
  EXPECT_EQ(
      error_of(graph.graph_attribute("axis")),
      "m.onnx: node n (Softmax): attribute axis: type = GRAPH is not int, float, string, ints, "
      "floats or tensor");
}

TEST(BadNode, Convolution) {
  const auto conv = [](const Shape& weights, const Attributes& attributes) {
    return node_error("Conv", {1, 4, 5, 5}, attributes, {floats(weights)});
  };
  EXPECT_EQ(conv({8, 3, 3, 3}, {}),
            "input 1 (c1): shape = 8x3x3x3 does not fit 4 input channels in 1 groups");
  EXPECT_EQ(conv({8, 2, 3, 3}, {{"group", int64_t{3}}}),
            "group = 3 does not divide the 4 input and 8 output channels");
  EXPECT_EQ(conv({8, 2, 3, 3}, {{"group", int64_t{0}}}),
            "group = 0 does not divide the 4 input and 8 output channels");
  EXPECT_EQ(conv({8, 4, 3}, {}), "input 1 (c1): shape = 8x4x3 is not of rank 4");
  EXPECT_EQ(conv({8, 4, 3, 3}, {{"kernel_shape", ints({5, 5})}}),
            "kernel_shape = 5x5 is not the weights' 3x3");
  EXPECT_EQ(conv({8, 4, 3, 3}, {{"strides", ints({1})}}), "strides = 1 numbers is not 2");
  EXPECT_EQ(conv({8, 4, 3, 3}, {{"strides", ints({1, 0})}}), "strides = 0 is outside [1, 1048576]");
  EXPECT_EQ(conv({8, 4, 3, 3}, {{"dilations", ints({1, 1LL << 40})}}),
            "dilations = 1099511627776 is outside [1, 1048576]");
  EXPECT_EQ(conv({8, 4, 3, 3}, {{"pads", ints({0, 0, 0, -1})}}),
            "pads = -1 is outside [0, 1048576]");
  EXPECT_EQ(conv({8, 4, 3, 3}, {{"dilations", ints({3, 1})}}),
            "kernel extent = 7 is larger than the padded input, 5");
  EXPECT_EQ(conv({8, 4, 3, 3}, {{"auto_pad", kWrong}}),
            "auto_pad = oops is not NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  EXPECT_EQ(conv({8, 4, 3, 3}, {{"auto_pad", std::string("VALID")}, {"pads", ints({1, 1, 1, 1})}}),
            "auto_pad = VALID contradicts the pads that are given as well");
  EXPECT_EQ(node_error("Conv", {4, 5}, {}, {floats({8, 4})}),
            "input 0 (x): shape = 4x5 is not [N, C, spatial...]");
  EXPECT_EQ(node_error("Conv", {1, 4, 5, 5}, {}, {floats({8, 4, 1, 1}), floats({7})}),
            "input 2 (c2): shape = 7 is not 8");
  EXPECT_EQ(node_error("Conv", {1, 4, 5, 5}, {},
                       {tensor_of<int8_t>(DataType::kInt8, {1, 4, 1, 1}, {1, 1, 1, 1})}),
            "input 1 (c1): element type = int8 is not float32");
}

TEST(BadNode, TransposedConvolution) {
  const auto transpose = [](const Shape& weights, const Attributes& attributes) {
    return node_error("ConvTranspose", {1, 4, 5, 5}, attributes, {floats(weights)});
  };
  EXPECT_EQ(transpose({4, 3, 2, 2}, {{"group", int64_t{2}}, {"strides", ints({2, 2})}}),
            "no error");
  EXPECT_EQ(transpose({3, 3, 2, 2}, {}),
            "input 1 (c1): shape = 3x3x2x2 does not fit 4 input channels in 1 groups");
  EXPECT_EQ(transpose({4, 3, 2, 2}, {{"group", int64_t{3}}}),
            "group = 3 does not divide the 4 input channels");
  EXPECT_EQ(transpose({4, 3, 2, 2}, {{"kernel_shape", ints({3, 3})}}),
            "kernel_shape = 3x3 is not the weights' 2x2");
  EXPECT_EQ(transpose({4, 3, 2, 2}, {{"output_padding", ints({0, -1})}}),
            "output_padding = -1 is outside [0, 1048576]");
  EXPECT_EQ(transpose({4, 3, 2, 2}, {{"output_shape", ints({6})}}),
            "output_shape = 1 numbers is not 2");
  EXPECT_EQ(
      transpose({4, 3, 2, 2}, {{"auto_pad", std::string("VALID")}, {"pads", ints({1, 1, 1, 1})}}),
      "auto_pad = VALID contradicts the pads that are given as well");
  EXPECT_EQ(transpose({4, 3, 2, 2}, {{"auto_pad", kWrong}}),
            "auto_pad = oops is not NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  EXPECT_EQ(transpose({4, 3, 2, 2}, {{"pads", ints({3, 0, 3, 0})}}),
            "output size = 0 is outside [1, 2147483647]");
  EXPECT_EQ(
      transpose({4, 3, 2, 2}, {{"output_shape", ints({1, 1})}, {"strides", ints({1 << 20, 1})}}),
      "output size = 1 takes pads of 4194305, which is outside [0, 1048576]");
  EXPECT_EQ(node_error("ConvTranspose", {1, 4, 5, 5}, {}, {floats({4, 2, 1, 1}), floats({4})}),
            "input 2 (c2): shape = 4 is not 2");
}

TEST(BadNode, IntegerProducts) {
  const auto error = [](const Tensor& weights, const Tensor& zero_x, const Tensor& zero_w) {
    OnnxBuilder model;
    model.input("x", {1, 2}, kOnnxUint8).output("y").initializer("w", weights);
    model.initializer("zx", zero_x).initializer("zw", zero_w);
    return error_of(model.node("MatMulInteger", {"x", "w", "zx", "zw"}, {"y"}, {}, "n"));
  };
  const auto u8 = [](const Shape& shape) { return Tensor(DataType::kUint8, shape); };
  EXPECT_EQ(error(u8({2, 3}), u8({}), u8({3})), "no error");
  EXPECT_EQ(error(u8({2, 3}), u8({}), u8({2})),
            "m.onnx: node n (MatMulInteger): input 3 (zw): shape = 2 is not one element or 3 "
            "channels");
  EXPECT_EQ(error(u8({3, 3}), u8({}), u8({})),
            "m.onnx: node n (MatMulInteger): operand shapes = 1x2 and 3x3 do not multiply");
  EXPECT_EQ(error(u8({2, 3}), Tensor(DataType::kInt8, {}), u8({})),
            "m.onnx: node n (MatMulInteger): input 2 (zx): element type = int8 is not uint8");
  EXPECT_EQ(
      error(u8({2, 3}), u8({2}), u8({})),
      "m.onnx: 1 unsupported operator: MatMulInteger with a zero point per row (1 node, first "
      "n)");
  OnnxBuilder dynamic;
  dynamic.input("x", {2}).output("y").output("s").output("z").output("t");
  dynamic.node("DynamicQuantizeLinear", {"x"}, {"y", "s", "z", "t"}, {}, "n");
  EXPECT_EQ(error_of(dynamic),
            "m.onnx: node n (DynamicQuantizeLinear): outputs = 4 is outside [1, 3]");
  OnnxBuilder attribute;
  attribute.input("x", {2}).output("y");
  attribute.node("DynamicQuantizeLinear", {"x"}, {"y"}, {{"output", int64_t{1}}}, "n");
  EXPECT_EQ(error_of(attribute),
            "m.onnx: 1 unsupported operator: DynamicQuantizeLinear with attribute output (1 node, "
            "first n)");
}

TEST(BadNode, Blocks) {
  const auto error = [](int64_t block, const Tensor& scale) {
    return node_error("QuantizeLinear", {2, 5}, {{"axis", int64_t{1}}, {"block_size", block}},
                      {scale}, 21);
  };
  EXPECT_EQ(error(2, floats({2, 3})), "no error");
  EXPECT_EQ(error(2, floats({2, 2})), "input 1 (c1): shape = 2x2 is not 2x3");
  EXPECT_EQ(error(-1, floats({2, 3})), "block_size = -1 is negative");
  EXPECT_EQ(error(5, floats({2, 1}, {1, 0})), "no error");
}

TEST(BadNode, Pooling) {
  EXPECT_EQ(node_error("MaxPool", {1, 1, 5, 5}, {}, {}), "kernel_shape = (none)");
  EXPECT_EQ(node_error("MaxPool", {1, 1, 5, 5}, {{"kernel_shape", ints({3})}}, {}),
            "kernel_shape = 1 numbers is not 2");
  EXPECT_EQ(node_error("MaxPool", {1, 1, 5, 5},
                       {{"kernel_shape", ints({2, 2})}, {"pads", ints({0, 0, 2, 0})}}, {}),
            "pads = 2 is not smaller than the kernel extent 2");
}

TEST(BadNode, Matrices) {
  EXPECT_EQ(node_error("MatMul", {2, 3}, {}, {floats({4, 5})}),
            "operand shapes = 2x3 and 4x5 do not multiply");
  EXPECT_EQ(node_error("Gemm", {2, 3}, {{"transB", int64_t{1}}}, {floats({3, 5})}),
            "operand shapes = 2x3 and 5x3 (transposed as asked) do not multiply");
  EXPECT_EQ(node_error("Gemm", {2, 3}, {}, {floats({3, 5}), floats({4})}),
            "operand shapes = 2x5 and 4 do not broadcast");
  EXPECT_EQ(node_error("Gemm", {1, 3}, {}, {floats({3, 5}), floats({2, 5})}),
            "input 2 (c2): shape = 2x5 does not broadcast to 1x5");
  EXPECT_EQ(node_error("Add", {2, 3}, {}, {floats({2})}),
            "operand shapes = 2x3 and 2 do not broadcast");
}

TEST(BadNode, Layout) {
  EXPECT_EQ(node_error("Reshape", {2, 3}, {}, {int64s({4, -1})}),
            "shape = 4x-1 does not hold the 6 elements of 2x3");
  EXPECT_EQ(node_error("Reshape", {2, 3}, {}, {int64s({-1, -1})}),
            "shape = -1x-1 leaves more than one dimension open");
  EXPECT_EQ(node_error("Reshape", {2, 3}, {}, {int64s({6, -2})}),
            "shape = 6x-2 has a negative dimension");
  EXPECT_EQ(node_error("Reshape", {2, 3}, {}, {int64s({2, 3, 0})}),
            "shape = 2x3x0 copies a dimension that the input does not have");
  EXPECT_EQ(node_error("Reshape", {2, 3}, {}, {int64s({int64_t{1} << 40, -1})}),
            "output dimension 0 = 1099511627776 is outside [0, 2147483647]");
  EXPECT_EQ(node_error("Reshape", {2, 3}, {{"allowzero", int64_t{1}}}, {int64s({0, 6})}, 14),
            "shape = 0x6 does not hold the 6 elements of 2x3");
  EXPECT_EQ(node_error("Reshape", {2, 3}, {}, {floats({1})}),
            "input 1 (c1) = float32 is not int64 or int32");
  EXPECT_EQ(node_error("Transpose", {2, 3}, {{"perm", ints({0, 0})}}, {}),
            "perm = 0x0 does not permute 2 dimensions");
  EXPECT_EQ(node_error("Squeeze", {2, 3}, {}, {int64s({0})}),
            "axes = 0 is a dimension of 2, not 1");
  EXPECT_EQ(node_error("Unsqueeze", {2}, {}, {int64s({0, -3})}), "axes = -3 appears twice");
  EXPECT_EQ(node_error("Flatten", {2, 3}, {{"axis", int64_t{3}}}, {}),
            "axis = 3 is outside [-2, 2]");
  EXPECT_EQ(node_error("Concat", {2, 3}, {{"axis", int64_t{2}}}, {floats({2, 3})}),
            "axis = 2 is outside [-2, 1]");
  EXPECT_EQ(node_error("Concat", {2, 3}, {{"axis", int64_t{0}}}, {floats({2, 4})}),
            "input 1 (c1): shape = 2x4 is not 2x3");
  EXPECT_EQ(node_error("Concat", {2, 3}, {}, {floats({2, 3})}), "axis = (none)");
  EXPECT_EQ(node_error("Pad", {2, 3}, {}, {int64s({1, 1})}), "pads = 2 numbers is not 4");
  EXPECT_EQ(node_error("Pad", {2, 3}, {{"mode", std::string("reflect")}}, {int64s({0, 2, 2, 0})}),
            "pads = 2 is not smaller than dimension 0 = 2, which it reflects");
}

TEST(BadNode, Elements) {
  EXPECT_EQ(node_error("Gelu", {4}, {{"approximate", std::string("fast")}}, {}, 20),
            "approximate = fast is not none or tanh");
  EXPECT_EQ(node_error("PRelu", {2, 3}, {}, {floats({2, 1, 1})}),
            "input 1 (c1): shape = 2x1x1 does not repeat to 2x3");
  EXPECT_EQ(node_error("LRN", {4}, {{"size", int64_t{3}}}, {}),
            "input 0 (x): shape = 4 has no channels");
  EXPECT_EQ(node_error("LRN", {1, 4}, {}, {}), "size = 0 is outside [1, 32768]");
  EXPECT_EQ(node_error("LRN", {1, 4}, {{"size", int64_t{3}}, {"beta", INFINITY}}, {}),
            "beta is not finite");
  EXPECT_EQ(node_error("ArgMax", {1, 4}, {{"axis", int64_t{2}}}, {}),
            "axis = 2 is outside [-2, 1]");
}

TEST(BadNode, Constants) {
  OnnxBuilder gather;
  gather.output("y").initializer("a", floats({3})).initializer("i", int64s({3}));
  EXPECT_EQ(error_of(gather.node("Gather", {"a", "i"}, {"y"}, {}, "n")),
            "m.onnx: node n (Gather): index = 3 is outside [-3, 2]");
  OnnxBuilder divide;
  divide.output("y").initializer("a", int64s({3})).initializer("b", int64s({0}));
  EXPECT_EQ(error_of(divide.node("Div", {"a", "b"}, {"y"}, {}, "n")),
            "m.onnx: node n (Div): divisor = 0 in a constant division");
  OnnxBuilder empty;
  empty.input("x", {2}).output("y").initializer("a", int64s({0}));
  empty.node("ConstantOfShape", {"a"}, {"e"})
      .node("Concat", {"x", "e"}, {"c"}, {{"axis", int64_t{0}}});
  EXPECT_EQ(shape_of(import_model(empty.node("Relu", {"c"}, {"y"})), "y"), "2");
  EXPECT_EQ(node_error("Clip", {2}, {}, {floats({}, {3}), floats({}, {2})}),
            "bounds = [3.000000, 2.000000] are empty");
}

// Doubling 40 times would need a terabyte; the budget is in proportion to the file.
TEST(BadNode, FoldingIsBounded) {
  OnnxBuilder model;
  model.output("y").initializer("v0", floats({1 << 14}));
  std::string last = "v0";
  for (int i = 1; i <= 40; ++i) {
    const std::string next = i == 40 ? "y" : "v" + std::to_string(i);
    model.node("Concat", {last, last}, {next}, {{"axis", int64_t{0}}},
               "double" + std::to_string(i));
    last = next;
  }
  const std::string error = error_of(model);
  EXPECT_TRUE(error.starts_with("m.onnx: node double1")) << error;
  EXPECT_TRUE(error.ends_with(" left for folding constants")) << error;
}

// Scales of 2^31 - 1 channels out of a file of a hundred bytes.
TEST(BadNode, FilledScalesAreBounded) {
  OnnxBuilder model;
  model.output("y").initializer("n", int64s({INT32_MAX})).initializer("m", int64s({1, INT32_MAX}));
  model.node("ConstantOfShape", {"n"}, {"s"}, {{"value", floats({1}, {1})}}, "scales");
  model.node("ConstantOfShape", {"m"}, {"w"}, {{"value", floats({1}, {1})}}, "weights");
  model.node("QuantizeLinear", {"w", "s"}, {"y"}, {{"axis", int64_t{1}}}, "n");
  EXPECT_EQ(error_of(model),
            "m.onnx: node n (QuantizeLinear): constant = 8589934588 bytes is more than the "
            "268435712 left for folding constants");
}

TEST(BadNode, Quantization) {
  const Tensor zero = tensor_of<uint8_t>(DataType::kUint8, {}, {128});
  EXPECT_EQ(node_error("QuantizeLinear", {2}, {}, {floats({}, {0.5f}), zero}), "no error");
  EXPECT_EQ(node_error("QuantizeLinear", {2}, {}, {floats({}, {0}), zero}),
            "input 1 (c1): scale = 0.000000 is not positive");
  EXPECT_EQ(node_error("QuantizeLinear", {2}, {}, {floats({}, {NAN}), zero}),
            "input 1 (c1): scale = nan is not positive");
  EXPECT_EQ(node_error("QuantizeLinear", {2}, {},
                       {floats({}, {1}), tensor_of<uint8_t>(DataType::kUint8, {2}, {1, 2})}),
            "input 2 (c2): shape = 2 is not that of its scale, scalar");
  EXPECT_EQ(node_error("QuantizeLinear", {2}, {}, {int64s({1}), zero}),
            "input 1 (c1): element type = int64 is not float32");
  OnnxBuilder weights;
  weights.input("x", {1, 4}).output("y").initializer("s", floats({3}));
  weights.initializer("w", tensor_of<int8_t>(DataType::kInt8, {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8}));
  weights.node("DequantizeLinear", {"w", "s"}, {"d"}, {{"axis", int64_t{1}}}, "n");
  EXPECT_EQ(error_of(weights.node("MatMul", {"x", "d"}, {"y"})),
            "m.onnx: node n (DequantizeLinear): input 1 (s): shape = 3 is not one element or 2 "
            "channels");
}

}  // namespace
}  // namespace qsim::test
