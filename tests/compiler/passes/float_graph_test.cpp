// Float graphs: each operator, quantized from calibration, stays within a step or two of float.
#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

// A convolution's result differs by its own rounding and by those of input and weights.
constexpr double kProduct = 3.0, kRounding = 0.51;

TEST(FloatGraph, ConvReluBecomesOneLayer) {
  OnnxBuilder model;
  model.input("x", {1, 3, 6, 7}).output("y");
  model.initializer("w", random_tensor({8, 3, 3, 3}, 1)).initializer("b", random_tensor({8}, 2));
  model.node("Conv", {"x", "w", "b"}, {"c"},
             {{"pads", ints({1, 1, 0, 2})}, {"strides", ints({2, 1})}});
  model.node("Relu", {"c"}, {"y"});
  const Comparison got = compare(model, random_tensor({1, 3, 6, 7}, 3));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_dequantize");
  EXPECT_LT(got.worst_steps("y"), kProduct);
  const Layer& conv = got.network.layers[1];
  EXPECT_EQ(got.network.tensor(conv.output).quant.zero_point, -128);
  EXPECT_EQ(conv.clamp_low, -128);
  EXPECT_EQ(
      *std::max_element(conv.weights.begin(), conv.weights.end(),
                        [](int8_t a, int8_t b) { return std::abs(a) < std::abs(b); }) == 127 ||
          std::count(conv.weights.begin(), conv.weights.end(), -127) > 0,
      true);
}

TEST(FloatGraph, GroupsDilationAndOneDimension) {
  OnnxBuilder model;
  model.input("x", {2, 4, 9}).output("y").initializer("w", random_tensor({6, 2, 3}, 1));
  model.node("Conv", {"x", "w"}, {"y"},
             {{"group", int64_t{2}}, {"dilations", ints({2})}, {"pads", ints({2, 1})}});
  const Comparison got = compare(model, random_tensor({2, 4, 9}, 2));
  EXPECT_LT(got.worst_steps("y"), kProduct);
  const NetTensor& y = got.network.tensor(got.network.layers[1].output);
  EXPECT_EQ(y.n, 2);
  EXPECT_EQ(y.h, 1);
  EXPECT_EQ(y.w, 8);
  EXPECT_EQ(y.c, 6);
}

TEST(FloatGraph, FlattenAndGemmBecomeAConvolutionOverTheMap) {
  OnnxBuilder model;
  model.input("x", {1, 4, 3, 5}).output("y");
  model.initializer("w", random_tensor({7, 60}, 1)).initializer("b", random_tensor({7}, 2));
  model.node("MaxPool", {"x"}, {"r"}, {{"kernel_shape", ints({1, 1})}})
      .node("Flatten", {"r"}, {"f"});
  model.node("Gemm", {"f", "w", "b"}, {"y"},
             {{"transB", int64_t{1}}, {"alpha", 0.5f}, {"beta", 2.0f}});
  const Comparison got = compare(model, random_tensor({1, 4, 3, 5}, 3));
  EXPECT_EQ(ops_of(got.network), "host_quantize max_pool conv host_dequantize");
  EXPECT_EQ(got.network.layers[2].window.kh, 3);
  EXPECT_EQ(got.network.layers[2].window.kw, 5);
  EXPECT_LT(got.worst_steps("y"), kProduct);
}

TEST(FloatGraph, MatMulThenAddIsOneLayer) {
  OnnxBuilder model;
  model.input("x", {2, 3, 8})
      .output("y")
      .initializer("w", random_tensor({8, 5}, 1))
      .initializer("b", random_tensor({5}, 2));
  model.node("MatMul", {"x", "w"}, {"m"}).node("Add", {"b", "m"}, {"y"});
  const Comparison got = compare(model, random_tensor({2, 3, 8}, 3));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_dequantize");
  EXPECT_LT(got.worst_steps("y"), kProduct);
}

