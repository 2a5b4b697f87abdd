// Operators that need no hardware of their own: maxima over the whole map, differences from and
// products with constants.
#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

constexpr double kMove = 0.51;  // codes pass through: only the input's rounding
constexpr double kProduct = 3.0;

OnnxBuilder image_model() {
  OnnxBuilder model;
  model.input("x", {2, 3, 5, 4}).output("y");
  return model;
}

TEST(MoreOperators, GlobalMaxPool) {
  OnnxBuilder model = image_model();
  model.node("GlobalMaxPool", {"x"}, {"y"});
  const Comparison got = compare(model, random_tensor({2, 3, 5, 4}, 1));
  EXPECT_EQ(ops_of(got.network), "host_quantize max_pool host_dequantize");
  EXPECT_LT(got.worst_steps("y"), kMove);
}

TEST(MoreOperators, ReduceMaxOverSpace) {
  for (const int64_t keep : {0, 1}) {
    OnnxBuilder model = image_model();
    model.node("ReduceMax", {"x"}, {"y"}, {{"axes", ints({2, -1})}, {"keepdims", keep}});
    const Comparison got = compare(model, random_tensor({2, 3, 5, 4}, 2));
    EXPECT_EQ(ops_of(got.network), "host_quantize max_pool host_dequantize");
    EXPECT_LT(got.worst_steps("y"), kMove);
  }
}

// A Relu after a maximum is the clamp of the convolution before it.
TEST(MoreOperators, AClampPassesAMaximum) {
  OnnxBuilder model = image_model();
  model.initializer("w", random_tensor({4, 3, 1, 1}, 3)).node("Conv", {"x", "w"}, {"c"});
  model.node("ReduceMax", {"c"}, {"m"}, {{"axes", ints({3})}}).node("Relu", {"m"}, {"y"});
  EXPECT_EQ(ops_of(model), "host_quantize conv max_pool host_dequantize");
}

TEST(MoreOperators, ReduceMaxOverChannelsIsAnError) {
  OnnxBuilder model = image_model();
  model.node("MaxPool", {"x"}, {"p"}, {{"kernel_shape", ints({1, 1})}});
  model.node("ReduceMax", {"p"}, {"y"}, {{"axes", ints({1})}}, "m");
  EXPECT_NE(quantize_error(model).find(
                "node m: a maximum over other dimensions than height and width is not supported"),
            std::string::npos);
}

TEST(MoreOperators, DifferencesAndProductsFoldIntoAConvolution) {
  OnnxBuilder model = image_model();
  model.initializer("w", random_tensor({4, 3, 1, 1}, 4)).initializer("half", floats({}, {0.5f}));
  model.initializer("mean", random_tensor({4, 1, 1}, 5));
  model.initializer("gain", random_tensor({1, 4, 1, 1}, 6, 0.5f, 2));
  model.node("Conv", {"x", "w"}, {"c"}).node("Sub", {"c", "mean"}, {"d"});
  model.node("Mul", {"gain", "d"}, {"e"}).node("Sub", {"half", "e"}, {"y"});
  const Comparison got = compare(model, random_tensor({2, 3, 5, 4}, 7));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_dequantize");
  EXPECT_LT(got.worst_steps("y"), kProduct);
}

TEST(MoreOperators, NormalizationOfTheInputIsADepthwiseConvolution) {
  OnnxBuilder model = image_model();
  model.initializer("mean", random_tensor({1, 3, 1, 1}, 8));
  model.initializer("gain", random_tensor({3, 1, 1}, 9, 0.5f, 2));
  model.node("Sub", {"x", "mean"}, {"d"}).node("Mul", {"d", "gain"}, {"y"});
  const Comparison got = compare(model, random_tensor({2, 3, 5, 4}, 10));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_dequantize");
  EXPECT_LT(got.worst_steps("y"), kProduct);
}

TEST(MoreOperators, AConstantOfSeveralDimensionsIsAnError) {
  OnnxBuilder model = image_model();
  model.initializer("c", random_tensor({3, 5, 1}, 11)).node("Mul", {"x", "c"}, {"y"}, {}, "m");
  EXPECT_NE(quantize_error(model).find("a constant that varies along several dimensions"),
            std::string::npos);
}

TEST(MoreOperators, MaximaAndMinimaWithANumberAreClamps) {
  OnnxBuilder model = image_model();
  model.initializer("w", random_tensor({4, 3, 1, 1}, 13)).initializer("low", floats({}, {-0.25f}));
  model.initializer("high", floats({1}, {0.5f})).node("Conv", {"x", "w"}, {"c"});
  model.node("Max", {"low", "c"}, {"m"}).node("Min", {"m", "high"}, {"y"});
  const Comparison got = compare(model, random_tensor({2, 3, 5, 4}, 14));
  EXPECT_EQ(ops_of(got.network), "host_quantize conv host_dequantize");
  EXPECT_LT(got.worst_steps("y"), kProduct);
  const std::vector<float>& y = got.integer.at("y");
  EXPECT_NEAR(*std::min_element(y.begin(), y.end()), -0.25, 0.003);
  EXPECT_NEAR(*std::max_element(y.begin(), y.end()), 0.5, 0.003);
}

TEST(MoreOperators, MaximaOfActivationsAreAnError) {
  OnnxBuilder model = image_model();
  model.node("Max", {"x", "x"}, {"y"}, {}, "m");
  EXPECT_EQ(quantize_error(model),
            "made: cannot be quantized: node m (Max): with anything but one activation and one "
            "number it is not supported");
}

TEST(MoreOperators, PadsOfReflectionsAndEdgesAreMoves) {
  for (const char* mode : {"reflect", "edge"}) {
    OnnxBuilder model = image_model();
    model.node("Relu", {"x"}, {"r"});
    model.initializer("pads", int64s({0, 0, 2, 1, 0, 0, 3, 2}));
    model.node("Pad", {"r", "pads"}, {"y"}, {{"mode", std::string(mode)}});
    const Comparison got = compare(model, random_tensor({2, 3, 5, 4}, 15));
    EXPECT_EQ(ops_of(got.network), "host_quantize rescale host_permute host_dequantize");
    EXPECT_LT(got.worst_steps("y"), 1.6);  // half a step of x is one of y, and y is rounded
  }
}

}  // namespace
}  // namespace qsim::test
