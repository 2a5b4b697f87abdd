// Scales and codes of float weights, by each method.
#include "compiler/passes/weight_scale.h"

#include <cmath>

#include "compiler/passes/error_feedback.h"
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
  Calibrator calibrator(graph, recipe.needs());
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

// x -> 3x3 convolution with padding and stride -> y, on inputs with means far from zero.
Graph convolution(int64_t groups) {
  OnnxBuilder model;
  model.input("x", {1, 4, 9, 7}).output("y");
  model.initializer("w", random_tensor({8, 4 / groups, 3, 3}, 5))
      .initializer("b", random_tensor({8}, 6));
  model.node("Conv", {"x", "w", "b"}, {"y"},
             {{"pads", ints({1, 1, 1, 0})}, {"strides", ints({2, 1})}, {"group", groups}}, "conv");
  return import_model(model);
}

struct ErrorOfMean {
  double mean = 0, square = 0;  // of the output's error: squared mean over channels, mean square
};

// Of the dequantized output against the float one, on the samples that calibrate.
ErrorOfMean error_with(const Graph& graph, const WeightMethod& method) {
  const Recipe recipe{.weights = 3, .weight_method = method};
  Calibrator calibrator(graph, recipe.needs());
  std::vector<Tensor> inputs;
  for (uint32_t seed = 1; seed <= 24; ++seed) {
    Tensor input = random_tensor({1, 4, 9, 7}, seed, -0.2f, 1);
    // Neighbours are alike, as in images.
    for (int64_t i = 1; i < input.size(); ++i)
      input.data<float>()[i] = 0.8f * input.data<float>()[i - 1] + 0.2f * input.data<float>()[i];
    inputs.push_back(input);
  }
  for (const Tensor& input : inputs) calibrator.observe(input);
  const IntegerNetwork network =
      quantize(graph, {.calibration = &calibrator.result(), .recipe = &recipe});
  // Weights and biases as reals, in a copy of the graph.
  Graph rounded = graph;
  const Layer* layer = nullptr;
  for (const Layer& l : network.layers)
    if (l.op == LayerOp::kConv) layer = &l;
  const double scale_x = double{network.tensor(layer->inputs[0]).quant.scale};
  for (Value& value : rounded.values) {
    if (value.name == "b") {
      for (size_t o = 0; o < 8; ++o)
        value.data.data<float>()[o] =
            static_cast<float>(layer->bias[o] * scale_x * double{layer->weight_scale[o]});
    } else if (value.name == "w") {
      const size_t depth = static_cast<size_t>(value.shape[1]);
      for (size_t o = 0; o < 8; ++o)
        for (size_t i = 0; i < depth; ++i)
          for (size_t k = 0; k < 9; ++k)
            value.data.data<float>()[(o * depth + i) * 9 + k] =
                static_cast<float>(layer->weights[(o * 9 + k) * depth + i]) *
                layer->weight_scale[o];
    }
  }
  ErrorOfMean result;
  std::vector<double> means(8, 0);
  double count = 0;
  for (const Tensor& input : inputs) {
    const Tensor a = FloatExecutor(graph).run({input})[0],
                 b = FloatExecutor(rounded).run({input})[0];
    const int64_t pixels = a.size() / 8;
    for (int64_t i = 0; i < a.size(); ++i) {
      const double error = double{b.data<float>()[i]} - double{a.data<float>()[i]};
      means[static_cast<size_t>(i / pixels)] += error;
      result.square += error * error;
      ++count;
    }
  }
  for (double mean : means) result.mean += std::pow(mean / (count / 8), 2);
  result.square /= count;
  return result;
}

TEST(BiasCorrection, TakesAwayTheMeanError) {
  for (int64_t groups : {1, 2, 4}) {
    const Graph graph = convolution(groups);
    const ErrorOfMean plain = error_with(graph, {}),
                      corrected = error_with(graph, {.corrects_bias = true});
    // Padding counts too: what is left is the rounding of the bias.
    EXPECT_LT(corrected.mean, 1e-3 * plain.mean) << groups;
    EXPECT_LT(corrected.square, plain.square) << groups;
  }
}

TEST(Feedback, LeavesLessErrorThanRoundingToNearest) {
  for (int64_t groups : {1, 2, 4}) {
    const Graph graph = convolution(groups);
    const ErrorOfMean plain = error_with(graph, {}),
                      with = error_with(graph, {.rounding = Rounding::kFeedback});
    EXPECT_LT(with.square, 0.5 * plain.square) << groups;
    const ErrorOfMean both =
        error_with(graph, {.rounding = Rounding::kFeedback, .corrects_bias = true});
    EXPECT_LT(both.mean, 1e-3 * plain.mean) << groups;
    EXPECT_LT(both.square, 0.5 * plain.square) << groups;
  }
}

TEST(Feedback, RoundsToNearestWhereInputsAreIndependent) {
  const ErrorFeedback feedback({1, 0, 0, 0, 4, 0, 0, 0, 2}, 3);
  EXPECT_EQ(feedback.round({0.4, -1.6, 9}, 1, 7), (std::vector<int32_t>{0, -2, 7}));
  // Nothing was seen: to nearest as well.
  EXPECT_EQ(ErrorFeedback(std::vector<double>(9, 0.0), 3).round({0.4, -1.6, 9}, 1, 7),
            (std::vector<int32_t>{0, -2, 7}));
}

// Two inputs that are always equal: the second makes up for the first.
TEST(Feedback, SpreadsTheErrorOverWhatIsAlike) {
  const ErrorFeedback feedback({1, 1, 1, 1}, 2);
  EXPECT_EQ(feedback.round({0.4, 0.4}, 1, 7), (std::vector<int32_t>{0, 1}));
}

}  // namespace
}  // namespace qsim::test
