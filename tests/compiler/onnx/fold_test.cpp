// What disappears from a graph, and the values it leaves.
#include <gtest/gtest.h>

#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

std::vector<int64_t> output_ints(const Graph& graph) {
  return constant_tensor(graph.value(graph.outputs[0])).as_ints();
}

std::vector<float> output_floats(const Graph& graph) {
  return constant_tensor(graph.value(graph.outputs[0])).as_floats();
}

// x.view(x.size(0), -1) as PyTorch's older exporter writes it.
TEST(Fold, ShapeChainOfAReshape) {
  OnnxBuilder model;
  model.input("x", {"batch", 4, 5}).output("y");
  model.initializer("zero", tensor_of<int64_t>(DataType::kInt64, {}, {0}));
  model.initializer("axes", int64s({0})).initializer("rest", int64s({-1}));
  model.node("Shape", {"x"}, {"shape"}).node("Gather", {"shape", "zero"}, {"batch"});
  model.node("Unsqueeze", {"batch", "axes"}, {"batch1"});
  model.node("Concat", {"batch1", "rest"}, {"target"}, {{"axis", int64_t{0}}});
  model.node("Reshape", {"x", "target"}, {"y"});
  ImportOptions options;
  options.batch = 3;
  const Graph graph = import_model(model, options);
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(shape_of(graph, "y"), "3x20");
  EXPECT_EQ(value_named(graph, "target").data.as_ints(), (std::vector<int64_t>{3, -1}));
  EXPECT_EQ(graph.values.size(), 3u);  // x, target, y
}

TEST(Fold, IntegerArithmeticOnShapes) {
  OnnxBuilder model;
  model.input("x", {1, 7, 9}).output("y");
  model.initializer("two", int64s({2}));
  model.node("Shape", {"x"}, {"s"})
      .node("Div", {"s", "two"}, {"d"})
      .node("Mul", {"d", "two"}, {"m"});
  model.node("Sub", {"s", "m"}, {"r"}).node("Add", {"r", "two"}, {"y"});
  EXPECT_EQ(output_ints(import_model(model)), (std::vector<int64_t>{3, 3, 3}));
  // -7 / 2 truncates; the smallest integer divided by -1 wraps instead of trapping.
  OnnxBuilder signs;
  signs.output("y").initializer("a", int64s({-7, INT64_MIN})).initializer("b", int64s({2, -1}));
  signs.node("Div", {"a", "b"}, {"y"});
  EXPECT_EQ(output_ints(import_model(signs)), (std::vector<int64_t>{-3, INT64_MIN}));
}

TEST(Fold, FloatArithmeticBroadcasts) {
  OnnxBuilder model;
  model.output("y").initializer("a", floats({2, 3})).initializer("b", floats({2, 1}, {10, 100}));
  model.node("Mul", {"a", "b"}, {"y"});
  EXPECT_EQ(output_floats(import_model(model)), (std::vector<float>{10, 20, 30, 400, 500, 600}));
}

TEST(Fold, LayoutOfConstants) {
  OnnxBuilder model;
  model.output("y").initializer("a", floats({2, 3})).initializer("b", floats({1, 2}, {7, 8}));
  model.node("Transpose", {"a"}, {"t"}).node("Concat", {"t", "b"}, {"y"}, {{"axis", int64_t{0}}});
  const Graph graph = import_model(model);
  EXPECT_EQ(shape_of(graph, "y"), "4x2");
  EXPECT_EQ(output_floats(graph), (std::vector<float>{1, 4, 2, 5, 3, 6, 7, 8}));
  EXPECT_TRUE(graph.nodes.empty());
}

TEST(Fold, SliceDownwardsAndAcross) {
  OnnxBuilder model;
  model.output("y").initializer("a", floats({3, 4}));
  model.initializer("starts", int64s({-1, 0})).initializer("ends", int64s({INT64_MIN, INT64_MAX}));
  model.initializer("axes", int64s({0, 1})).initializer("steps", int64s({-2, 3}));
  model.node("Slice", {"a", "starts", "ends", "axes", "steps"}, {"y"});
  const Graph graph = import_model(model);
  EXPECT_EQ(shape_of(graph, "y"), "2x2");
  EXPECT_EQ(output_floats(graph), (std::vector<float>{9, 12, 1, 4}));
}

