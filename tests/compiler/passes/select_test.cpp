// Operators that copy elements of their input: host steps that move codes, or views.
#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

constexpr double kMove = 0.51;  // codes pass through: only the input's rounding
constexpr double kProduct = 3.0;

// x [2, 8, 4, 6] -> a pointwise convolution -> `op` -> y. The convolution keeps the layout fixed.
struct Selection {
  const char* op;
  Attributes attributes;
  std::vector<std::string> more_inputs = {};
  int opset = 13;
};

OnnxBuilder model_of(const Selection& selection) {
  OnnxBuilder model(selection.opset);
  model.input("x", {2, 8, 4, 6}).output("y");
  model.initializer("w", random_tensor({8, 8, 1, 1}, 1));
  model.initializer("one", int64s({1})).initializer("three", int64s({3}));
  model.initializer("indices", int64s({5, -1, 0, 5}));
  model.initializer("shape", int64s({3, 1, 1, 1, 1}));
  model.initializer("scales", floats({4}, {1, 1, 2, 3})).initializer("roi", floats({0}));
  model.node("Conv", {"x", "w"}, {"c"});
  std::vector<std::string> inputs = {"c"};
  inputs.insert(inputs.end(), selection.more_inputs.begin(), selection.more_inputs.end());
  model.node(selection.op, inputs, {"y"}, selection.attributes, "n");
  return model;
}

const Selection kSelections[] = {
    {"Slice", {}, {"one", "three", "one"}},
    {"Slice", {}, {"one", "three", "three"}},
    {"Gather", {{"axis", int64_t{1}}}, {"indices"}},
    {"Gather", {{"axis", int64_t{-1}}}, {"indices"}},
    {"Expand", {}, {"shape"}},
    {"DepthToSpace", {{"blocksize", int64_t{2}}}},
    {"DepthToSpace", {{"blocksize", int64_t{2}}, {"mode", std::string("CRD")}}},
    {"SpaceToDepth", {{"blocksize", int64_t{2}}}},
    {"Resize", {}, {"roi", "scales"}},
    {"Upsample", {}, {"scales"}, 9},
};

TEST(Select, MovesCodesOnTheHost) {
  for (const Selection& selection : kSelections) {
    const Comparison got = compare(model_of(selection), random_tensor({2, 8, 4, 6}, 2));
    EXPECT_EQ(ops_of(got.network), "host_quantize conv host_permute host_dequantize")
        << selection.op;
    EXPECT_LT(got.worst_steps("y"), kProduct) << selection.op;
    // The permutation alone adds no error: the convolution's result is as far off.
    EXPECT_LE(got.worst_steps("y"), got.worst_steps("c") + kMove) << selection.op;
  }
}

TEST(Select, WhatMovesNothingIsAView) {
  OnnxBuilder model;
  model.input("x", {1, 3, 4, 4}).output("y").initializer("w", random_tensor({2, 3, 1, 1}, 3));
  model.initializer("from", int64s({0})).initializer("to", int64s({99}));
  model.initializer("shape", int64s({1, 1, 1, 1}));
  model.node("Slice", {"x", "from", "to"}, {"s"}).node("Expand", {"s", "shape"}, {"e"});
  model.node("Conv", {"e", "w"}, {"y"});
  EXPECT_EQ(ops_of(model), "host_quantize conv host_dequantize");
}

TEST(Select, SplitHalvesMeetAgain) {
  OnnxBuilder model;
  model.input("x", {1, 6, 4, 4}).output("y").initializer("w", random_tensor({6, 6, 1, 1}, 4));
  model.node("Conv", {"x", "w"}, {"c"});
  model.node("Split", {"c"}, {"a", "b"}, {{"axis", int64_t{1}}}, "halves");
  model.node("Add", {"a", "b"}, {"y"});
  const Comparison got = compare(model, random_tensor({1, 6, 4, 4}, 5));
  EXPECT_EQ(ops_of(got.network),
            "host_quantize conv host_permute host_permute add host_dequantize");
  EXPECT_EQ(got.network.layers[2].name, "halves/0");
  EXPECT_LT(got.worst_steps("y"), kProduct);
}

// Between Q and DQ the codes themselves move.
TEST(Select, CodesOfTheFile) {
  OnnxBuilder model;
  model.input("x", {1, 4, 2, 2}).output("y").initializer("s", floats({}, {0.01f}));
  model.initializer("z", tensor_of<uint8_t>(DataType::kUint8, {}, {128}));
  model.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  model.node("DepthToSpace", {"q"}, {"d"}, {{"blocksize", int64_t{2}}});
  model.node("DequantizeLinear", {"d", "s", "z"}, {"y"});
  const Comparison got = compare(model, random_tensor({1, 4, 2, 2}, 6));
  EXPECT_EQ(ops_of(got.network), "host_quantize host_permute host_dequantize");
  EXPECT_LT(got.worst_steps("y"), kMove);
}