TEST(FloatGraph, BatchNormalizationFoldsOrStandsAlone) {
  for (const bool stands_alone : {false, true}) {
    OnnxBuilder model;
    model.input("x", {1, 4, 5, 5}).output("y").initializer("w", random_tensor({6, 4, 1, 1}, 1));
    model.initializer("g", random_tensor({6}, 2, -2, 2)).initializer("b", random_tensor({6}, 3));
    model.initializer("m", random_tensor({6}, 4)).initializer("v", random_tensor({6}, 5, 0.1f, 2));
    model.node("Conv", {"x", "w"}, {"c"});
    model.node("BatchNormalization", {stands_alone ? "r" : "c", "g", "b", "m", "v"}, {"y"});
    if (stands_alone) model.node("Relu", {"c"}, {"r"});
    const Comparison got = compare(model, random_tensor({1, 4, 5, 5}, 6));
    EXPECT_EQ(ops_of(got.network), stands_alone ? "host_quantize conv conv host_dequantize"
                                                : "host_quantize conv host_dequantize");
    EXPECT_LT(got.worst_steps("y"), stands_alone ? 5.0 : kProduct);
    EXPECT_EQ(got.network.layers[2].is_depthwise(got.network.tensors), stands_alone);
  }
}

TEST(FloatGraph, AddOfActivationsKeepsBothScales) {
  OnnxBuilder model;
  model.input("a", {1, 4, 3, 3})
      .input("b", {1, 4, 3, 3})
      .output("y")
      .node("Add", {"a", "b"}, {"s"})
      .node("Relu", {"s"}, {"y"});
  const Graph graph = import_model(model);
  const Comparison got =
      compare(graph, {random_tensor({1, 4, 3, 3}, 1), random_tensor({1, 4, 3, 3}, 2, -20, 20)});
  EXPECT_EQ(ops_of(got.network), "host_quantize host_quantize add host_dequantize");
  EXPECT_LT(got.worst_steps("y"), 1.6);
}

TEST(FloatGraph, SumIsAChainOfAdds) {
  OnnxBuilder model;
  model.input("a", {1, 6})
      .input("b", {1, 6})
      .input("c", {1, 6})
      .output("y")
      .node("Sum", {"a", "b", "c"}, {"y"}, {}, "sum");
  const Graph graph = import_model(model);
  const Comparison got = compare(
      graph, {random_tensor({1, 6}, 1), random_tensor({1, 6}, 2), random_tensor({1, 6}, 3)});
  EXPECT_EQ(ops_of(got.network),
            "host_quantize host_quantize add host_quantize add host_dequantize");
  EXPECT_LT(got.worst_steps("y"), 3.0);
  EXPECT_EQ(got.network.layers[2].name, "sum:2");
}

// Found by fuzzing: a partial sum had the shape of the whole.
TEST(FloatGraph, PartialSumHasItsOwnShape) {
  OnnxBuilder model;
  model.input("x", {1, 1, 6}).input("y", {6}).output("z");
  model.node("Sum", {"y", "y", "x"}, {"z"}, {}, "sum");
  const Graph graph = import_model(model);
  const Comparison got = compare(graph, {random_tensor({1, 1, 6}, 1), random_tensor({6}, 2)});
  EXPECT_LT(got.worst_steps("z"), 3.0);

  OnnxBuilder wide;
  wide.input("x", {3, 4, 5}).input("y", {5}).output("z");
  wide.node("Sum", {"y", "y", "x"}, {"z"}, {}, "sum");
  const Comparison sums =
      compare(import_model(wide), {random_tensor({3, 4, 5}, 3), random_tensor({5}, 4)});
  EXPECT_EQ(ops_of(sums.network), "host_quantize add host_quantize host_add host_dequantize");
  EXPECT_LT(sums.worst_steps("z"), 3.0);
}

TEST(FloatGraph, Pools) {
  OnnxBuilder model;
  model.input("x", {1, 3, 7, 6}).output("y").output("z");
  model.node("MaxPool", {"x"}, {"m"},
             {{"kernel_shape", ints({3, 2})},
              {"strides", ints({2, 2})},
              {"ceil_mode", int64_t{1}},
              {"pads", ints({1, 0, 0, 1})}});
  model.node("AveragePool", {"m"}, {"y"},
             {{"kernel_shape", ints({2, 2})},
              {"pads", ints({1, 1, 1, 1})},
              {"count_include_pad", int64_t{1}}});
  model.node("AveragePool", {"m"}, {"z"},
             {{"kernel_shape", ints({3, 3})}, {"pads", ints({1, 1, 1, 1})}});
  const Comparison got = compare(model, random_tensor({1, 3, 7, 6}, 1));
  EXPECT_EQ(ops_of(got.network),
            "host_quantize max_pool average_pool average_pool host_dequantize host_dequantize");
  EXPECT_LT(got.worst_steps("m"), kRounding);
  EXPECT_LT(got.worst_steps("y"), 1.2);
  EXPECT_LT(got.worst_steps("z"), 1.2);
}

