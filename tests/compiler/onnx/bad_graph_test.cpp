// Graphs whose names, edges or inputs are wrong.
#include <gtest/gtest.h>

#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

OnnxBuilder relu_model(const std::vector<OnnxDim>& dims, int type = kOnnxFloat) {
  OnnxBuilder model;
  model.input("x", dims, type).output("y").node("Relu", {"x"}, {"y"}, {}, "relu");
  return model;
}

TEST(BadGraph, Cycle) {
  OnnxBuilder model;
  model.input("x", {2}).output("y");
  model.node("Add", {"x", "c"}, {"a"}, {}, "first").node("Relu", {"a"}, {"b"}, {}, "second");
  model.node("Relu", {"b"}, {"c"}, {}, "third").node("Relu", {"c"}, {"y"}, {}, "behind");
  EXPECT_EQ(error_of(model), "m.onnx: graph has a cycle: first -> second -> third -> first");
  OnnxBuilder self;
  self.input("x", {2}).output("y").node("Add", {"x", "y"}, {"y"}, {}, "loop");
  EXPECT_EQ(error_of(self), "m.onnx: graph has a cycle: loop -> loop");
}

TEST(BadGraph, LongCycleIsAbridged) {
  OnnxBuilder model;
  model.input("x", {2}).output("y").node("Add", {"x", "v99"}, {"v0"}, {}, "n0");
  for (int i = 1; i < 100; ++i) {
    const std::string last = "v" + std::to_string(i - 1);
    model.node("Relu", {last}, {"v" + std::to_string(i)}, {}, "n" + std::to_string(i));
  }
  model.node("Relu", {"v99"}, {"y"});
  EXPECT_EQ(error_of(model),
            "m.onnx: graph has a cycle: n0 -> n1 -> n2 -> n3 -> ... -> n98 -> n99 -> n0");
}

TEST(BadGraph, Names) {
  EXPECT_EQ(error_of(relu_model({2}).node("Relu", {"x"}, {"y"}, {}, "again")),
            "m.onnx: output of node again = y is a name that another value has");
  EXPECT_EQ(error_of(relu_model({2}).initializer("w", floats({1})).initializer("w", floats({1}))),
            "m.onnx: initializer = w is a name that another value has");
  EXPECT_EQ(error_of(relu_model({2}).initializer("y", floats({1}))),
            "m.onnx: output of node relu = y is a name that another value has");
  EXPECT_EQ(error_of(relu_model({2}).input("x", {2})), "m.onnx: input = x appears twice");
  EXPECT_EQ(error_of(relu_model({2}).output("y")), "m.onnx: output = y appears twice");
  EXPECT_EQ(error_of(relu_model({2}).initializer("", floats({1}))),
            "m.onnx: initializer has no name");
  EXPECT_EQ(error_of(relu_model({2}).output("z")),
            "m.onnx: output = z is not the output of a node, an input or an initializer");
  EXPECT_EQ(error_of(relu_model({2}).node("Relu", {"q\n"}, {"z"}, {}, "bad")),
            "m.onnx: node bad (Relu): input 0 = q? is not the output of a node, an input or an "
            "initializer");
  EXPECT_EQ(error_of(relu_model({2}).node("Relu", {"x"}, {""}, {}, "bad")),
            "m.onnx: node bad (Relu): outputs = none");
  EXPECT_EQ(error_of(OnnxBuilder().input("x", {2})), "m.onnx: graph outputs = none");
}

TEST(BadGraph, NodeNamesAreMadeUnique) {
  OnnxBuilder model;
  model.input("x", {2}).output("y").node("Relu", {"x"}, {"a"}, {}, "n");
  model.node("Relu", {"a"}, {"b"}, {}, "n").node("Relu", {"b"}, {"y"});
  const Graph graph = import_model(model);
  EXPECT_EQ(graph.nodes[0].name, "n");
  EXPECT_EQ(graph.nodes[1].name, "n_1");
  EXPECT_EQ(graph.nodes[2].name, "Relu_2");
}