Tensor every_third(const Shape& shape) {
  Tensor result(DataType::kBool, shape);
  for (size_t i = 0; i < result.bytes.size(); ++i) result.bytes[i] = i % 3 == 0;
  return result;
}

// A float graph: both branches take the result's scale when they are written.
TEST(Select, Where) {
  for (const Shape& shape : {Shape{}, {4, 6}, {8, 1, 1}, {2, 8, 4, 6}}) {
    OnnxBuilder model;
    model.input("x", {2, 8, 4, 6}).output("y").initializer("w", random_tensor({8, 8, 1, 1}, 1));
    model.initializer("v", random_tensor({1, 8, 1, 1}, 2)).initializer("m", every_third(shape));
    model.node("Conv", {"x", "w"}, {"a"}).node("Conv", {"x", "v"}, {"b"});
    model.node("Where", {"m", "a", "b"}, {"y"}, {}, "n");
    const Comparison got = compare(model, random_tensor({2, 8, 4, 6}, 3));
    EXPECT_EQ(ops_of(got.network), "host_quantize conv conv host_permute host_dequantize");
    EXPECT_LT(got.worst_steps("y"), kProduct);
  }
}

// Beside -100 and 50 the convolution's values are small, and so is what its weights lose.
TEST(Select, WhereOfAConstant) {
  const Tensor one = floats({}, {-100}), row = floats({6}, {-100, 0, 3, 50, 50, 1});
  for (const Tensor& constant : {one, row}) {
    for (const bool is_first : {false, true}) {
      OnnxBuilder model;
      model.input("x", {2, 8, 4, 6}).output("y").initializer("w", random_tensor({8, 8, 1, 1}, 1));
      model.initializer("c", constant).initializer("m", every_third({4, 6}));
      model.node("Conv", {"x", "w"}, {"a"});
      model.node("Where", {"m", is_first ? "c" : "a", is_first ? "a" : "c"}, {"y"}, {}, "n");
      const Comparison got = compare(model, random_tensor({2, 8, 4, 6}, 3));
      EXPECT_EQ(ops_of(got.network),
                "host_quantize conv host_permute host_table host_permute host_dequantize");
      EXPECT_LT(got.worst_steps("y"), 0.6);
    }
  }
}

TEST(Select, WhereOfOneValue) {
  OnnxBuilder model;
  model.input("x", {1, 2, 2, 2}).output("y").initializer("m", every_third({2, 1}));
  model.node("Where", {"m", "x", "x"}, {"y"}, {}, "n");
  const Comparison got = compare(model, random_tensor({1, 2, 2, 2}, 3));
  EXPECT_LT(got.worst_steps("y"), kMove);
}

TEST(Select, WhereOfConstantsIsAConstant) {
  OnnxBuilder model;
  model.input("x", {2, 3}).output("y").initializer("m", every_third({2, 1}));
  model.initializer("a", int64s({2, 3, 4})).initializer("b", int64s({-6}));
  model.node("Where", {"m", "a", "b"}, {"c"}, {}, "n");
  model.node("Cast", {"c"}, {"f"}, {{"to", int64_t{1}}}).node("Add", {"x", "f"}, {"y"});
  const Graph graph = import_model(model);
  const auto folded = std::find_if(graph.values.begin(), graph.values.end(),
                                   [](const Value& value) { return value.name == "f"; });
  ASSERT_TRUE(folded != graph.values.end() && folded->is_constant);
  EXPECT_EQ(constant_tensor(*folded).as_floats(), (std::vector<float>{2, 3, 4, -6, -6, -6}));
}

TEST(Select, WhereOfAHugeConstantIsAnError) {
  OnnxBuilder model;
  model.input("x", {2, 70000}).output("y").initializer("m", every_third({2, 1}));
  model.initializer("c", floats({70000}));
  model.node("Where", {"m", "x", "c"}, {"y"}, {}, "n");
  EXPECT_NE(quantize_error(model).find(
                "node n (Where): a constant of more than 65536 elements is not supported"),
            std::string::npos);
}

TEST(Select, TooManyElementsIsAnError) {
  OnnxBuilder model;
  model.input("x", {1, 1, 1, 1}).output("y").initializer("shape", int64s({1, 64, 2048, 2048}));
  model.node("Expand", {"x", "shape"}, {"y"}, {}, "n");
  EXPECT_NE(quantize_error(model).find("node n (Expand): moving more than 2^26 elements on the "
                                       "host is not supported"),
            std::string::npos);
}

}  // namespace
}  // namespace qsim::test
