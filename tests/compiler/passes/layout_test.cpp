// Layouts: what is only a view costs nothing, what is not moves on the host, and values stay right.
#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

constexpr double kProduct = 3.0;

TEST(Layout, TensorFlowModelsTakeChannelsLast) {
  OnnxBuilder model;
  model.input("x", {1, 5, 4, 3}).output("y").initializer("w", random_tensor({6, 3, 3, 3}, 1));
  model.node("Transpose", {"x"}, {"t"}, {{"perm", ints({0, 3, 1, 2})}});
  model.node("Conv", {"t", "w"}, {"c"}, {{"pads", ints({1, 1, 1, 1})}});
  model.node("Transpose", {"c"}, {"y"}, {{"perm", ints({0, 2, 3, 1})}});
  const Comparison got = compare(model, random_tensor({1, 5, 4, 3}, 2));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_dequantize");
  const NetTensor& x = got.network.tensor(got.network.inputs[0]);
  EXPECT_EQ(x.onnx_order, "nhwc");
  EXPECT_EQ(x.h, 5);
  EXPECT_EQ(x.c, 3);
  EXPECT_EQ(got.network.tensor(got.network.outputs[0]).onnx_order, "nhwc");
  EXPECT_LT(got.worst_steps("y"), kProduct);
}

TEST(Layout, FlatInputsBecomeImages) {
  OnnxBuilder model;
  model.input("x", {1, 60})
      .output("y")
      .initializer("s", int64s({-1, 1, 10, 6}))
      .initializer("w", random_tensor({4, 1, 3, 3}, 1));
  model.node("Reshape", {"x", "s"}, {"r"}).node("Conv", {"r", "w"}, {"y"});
  const Comparison got = compare(model, random_tensor({1, 60}, 2));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_dequantize");
  EXPECT_EQ(got.network.tensor(got.network.inputs[0]).w, 6);
  EXPECT_LT(got.worst_steps("y"), kProduct);
}

// The classifier of a TensorFlow model flattens [N, H, W, C]; that of a PyTorch model [N, C, H, W].
TEST(Layout, FlattenInEitherOrder) {
  for (const bool channels_last : {false, true}) {
    OnnxBuilder model;
    model.input("x", {2, 3, 4, 5})
        .output("y")
        .initializer("s", int64s({2, 60}))
        .initializer("w", random_tensor({60, 7}, 1));
    model.node("MaxPool", {"x"}, {"p"}, {{"kernel_shape", ints({1, 1})}});
    if (channels_last) model.node("Transpose", {"p"}, {"t"}, {{"perm", ints({0, 2, 3, 1})}});
    model.node("Reshape", {channels_last ? "t" : "p", "s"}, {"r"})
        .node("MatMul", {"r", "w"}, {"y"});
    const Comparison got = compare(model, random_tensor({2, 3, 4, 5}, 2));
    EXPECT_EQ(ops_of(got.network), "host_quantize max_pool conv host_dequantize");
    EXPECT_LT(got.worst_steps("y"), kProduct);
  }
}

// Patches of a vision transformer: [1, C, H, W] -> [1, C, HW] -> [1, HW, C].
TEST(Layout, PatchEmbeddingIsAView) {
  OnnxBuilder model;
  model.input("x", {1, 3, 8, 8}).output("y").initializer("w", random_tensor({6, 3, 4, 4}, 1));
  model.initializer("s", int64s({1, 6, 4})).initializer("p", random_tensor({6, 5}, 2));
  model.node("Conv", {"x", "w"}, {"c"}, {{"strides", ints({4, 4})}})
      .node("Reshape", {"c", "s"}, {"r"});
  model.node("Transpose", {"r"}, {"t"}, {{"perm", ints({0, 2, 1})}})
      .node("MatMul", {"t", "p"}, {"y"});
  const Comparison got = compare(model, random_tensor({1, 3, 8, 8}, 3));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv conv host_dequantize");
  EXPECT_LT(got.worst_steps("y"), 5.0);
}

