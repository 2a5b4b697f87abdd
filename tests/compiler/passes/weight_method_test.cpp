// Scales and codes of float weights, by each method.
#include "compiler/passes/weight_scale.h"

#include <cmath>

#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

OnnxBuilder product() {
  OnnxBuilder model;
  model.input("x", {1, 4}).output("y");
  Tensor weight = random_tensor({4, 3}, 7);
  for (int i = 0; i < 4; ++i) weight.data<float>()[3 * i + 1] *= 0.01f;
  model.initializer("w", weight).initializer("b", random_tensor({3}, 8));
  model.node("Gemm", {"x", "w", "b"}, {"y"}, {}, "fc");
  return model;
}

IntegerNetwork quantized(const Recipe& recipe) {
  const Graph graph = import_model(product());
  Calibrator calibrator(graph, recipe.needs_histograms());
  for (uint32_t seed = 1; seed <= 4; ++seed) calibrator.observe(random_tensor({1, 4}, seed));
  return quantize(graph, {.calibration = &calibrator.result(), .recipe = &recipe});
}

const Layer& fc(const IntegerNetwork& network) {
  for (const Layer& layer : network.layers)
    if (layer.op == LayerOp::kConv) return layer;
  throw std::logic_error("no layer");
}

bool is_power_of_two(float scale) {
  int exponent = 0;
  return std::frexp(scale, &exponent) == 0.5f;
}

TEST(WeightScale, GreatestMagnitudeOrLeastSquares) {
  const std::vector<double> row = {0.1, -0.2, 0.15, 3, 0.05, -0.12};
  EXPECT_EQ(weight_scale({&row}, 7, {}), 3.0 / 7);
  // A hundred small weights and a great one: clipping the great one pays.
  std::vector<double> tail(3000, 0.1);
  tail.push_back(1);
  const double scale = weight_scale({&tail}, 7, {.is_mse = true});
  EXPECT_NEAR(scale, 0.1, 1e-12);
  const std::vector<double> zeros(4, 0.0);
  EXPECT_EQ(weight_scale({&zeros}, 7, {.is_mse = true}), 0);
  // A tie: both codes are exact at the full scale and at others.
  const std::vector<double> two = {1, -1};
  EXPECT_EQ(weight_scale({&two}, 1, {.is_mse = true}), 1);
}

TEST(WeightScale, OneForTheLayerIsTheGreatestOfItsChannels) {
  const IntegerNetwork one = quantized({}),
                       two = quantized({.weight_method = {.is_per_tensor = true}});
  const Layer& own = fc(one);
  const Layer& common = fc(two);
  const float greatest = *std::max_element(own.weight_scale.begin(), own.weight_scale.end());
  EXPECT_NE(own.weight_scale[0], own.weight_scale[1]);
  EXPECT_EQ(common.weight_scale, std::vector<float>(3, greatest));
}

TEST(WeightScale, PowersOfTwoAndSymmetricCodes) {
  const IntegerNetwork network =
      quantized({.calibrator = {.rule = RangeRule::kMse},
                 .activation_form = {.is_symmetric = true, .is_power_of_two = true},
                 .weight_method = {.is_mse = true, .is_power_of_two = true}});
  for (float scale : fc(network).weight_scale) EXPECT_TRUE(is_power_of_two(scale)) << scale;
  for (const NetTensor& tensor : network.tensors) {
    if (tensor.is_float) continue;
    EXPECT_TRUE(is_power_of_two(tensor.quant.scale)) << tensor.name;
    EXPECT_EQ(tensor.quant.zero_point, 0) << tensor.name;
  }
}

TEST(Recipe, CalibratorOfWhatAnotherDecides) {
  Recipe recipe{.source = "r.json"};
  for (const char* name : {"fc", "x:quantize"}) recipe.layers[name].calibrator = RangeMethod{};
  try {
    quantized(recipe);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("x:quantize"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace qsim::test