TEST(Fold, GatherCountsFromTheEnd) {
  OnnxBuilder model;
  model.output("y").initializer("a", floats({2, 3})).initializer("i", int64s({-1, 0}));
  model.node("Gather", {"a", "i"}, {"y"}, {{"axis", int64_t{1}}});
  EXPECT_EQ(output_floats(import_model(model)), (std::vector<float>{3, 1, 6, 4}));
}

TEST(Fold, CastRoundsAsItsTargetDoes) {
  const auto cast = [](std::vector<float> values, int64_t to) {
    OnnxBuilder model;
    model.output("y").initializer("a", floats({static_cast<int64_t>(values.size())}, values));
    model.node("Cast", {"a"}, {"y"}, {{"to", to}});
    return constant_tensor(value_named(import_model(model), "y")).as_floats();
  };
  EXPECT_EQ(cast({1.9f, -1.9f, 300.0f, -1e30f}, kOnnxInt8), (std::vector<float>{1, -1, 127, -128}));
  EXPECT_EQ(cast({0.0f, 0.5f}, kOnnxBool), (std::vector<float>{0, 1}));
  // 2049 and 2051 lie halfway between float16 numbers; ties go to the even one.
  EXPECT_EQ(cast({2049.0f, 2051.0f, 65519.0f}, kOnnxFloat16),
            (std::vector<float>{2048, 2052, 65504}));
  EXPECT_EQ(cast({257.0f, 259.0f}, kOnnxBfloat16), (std::vector<float>{256, 260}));
}

TEST(Fold, ConstantInAllItsForms) {
  const auto constant = [](const char* name, const Attribute& value) {
    OnnxBuilder model;
    model.output("y").node("Constant", {}, {"y"}, {{name, value}});
    const Graph graph = import_model(model);
    const Value& y = value_named(graph, "y");
    return std::string(name_of(y.type)) + " " + to_text(y.shape) + " " +
           std::to_string(static_cast<int>(y.data.as_floats().back()));
  };
  EXPECT_EQ(constant("value", floats({2, 2})), "float32 2x2 4");
  EXPECT_EQ(constant("value_int", int64_t{5}), "int64 scalar 5");
  EXPECT_EQ(constant("value_ints", ints({5, 6})), "int64 2 6");
  EXPECT_EQ(constant("value_float", 5.0f), "float32 scalar 5");
  EXPECT_EQ(constant("value_floats", std::vector<float>{5, 6, 7}), "float32 3 7");
}

TEST(Fold, ConstantOfShapeStaysFilledThroughLayout) {
  OnnxBuilder model;
  model.input("x", {1, 30000}).output("y").initializer("s", int64s({30000, 30000}));
  model.node("ConstantOfShape", {"s"}, {"w"}, {{"value", floats({1}, {0.25f})}});
  model.node("Transpose", {"w"}, {"t"}).node("MatMul", {"x", "t"}, {"y"});
  const Graph graph = import_model(model);  // 3.6 GB, were it written out
  const Value& weights = value_named(graph, "t");
  EXPECT_TRUE(weights.is_filled);
  EXPECT_EQ(weights.fill, 0.25);
  EXPECT_TRUE(weights.data.bytes.empty());
}