TEST(Layout, ChannelShuffleMovesOnTheHost) {
  OnnxBuilder model;
  model.input("x", {1, 6, 2, 3})
      .output("y")
      .initializer("s5", int64s({1, 2, 3, 2, 3}))
      .initializer("s4", int64s({1, 6, 2, 3}));
  model.initializer("w", random_tensor({6, 1, 1, 1}, 1, 0.5f, 1));
  model.node("MaxPool", {"x"}, {"p"}, {{"kernel_shape", ints({1, 1})}});
  model.node("Reshape", {"p", "s5"}, {"a"})
      .node("Transpose", {"a"}, {"b"}, {{"perm", ints({0, 2, 1, 3, 4})}})
      .node("Reshape", {"b", "s4"}, {"c"});
  model.node("Conv", {"c", "w"}, {"y"}, {{"group", int64_t{6}}});
  const Comparison got = compare(model, random_tensor({1, 6, 2, 3}, 2));
  EXPECT_EQ(ops_of(got.network), "host_quantize max_pool host_permute conv host_dequantize");
  EXPECT_LT(got.worst_steps("y"), kProduct);
}

TEST(Layout, MatrixProductOverSpaceMovesOnTheHost) {
  OnnxBuilder model;
  model.input("x", {1, 3, 2, 4}).output("y").initializer("w", random_tensor({4, 5}, 1));
  model.node("MaxPool", {"x"}, {"p"}, {{"kernel_shape", ints({1, 1})}})
      .node("MatMul", {"p", "w"}, {"y"});
  const Comparison got = compare(model, random_tensor({1, 3, 2, 4}, 2));
  EXPECT_EQ(ops_of(got.network), "host_quantize max_pool host_permute conv host_dequantize");
  EXPECT_LT(got.worst_steps("y"), kProduct);
}

TEST(Layout, ConcatAlongOtherAxesMovesOnTheHost) {
  for (const int64_t axis : {0, 2, 3}) {
    OnnxBuilder model;
    model.input("x", {2, 3, 4, 4}).output("y");
    model.node("MaxPool", {"x"}, {"a"}, {{"kernel_shape", ints({1, 1})}})
        .node("AveragePool", {"x"}, {"b"},
              {{"kernel_shape", ints({3, 3})}, {"pads", ints({1, 1, 1, 1})}});
    model.node("Concat", {"a", "b", "a"}, {"y"}, {{"axis", axis}});
    const Comparison got = compare(model, random_tensor({2, 3, 4, 4}, 1));
    EXPECT_EQ(got.network.layers[got.network.layers.size() - 2].op, LayerOp::kHostPermute);
    EXPECT_LT(got.worst_steps("y"), 2.1) << "axis " << axis;
  }
}

TEST(Layout, ConcatOfFlattenedMaps) {
  OnnxBuilder model;
  model.input("x", {1, 3, 2, 2})
      .output("y")
      .node("MaxPool", {"x"}, {"p"}, {{"kernel_shape", ints({1, 1})}});
  model.node("GlobalAveragePool", {"x"}, {"g"})
      .node("Flatten", {"p"}, {"a"})
      .node("Flatten", {"g"}, {"b"})
      .node("Concat", {"a", "b"}, {"y"}, {{"axis", int64_t{1}}});
  const Comparison got = compare(model, random_tensor({1, 3, 2, 2}, 1));
  EXPECT_LT(got.worst_steps("y"), 2.1);
}

TEST(Layout, AddBringsOperandsToOneOrder) {
  OnnxBuilder model;
  model.input("x", {1, 2, 2, 2}).input("z", {1, 2, 2, 2}).output("y");
  model.node("MaxPool", {"x"}, {"a"}, {{"kernel_shape", ints({1, 1})}})
      .node("Transpose", {"z"}, {"b"}, {{"perm", ints({0, 2, 1, 3})}})
      .node("Add", {"a", "b"}, {"y"});
  const Graph graph = import_model(model);
  const Comparison got =
      compare(graph, {random_tensor({1, 2, 2, 2}, 1), random_tensor({1, 2, 2, 2}, 2)});
  EXPECT_LT(got.worst_steps("y"), 1.6);
}

