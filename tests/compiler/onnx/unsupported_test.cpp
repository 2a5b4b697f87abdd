// Everything that is not supported is named in one message.
#include <gtest/gtest.h>

#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

TEST(Unsupported, AllAreNamedAtOnce) {
  OnnxBuilder model;
  model.opset("com.microsoft", 1).opset("my.domain", 3);
  model.input("x", {1, 2, 4, 4}).output("y").initializer("w", floats({2, 2, 1, 1}));
  model.node("Det", {"x"}, {"a"}, {}, "norm1");
  model.node("Conv", {"a", "w"}, {"b"}, {{"colour", int64_t{3}}}, "conv1");
  model.node("FusedConv", {"b", "w"}, {"c"}, {}, "conv2", "com.microsoft");
  model.node("Det", {"c"}, {"d"}, {}, "norm2");
  model.node("Relu", {"x"}, {"e"}, {}, "relu", "my.domain");
  model.node("MatMul", {"x", "x"}, {"f"}, {}, "square").node("Add", {"e", "f"}, {"g"}, {}, "add1");
  model.node("Add", {"d", "g"}, {"y"}, {}, "add2");
  EXPECT_EQ(
      error_of(model),
      "m.onnx: 5 unsupported operators: Det (2 nodes, first norm1), Conv with attribute colour "
      "(1 node, first conv1), com.microsoft.FusedConv (1 node, first conv2), my.domain.Relu "
      "(1 node, first relu), MatMul of two activations (1 node, first square)");
}

TEST(Unsupported, ControlFlow) {
  OnnxBuilder model;
  model.input("x", {1}, kOnnxBool).output("y").node("If", {"x"}, {"y"}, {}, "branch");
  EXPECT_EQ(error_of(model.graph_attribute("then_branch")),
            "m.onnx: 1 unsupported operator: If (1 node, first branch)");
}

// The variant that one node on x asks for, without the count.
std::string variant(const std::string& op, const Shape& input, const Attributes& attributes = {},
                    const std::vector<std::string>& more_inputs = {}, int type = kOnnxFloat,
                    const std::vector<std::string>& outputs = {"y"}) {
  OnnxBuilder model(18);
  model.input("x", std::vector<OnnxDim>(input.begin(), input.end()), type).output(outputs.back());
  model.input("a", {1, 1, 1, 1}).input("b", {1, 1}).input("axes", {1}, kOnnxInt64);
  model.initializer("w3", floats({1, 1, 1, 1, 1})).initializer("m", floats({1, 1}));
  std::vector<std::string> inputs = {"x"};
  inputs.insert(inputs.end(), more_inputs.begin(), more_inputs.end());
  const std::string error = error_of(model.node(op, inputs, outputs, attributes, "n"));
  const std::string begin = "m.onnx: 1 unsupported operator: ", end = " (1 node, first n)";
  if (!error.starts_with(begin) || !error.ends_with(end)) return error;
  return error.substr(begin.size(), error.size() - begin.size() - end.size());
}

TEST(Unsupported, Variants) {
  const Attribute pool = ints({1, 1});
  EXPECT_EQ(variant("Conv", {1, 1, 1, 1, 1}, {}, {"w3"}), "Conv with 3 spatial dimensions");
  EXPECT_EQ(variant("Conv", {1, 1, 2, 2}, {}, {"a"}), "Conv with computed weights");
  EXPECT_EQ(variant("MatMul", {1, 1}, {}, {"b"}), "MatMul of two activations");
  EXPECT_EQ(variant("Gemm", {1, 1}, {}, {"m", "b"}), "Gemm with computed bias");
  EXPECT_EQ(variant("PRelu", {1, 1}, {}, {"b"}), "PRelu with computed slopes");
  EXPECT_EQ(variant("Pow", {1, 1}, {}, {"b"}), "Pow with computed exponents");
  EXPECT_EQ(variant("Sigmoid", {2}, {}, {}, kOnnxDouble), "Sigmoid of float64");
  EXPECT_EQ(variant("Mul", {2}, {}, {"x"}, kOnnxInt64), "Mul of int64");
  EXPECT_EQ(variant("Relu", {2}, {}, {}, kOnnxDouble), "Relu of float64");
  EXPECT_EQ(variant("Add", {2}, {}, {"x"}, kOnnxInt64), "Add of int64");
  EXPECT_EQ(variant("Pad", {2}, {{"mode", std::string("reflect")}, {"pads", ints({1, 1})}}),
            "Pad with mode = reflect");
  EXPECT_EQ(variant("Pad", {4}, {{"pads", ints({-1, 0})}}), "Pad with negative pads");
  EXPECT_EQ(variant("MaxPool", {1, 1, 2, 2}, {{"kernel_shape", pool}}, {}, kOnnxFloat, {"z", "y"}),
            "MaxPool with output 1 in use");
  EXPECT_EQ(variant("ReduceMean", {2}, {}, {"axes"}), "ReduceMean with computed shape parameters");
  EXPECT_EQ(variant("QuantizeLinear", {2}, {}, {"b"}), "QuantizeLinear with computed scale");
  EXPECT_EQ(variant("Cast", {2}, {{"to", int64_t{kOnnxInt4}}}), "Cast to int4 (22)");
  EXPECT_EQ(
      variant("BatchNormalization", {1, 1}, {{"training_mode", int64_t{1}}}, {"b", "b", "b", "b"}),
      "BatchNormalization with training_mode = 1");
}

}  // namespace
}  // namespace qsim::test