TEST(FloatGraph, MeansOverSpaceAreAveragePools) {
  OnnxBuilder model;
  model.input("x", {1, 3, 4, 6}).output("a").output("b").output("c");
  model.node("GlobalAveragePool", {"x"}, {"a"});
  model.node("ReduceMean", {"x"}, {"b"}, {{"axes", ints({-1, 2})}, {"keepdims", int64_t{0}}});
  model.node("ReduceMean", {"x"}, {"c"}, {{"axes", ints({3})}});
  const Comparison got = compare(model, random_tensor({1, 3, 4, 6}, 1));
  for (const char* name : {"a", "b", "c"}) EXPECT_LT(got.worst_steps(name), 2.0) << name;
  EXPECT_EQ(ops_of(got.network),
            "host_quantize average_pool average_pool average_pool host_dequantize host_dequantize "
            "host_dequantize");
}

TEST(FloatGraph, ConcatSharesOneScaleAmongInputsOfItsOwn) {
  OnnxBuilder model;
  model.input("x", {1, 4, 3, 3}).output("y");
  model.initializer("w1", random_tensor({2, 4, 1, 1}, 1))
      .initializer("w2", random_tensor({3, 4, 3, 3}, 2));
  model.node("Conv", {"x", "w1"}, {"a"})
      .node("Conv", {"x", "w2"}, {"b"}, {{"pads", ints({1, 1, 1, 1})}});
  model.node("Concat", {"a", "b"}, {"y"}, {{"axis", int64_t{1}}});
  const Comparison got = compare(model, random_tensor({1, 4, 3, 3}, 3));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv conv concat host_dequantize");
  EXPECT_EQ(got.network.tensor(got.network.layers[1].output).quant,
            got.network.tensor(got.network.layers[3].output).quant);
  EXPECT_LT(got.worst_steps("y"), kProduct);
}

TEST(FloatGraph, SoftmaxEndsOnTheHost) {
  OnnxBuilder model;
  model.input("x", {1, 6, 1, 1})
      .output("y")
      .initializer("w", random_tensor({5, 6, 1, 1}, 1, -3, 3));
  model.node("Conv", {"x", "w"}, {"c"})
      .node("Flatten", {"c"}, {"f"})
      .node("LogSoftmax", {"f"}, {"y"});
  const Comparison got = compare(model, random_tensor({1, 6, 1, 1}, 2));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_softmax");
  EXPECT_TRUE(got.network.layers[2].log);
  for (size_t i = 0; i < 5; ++i) EXPECT_NEAR(got.integer.at("y")[i], got.real.at("y")[i], 0.2);
}

TEST(FloatGraph, WithoutCalibrationItSaysWhatToPass) {
  OnnxBuilder model;
  model.input("x", {1, 3, 4, 4})
      .output("y")
      .initializer("w", random_tensor({2, 3, 1, 1}, 1))
      .node("Conv", {"x", "w"}, {"y"});
  const IntegerNetwork network = quantize(import_model(model));
  EXPECT_FALSE(network.has_values);
  ASSERT_EQ(network.value_blockers.size(), 1u);
  EXPECT_EQ(network.value_blockers[0],
            "2 tensors need calibration data (x:codes, y:codes): pass --calibrate data.npz, or "
            "--data data.npz to take a part of it");
  EXPECT_TRUE(network.layers[1].weights.empty());
}

TEST(FloatGraph, WeightsThatAreShapesOnlyAreNamed) {
  OnnxBuilder model;
  model.input("x", {1, 3, 4, 4}).output("y").initializer("s", int64s({2, 3, 1, 1}));
  model.node("ConstantOfShape", {"s"}, {"w"}).node("Conv", {"x", "w"}, {"y"}, {}, "conv");
  const IntegerNetwork network = quantize(import_model(model));
  ASSERT_EQ(network.value_blockers.size(), 1u);
  EXPECT_EQ(network.value_blockers[0],
            "the weights of 1 layers (conv) are ConstantOfShape: the file holds their shapes only");
}

}  // namespace
}  // namespace qsim::test