TEST(Layout, SoftmaxOverAnotherAxisThanChannels) {
  OnnxBuilder model;
  model.input("x", {1, 3, 2, 4})
      .output("y")
      .node("MaxPool", {"x"}, {"p"}, {{"kernel_shape", ints({1, 1})}});
  model.node("Softmax", {"p"}, {"y"}, {{"axis", int64_t{3}}});
  const Comparison got = compare(model, random_tensor({1, 3, 2, 4}, 1));
  EXPECT_EQ(ops_of(got.network), "host_quantize max_pool host_permute host_softmax");
  for (size_t i = 0; i < 24; ++i) EXPECT_NEAR(got.integer.at("y")[i], got.real.at("y")[i], 0.01);
}

TEST(Layout, OldSoftmaxSpansAllThatFollowsItsAxis) {
  OnnxBuilder model(11);
  model.input("x", {1, 3, 2, 2})
      .output("y")
      .node("MaxPool", {"x"}, {"p"}, {{"kernel_shape", ints({1, 1})}})
      .node("Softmax", {"p"}, {"y"});
  const Comparison got = compare(model, random_tensor({1, 3, 2, 2}, 1));
  for (size_t i = 0; i < 12; ++i) EXPECT_NEAR(got.integer.at("y")[i], got.real.at("y")[i], 0.01);
}

TEST(Pad, FoldsIntoConvolutions) {
  OnnxBuilder model;
  model.input("x", {1, 4, 4, 2})
      .output("y")
      .initializer("p", int64s({0, 1, 2, 0, 0, 0, 1, 0}))
      .initializer("w", random_tensor({3, 2, 3, 3}, 1));
  model.node("Pad", {"x", "p"}, {"q"})
      .node("Transpose", {"q"}, {"t"}, {{"perm", ints({0, 3, 1, 2})}})
      .node("Conv", {"t", "w"}, {"y"}, {{"pads", ints({0, 0, 1, 0})}});
  const Comparison got = compare(model, random_tensor({1, 4, 4, 2}, 2, 1, 3));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_dequantize");
  EXPECT_EQ(got.network.layers[1].window.pad_left, 2);
  EXPECT_EQ(got.network.layers[1].window.pad_bottom, 1);
  EXPECT_LT(got.worst_steps("y"), kProduct);
}

TEST(Pad, IsARescaleWhereItDoesNotFold) {
  OnnxBuilder model;
  model.input("x", {1, 2, 3, 3})
      .output("y")
      .output("z")
      .initializer("p", int64s({0, 0, 1, 1, 0, 0, 0, 2}));
  model.node("Pad", {"x", "p"}, {"q"})
      .node("MaxPool", {"q"}, {"y"}, {{"kernel_shape", ints({2, 2})}});
  model.node("AveragePool", {"q"}, {"z"}, {{"kernel_shape", ints({2, 2})}});
  const Comparison got = compare(model, random_tensor({1, 2, 3, 3}, 1, -3, -1));
  EXPECT_EQ(ops_of(got.network),
            "host_quantize rescale max_pool average_pool host_dequantize host_dequantize");
  EXPECT_LT(got.worst_steps("y"), 1.1);
  EXPECT_LT(got.worst_steps("z"), 1.6);
}

TEST(Pad, FoldsIntoPoolsWhereZeroesDoNotShow) {
  OnnxBuilder model;
  model.input("x", {1, 2, 4, 4})
      .output("y")
      .output("z")
      .initializer("p", int64s({0, 0, 1, 1, 0, 0, 1, 1}))
      .initializer("w", random_tensor({2, 2, 1, 1}, 1));
  model.node("Conv", {"x", "w"}, {"c"}).node("Relu", {"c"}, {"r"});
  for (const auto& [from, pool, to] :
       {std::tuple("q", "MaxPool", "y"), std::tuple("u", "AveragePool", "z")}) {
    model.node("Pad", {"r", "p"}, {from})
        .node(pool, {from}, {to}, {{"kernel_shape", ints({3, 3})}});
  }
  const Comparison got = compare(model, random_tensor({1, 2, 4, 4}, 2));
  EXPECT_EQ(ops_of(got.network),
            "host_quantize conv max_pool average_pool host_dequantize host_dequantize");
  EXPECT_LT(got.worst_steps("y"), kProduct);
  EXPECT_LT(got.worst_steps("z"), kProduct);
}

}  // namespace
}  // namespace qsim::test