TEST(BadGraph, InputDimensions) {
  EXPECT_EQ(error_of(relu_model({1, 3, "h", ""})),
            "m.onnx: input x: dimension 2 of 1x3xhx? = h is dynamic; pass the input's shape");
  EXPECT_EQ(error_of(relu_model({1, -3})),
            "m.onnx: input x: dimension 1 = -3 is outside [1, 2147483647]");
  EXPECT_EQ(error_of(relu_model({1, 0})),
            "m.onnx: input x: dimension 1 = 0 is outside [1, 2147483647]");
  EXPECT_EQ(error_of(relu_model({1, int64_t{1} << 40})),
            "m.onnx: input x: dimension 1 = 1099511627776 is outside [1, 2147483647]");
  EXPECT_EQ(error_of(relu_model({1 << 20, 1 << 20, 2})),
            "m.onnx: input x: shape = 1048576x1048576x2 is more than 2^40 elements");
  EXPECT_EQ(error_of(OnnxBuilder().input_without_shape("x").output("x")),
            "m.onnx: input x: shape is not declared; pass the input's shape");
  EXPECT_EQ(error_of(relu_model({2}, kOnnxString)),
            "m.onnx: input x: element type = string (8) is not supported");
}

TEST(BadGraph, GivenShapes) {
  ImportOptions options;
  options.input_shapes["x"] = {1, 3, 32, 48};
  EXPECT_EQ(shape_of(import_model(relu_model({"n", 3, "h", ""}), options), "y"), "1x3x32x48");
  EXPECT_EQ(error_of(relu_model({1, 4, "h", "w"}), options),
            "m.onnx: input x: given shape = 1x3x32x48 contradicts the file's 1x4xhxw");
  EXPECT_EQ(error_of(relu_model({1, 3, 32}), options),
            "m.onnx: input x: given shape = 1x3x32x48 contradicts the file's 1x3x32");
  options.input_shapes = {{"z", {1}}};
  EXPECT_EQ(error_of(relu_model({2}), options),
            "m.onnx: shape given for input = z is for none of the inputs: x");
}

TEST(BadGraph, Batch) {
  ImportOptions options;
  options.batch = 4;
  EXPECT_EQ(shape_of(import_model(relu_model({"n", 3}), options), "y"), "4x3");
  EXPECT_EQ(shape_of(import_model(relu_model({4, 3}), options), "y"), "4x3");
  EXPECT_EQ(error_of(relu_model({1, 3}), options),
            "m.onnx: batch = 4 needs an input whose first dimension is dynamic; inputs: x");
  options.batch = 0;
  EXPECT_EQ(error_of(relu_model({"n", 3}), options), "m.onnx: batch = 0 is less than 1");
}

TEST(BadGraph, InputsWithInitializersAreConstants) {
  OnnxBuilder model;
  model.input("x", {1, 2}).input("w", {2, 2}).output("y").initializer("w", floats({2, 2}));
  const Graph graph = import_model(model.node("MatMul", {"x", "w"}, {"y"}));
  EXPECT_EQ(graph.inputs.size(), 1u);
  EXPECT_TRUE(value_named(graph, "w").is_constant);
}

TEST(BadGraph, InputValuesBecomeConstants) {
  ImportOptions options;
  options.input_values["w"] = floats({2, 2});
  OnnxBuilder model;
  model.input("x", {1, 2}).input("w", {2, 2}).output("y").node("MatMul", {"x", "w"}, {"y"});
  EXPECT_EQ(import_model(model, options).inputs.size(), 1u);
  EXPECT_EQ(error_of(model),
            "m.onnx: 1 unsupported operator: MatMul of two activations (1 node, "
            "first MatMul_0)");
}

TEST(BadGraph, DeclaredOutputType) {
  EXPECT_EQ(
      error_of(OnnxBuilder().input("x", {2}).output("y", kOnnxInt64).node("Relu", {"x"}, {"y"})),
      "m.onnx: output y: declared element type = int64 is not the computed float32");
}

}  // namespace
}  // namespace qsim::test