TEST(Fold, ShapeHonoursStartAndEnd) {
  const auto shape = [](const Attributes& attributes) {
    OnnxBuilder model(15);
    model.input("x", {3, 4, 5}).output("y").node("Shape", {"x"}, {"y"}, attributes);
    return output_ints(import_model(model));
  };
  EXPECT_EQ(shape({}), (std::vector<int64_t>{3, 4, 5}));
  EXPECT_EQ(shape({{"start", int64_t{1}}}), (std::vector<int64_t>{4, 5}));
  EXPECT_EQ(shape({{"end", int64_t{-1}}}), (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(shape({{"start", int64_t{2}}, {"end", int64_t{1}}}), (std::vector<int64_t>{}));
}

TEST(Fold, QuantizationOfConstantsStays) {
  OnnxBuilder model;
  model.input("x", {1, 4}).output("y");
  model.initializer("w", floats({4, 2})).initializer("s", floats({}, {0.5f}));
  model.initializer("z", tensor_of<int8_t>(DataType::kInt8, {}, {3}));
  model.node("QuantizeLinear", {"w", "s", "z"}, {"q"});
  model.node("DequantizeLinear", {"q", "s", "z"}, {"d"}).node("MatMul", {"x", "d"}, {"y"});
  const Graph graph = import_model(model);
  EXPECT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(value_named(graph, "q").type, DataType::kInt8);
}

TEST(Fold, IdentityAndDropoutGoAndOutputNamesStay) {
  OnnxBuilder model;
  model.input("x", {2, 2}).output("y").output("z");
  model.node("Identity", {"x"}, {"i"}).node("Relu", {"i"}, {"r"}).node("Dropout", {"r"}, {"d"});
  model.node("Cast", {"d"}, {"y"}, {{"to", int64_t{kOnnxFloat}}}).node("Identity", {"y"}, {"z"});
  const Graph graph = import_model(model);
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.nodes[0].op, "Relu");
  EXPECT_EQ(graph.value(graph.nodes[0].inputs[0]).name, "x");
  EXPECT_EQ(graph.value(graph.nodes[0].outputs[0]).name, "y");
  EXPECT_EQ(graph.nodes[1].op, "Identity");  // z needs a value of its own
  EXPECT_EQ(graph.value(graph.outputs[0]).name, "y");
  EXPECT_EQ(graph.value(graph.outputs[1]).name, "z");
}

TEST(Fold, UnneededNodesGoEvenWhenUnsupported) {
  OnnxBuilder model;
  model.input("x", {2, 2}).output("y");
  model.node("Einsum", {"x"}, {"e"}).node("Relu", {"x"}, {"y"});
  EXPECT_EQ(import_model(model).nodes.size(), 1u);
}

TEST(Fold, UnsortedNodesAreSortedAndKeepTheirOrderOtherwise) {
  OnnxBuilder model;
  model.input("x", {2, 2}).output("y");
  model.node("Add", {"a", "b"}, {"y"}, {}, "last").node("Relu", {"x"}, {"b"}, {}, "first");
  model.node("Relu", {"x"}, {"a"}, {}, "second");
  const Graph graph = import_model(model);
  ASSERT_EQ(graph.nodes.size(), 3u);
  EXPECT_EQ(graph.nodes[0].name, "first");
  EXPECT_EQ(graph.nodes[1].name, "second");
  EXPECT_EQ(graph.nodes[2].name, "last");
}

// Timing needs no weights: they stay in the file, through layout and casts, and nothing else does.
TEST(WithoutWeights, LargeOnesAreLeftUnread) {
  OnnxBuilder model;
  model.input("x", {1, 64}).output("y").initializer("w", floats({65, 64}));
  model.initializer("target", int64s({65, 64})).initializer("b", floats({65}));
  model.node("Cast", {"w"}, {"d"}, {{"to", int64_t{kOnnxDouble}}});
  model.node("Cast", {"d"}, {"f"}, {{"to", int64_t{kOnnxFloat}}});
  model.node("Concat", {"f", "w"}, {"c"}, {{"axis", int64_t{1}}});
  model.node("Slice", {"c", "zero", "end", "one"}, {"s"}).node("Transpose", {"s"}, {"t"});
  model.initializer("zero", int64s({0})).initializer("end", int64s({64}));
  model.initializer("one", int64s({1})).initializer("b2", floats({65, 1}));
  model.node("Gemm", {"x", "t", "b"}, {"y"});
  ImportOptions options;
  options.reads_weights = false;
  const Graph graph = import_model(model, options);
  EXPECT_FALSE(graph.has_weights);
  EXPECT_EQ(shape_of(graph, "t"), "64x65");
  EXPECT_TRUE(value_named(graph, "t").is_filled);
  EXPECT_EQ(value_named(graph, "b").data.as_floats()[64], 65);
  const Graph whole = import_model(model);
  EXPECT_TRUE(whole.has_weights);
  EXPECT_EQ(value_named(whole, "t").data.as_floats()[1], 65);
}

TEST(WithoutWeights, SizesAreCheckedAllTheSame) {
  OnnxBuilder model;
  model.input("x", {1, 64}).output("y").raw_initializer("w", kOnnxFloat, {64, 65}, "1234");
  ImportOptions options;
  options.reads_weights = false;
  EXPECT_EQ(error_of(model.node("MatMul", {"x", "w"}, {"y"}), options),
            "m.onnx: initializer w: raw_data = 4 bytes is not the 16640 of float 64x65");
}

}  // namespace
}  // namespace qsim::test
