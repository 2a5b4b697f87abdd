// Recipes: which bits every tensor and every layer's weights get, and what they do to values.
#include "compiler/passes/recipe.h"

#include "hw/spec/packing.h"
#include "tests/compiler/passes/pass_helpers.h"
#include "tests/support/slow_reference.h"

namespace qsim::test {
namespace {

// x -> conv1 -> relu -> pool -> conv2 -> add(conv2, pool) -> flatten -> fc -> y
OnnxBuilder small_network() {
  OnnxBuilder model;
  model.input("x", {1, 3, 8, 8}).output("y");
  model.initializer("w1", random_tensor({8, 3, 3, 3}, 1)).initializer("b1", random_tensor({8}, 2));
  model.initializer("w2", random_tensor({8, 8, 3, 3}, 3))
      .initializer("w3", random_tensor({128, 5}, 4));
  model.node("Conv", {"x", "w1", "b1"}, {"c1"}, {{"pads", ints({1, 1, 1, 1})}}, "conv1");
  model.node("Relu", {"c1"}, {"r1"}, {}, "relu1");
  model.node("MaxPool", {"r1"}, {"p"}, {{"kernel_shape", ints({2, 2})}, {"strides", ints({2, 2})}},
             "pool");
  model.node("Conv", {"p", "w2"}, {"c2"}, {{"pads", ints({1, 1, 1, 1})}}, "conv2");
  model.node("Add", {"c2", "p"}, {"s"}, {}, "add").node("Flatten", {"s"}, {"f"}, {}, "flatten");
  model.node("Gemm", {"f", "w3"}, {"y"}, {}, "fc");
  return model;
}

// "x:codes 8, r1 4, ...": the bits of all codes.
std::string bits_of(const IntegerNetwork& network) {
  std::string text;
  for (const NetTensor& t : network.tensors) {
    if (!t.is_float) text += (text.empty() ? "" : ", ") + t.name + " " + std::to_string(t.bits);
  }
  return text;
}

std::string weight_bits_of(const IntegerNetwork& network) {
  std::string text;
  for (const Layer& layer : network.layers) {
    if (layer.op != LayerOp::kConv) continue;
    text += (text.empty() ? "" : ", ") + layer.name + " " + std::to_string(layer.weight_bits);
  }
  return text;
}

IntegerNetwork with(const OnnxBuilder& model, const Recipe& recipe) {
  return quantize(import_model(model), {.recipe = &recipe});
}

TEST(Recipe, DefaultIsEightBits) {
  const IntegerNetwork plain = quantize(import_model(small_network()));
  EXPECT_EQ(to_text(plain), to_text(with(small_network(), {})));
  EXPECT_EQ(bits_of(plain), "x:codes 8, r1 8, p 8, c2 8, s 8, y:codes 8");
}

TEST(Recipe, UniformBitsKeepInputAndOutputAtEight) {
  const IntegerNetwork network = with(small_network(), {.weights = 4, .activations = 4});
  EXPECT_EQ(bits_of(network), "x:codes 8, r1 4, p 4, c2 4, s 4, y:codes 8");
  EXPECT_EQ(weight_bits_of(network), "conv1 4, conv2 4, fc 4");
  for (const Layer& layer : network.layers) {
    if (layer.op > LayerOp::kHostQuantize) continue;
    const int32_t bits = network.tensor(layer.output).bits;
    EXPECT_EQ(layer.clamp_low, lowest_code(bits)) << layer.name;
    EXPECT_EQ(layer.clamp_high, highest_code(bits)) << layer.name;
  }
}

TEST(Recipe, InputAndOutputs) {
  const IntegerNetwork network =
      with(small_network(), {.activations = 4, .input = 6, .outputs = 5});
  EXPECT_EQ(bits_of(network), "x:codes 6, r1 4, p 4, c2 4, s 4, y:codes 5");
  // A layer that is named says more than `input`.
  EXPECT_EQ(bits_of(with(small_network(), {.layers = {{"conv1", {{}, 3}}}})),
            "x:codes 3, r1 8, p 8, c2 8, s 8, y:codes 8");
}

TEST(Recipe, GreatestReaderAndSharedGroup) {
  // p is read by conv2 (2 bits) and add (5 bits); r1 shares its codes.
  const Recipe recipe = {.activations = 2,
                         .layers = {{"add", {{}, 5}}, {"fc", {3, {}}}, {"conv1", {7, {}}}}};
  const IntegerNetwork network = with(small_network(), recipe);
  EXPECT_EQ(bits_of(network), "x:codes 8, r1 5, p 5, c2 5, s 2, y:codes 8");
  EXPECT_EQ(weight_bits_of(network), "conv1 7, conv2 8, fc 3");
  // A pool that is named asks for itself; its group follows.
  EXPECT_EQ(bits_of(with(small_network(), {.activations = 2, .layers = {{"pool", {{}, 4}}}})),
            "x:codes 8, r1 4, p 4, c2 2, s 2, y:codes 8");
}

TEST(Recipe, ConcatSharesAndRescales) {
  // a is read by concat alone and joins its group; x is read by others as well and is rescaled.
  OnnxBuilder model;
  model.input("x", {1, 4, 3, 3}).output("y");
  model.initializer("w", random_tensor({2, 4, 1, 1}, 1));
  model.initializer("v", random_tensor({2, 6, 1, 1}, 2));
  model.node("Conv", {"x", "w"}, {"a"}, {}, "conv1");
  model.node("Concat", {"a", "x"}, {"c"}, {{"axis", int64_t{1}}}, "concat");
  model.node("Conv", {"c", "v"}, {"y"}, {}, "conv2");
  EXPECT_EQ(bits_of(with(model, {.activations = 4})), "x:codes 8, a 4, c 4, y:codes 8");
  EXPECT_EQ(bits_of(with(model, {.layers = {{"conv2", {{}, 4}}}})),
            "x:codes 8, a 4, c 4, y:codes 8");
}

TEST(Recipe, ResultsOfHostReadersOnly) {
  OnnxBuilder model;
  model.input("x", {1, 4, 2, 2}).output("y").output("p");
  model.initializer("w", random_tensor({4, 4, 1, 1}, 1));
  model.node("Conv", {"x", "w"}, {"c"}, {}, "conv1");
  model.node("MaxPool", {"c"}, {"p"}, {{"kernel_shape", ints({2, 2})}}, "pool");
  model.node("Softmax", {"c"}, {"y"}, {{"axis", int64_t{1}}}, "softmax");
  EXPECT_EQ(bits_of(with(model, {.activations = 2, .outputs = 6})), "x:codes 8, c 6, p:codes 6");
  EXPECT_EQ(bits_of(with(model, {.outputs = 6, .layers = {{"softmax", {{}, 7}}}})),
            "x:codes 8, c 7, p:codes 7");
}

TEST(Recipe, WhatFitsNoLayerIsNamedAtOnce) {
  const Recipe recipe = {.source = "r.json",
                         .layers = {{"conv3", {4, 4}},
                                    {"pool", {4, {}}},
                                    {"x/quantize", {{}, 4}},
                                    {"something else", {4, {}}}}};
  try {
    with(small_network(), recipe);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "r.json: 4 entries do not fit made: layers.conv3 is no layer (did you mean "
                 "conv1?); layers.pool.weights = 4, but a max_pool has no weights; "
                 "layers.something else is no layer; layers.x/quantize.activations = 4, but it "
                 "reads float32");
  }
}

TEST(Recipe, WeightsAreSymmetricCodesOfTheirBits) {
  const Graph graph = import_model(small_network());
  for (const int32_t bits : {2, 3, 4, 5, 6, 7, 8}) {
    const Recipe recipe = {.weights = bits, .activations = bits};
    const Comparison got =
        compare(graph, {random_tensor({1, 3, 8, 8}, 9)}, RequantMode::kRne, &recipe);
    const int most = highest_code(bits);
    for (const Layer& layer : got.network.layers) {
      if (layer.op != LayerOp::kConv) continue;
      const size_t per_channel = layer.weights.size() / layer.bias.size();
      for (size_t o = 0; o < layer.bias.size(); ++o) {
        const auto first = layer.weights.begin() + static_cast<std::ptrdiff_t>(o * per_channel);
        int largest = 0;
        for (size_t i = 0; i < per_channel; ++i)
          largest = std::max(largest, std::abs(int{first[i]}));
        EXPECT_EQ(largest, most) << layer.name << " at " << bits;
        EXPECT_EQ(layer.weight_zero_point[o], 0);
      }
    }
  }
}

// Of a convolution's result: about 6 dB a bit.
double sqnr_db(const Comparison& got, const std::string& name) {
  double signal = 0, noise = 0;
  const std::vector<float>&a = got.integer.at(name), &b = got.real.at(name);
  for (size_t i = 0; i < a.size(); ++i) {
    signal += double{b[i]} * b[i];
    noise += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  }
  return 10 * std::log10(signal / noise);
}

TEST(Recipe, EveryBitCounts) {
  const Graph graph = import_model(small_network());
  double before = 0;
  for (const int32_t bits : {3, 4, 5, 6, 7, 8}) {
    const Recipe recipe = {.weights = bits, .activations = bits, .input = bits, .outputs = 8};
    const Comparison got =
        compare(graph, {random_tensor({1, 3, 8, 8}, 9)}, RequantMode::kRne, &recipe);
    const double now = sqnr_db(got, "s");
    EXPECT_GT(now, before + 3) << bits;
    EXPECT_GT(now, 6 * bits - 16) << bits;
    before = now;
  }
}

// Bits in, bits out: what the reference engine computes is what the rules say.
TEST(Recipe, ReferenceEngineFollowsTheRules) {
  const Graph graph = import_model(small_network());
  const Tensor x = random_tensor({1, 3, 8, 8}, 9);
  Calibrator calibrator(graph);
  calibrator.observe(x);
  for (const int32_t bits : {2, 4}) {
    const Recipe recipe = {.weights = bits, .activations = bits, .input = 8};
    const IntegerNetwork network =
        quantize(graph, {.calibration = &calibrator.result(), .recipe = &recipe});
    const std::vector<Tensor> inputs = {engine_input(network.tensor(network.inputs[0]), x)};
    const testing::SlowResult expected = testing::run_slow_reference(network, "rne", inputs);
    ReferenceEngine engine(network, {.mode = RequantMode::kRne});
    engine.run(inputs, [&](LayerId layer, int64_t, const Tensor& output) {
      const Layer& l = network.layers[static_cast<size_t>(layer)];
      EXPECT_EQ(output.bytes, expected.layers[static_cast<size_t>(layer)].bytes) << l.name;
      if (network.tensor(l.output).is_float) return;
      for (float code : output.as_floats()) {
        EXPECT_GE(code, lowest_code(network.tensor(l.output).bits));
        EXPECT_LE(code, highest_code(network.tensor(l.output).bits));
      }
    });
  }
}

TEST(Recipe, FirstAndLastLayersByPolicy) {
  const Recipe policy = {.weights = 4,
                         .activations = 4,
                         .first = {.weights = 8, .activations = 6},
                         .last = {.weights = 7, .activations = 8}};
  const IntegerNetwork network = with(small_network(), policy);
  EXPECT_EQ(weight_bits_of(network), "conv1 8, conv2 4, fc 7");
  EXPECT_EQ(bits_of(network), "x:codes 6, r1 4, p 4, c2 4, s 8, y:codes 8");
  // What is said about a layer by name comes first.
  Recipe named = policy;
  named.layers["fc"] = {.weights = 3, .activations = {}};
  EXPECT_EQ(weight_bits_of(with(small_network(), named)), "conv1 8, conv2 4, fc 3");
  EXPECT_EQ(bits_of(with(small_network(), named)), bits_of(network));
}

// Two layers at the end, and one that is first and last.
TEST(Recipe, SeveralLastLayers) {
  OnnxBuilder model;
  model.input("x", {1, 4}).output("y").output("z");
  model.initializer("a", random_tensor({4, 4}, 1)).initializer("b", random_tensor({4, 4}, 2));
  model.initializer("c", random_tensor({4, 4}, 3));
  model.node("Gemm", {"x", "a"}, {"h"}, {}, "one").node("Gemm", {"h", "b"}, {"y"}, {}, "two");
  model.node("Gemm", {"x", "c"}, {"z"}, {}, "three");
  const Recipe policy = {.weights = 4,
                         .first = {.weights = 8, .activations = {}},
                         .last = {.weights = 6, .activations = {}}};
  EXPECT_EQ(weight_bits_of(with(model, policy)), "one 8, two 6, three 8");
}

TEST(Recipe, CalibratorOfOneLayer) {
  const Graph graph = import_model(small_network());
  Recipe recipe{.activations = 4};
  recipe.layers["conv1"].calibrator = RangeMethod{.rule = RangeRule::kMse};
  EXPECT_TRUE(recipe.needs().histograms);
  Calibrator calibrator(graph, recipe.needs());
  for (uint32_t seed = 1; seed <= 3; ++seed) calibrator.observe(random_tensor({1, 3, 8, 8}, seed));
  const auto scales = [&](const Recipe& r) {
    std::map<std::string, float> result;
    const IntegerNetwork network =
        quantize(graph, {.calibration = &calibrator.result(), .recipe = &r});
    for (const NetTensor& t : network.tensors)
      if (!t.is_float) result[t.name] = t.quant.scale;
    return result;
  };
  recipe.layers["conv1"].calibrator = RangeMethod{.rule = RangeRule::kPercentile, .percentile = 90};
  const auto named = scales(recipe), plain = scales({.activations = 4});
  EXPECT_LT(named.at("x:codes"), plain.at("x:codes"));
  EXPECT_EQ(named.at("s"), plain.at("s"));
}

// What the file leaves open can be stated, and makes the same network without samples; what the
// file quantizes cannot.
TEST(Recipe, StatesWhatAPartlyQuantizedFileLeavesOpen) {
  OnnxBuilder model;
  model.input("x", {1, 4}).output("y");
  model.initializer("s", floats({}, {0.5f})).initializer("w", random_tensor({4, 3}, 1));
  model.node("QuantizeLinear", {"x", "s"}, {"q"}).node("DequantizeLinear", {"q", "s"}, {"d"});
  model.node("MatMul", {"d", "w"}, {"y"}, {}, "fc");
  const Graph graph = import_model(model);
  Calibrator calibrator(graph);
  calibrator.observe(random_tensor({1, 4}, 2));
  std::optional<Recipe> stated;
  const IntegerNetwork network =
      quantize(graph, {.calibration = &calibrator.result(), .stated = &stated});
  ASSERT_TRUE(stated.has_value());
  EXPECT_EQ(stated->tensors.size(), 1u);
  EXPECT_EQ(stated->layers["fc"].weights, 8);
  EXPECT_EQ(to_text(network), to_text(quantize(graph, {.recipe = &*stated})));
  stated->source = "r.json";
  const std::string given = network.tensor(network.layers[1].inputs[0]).name;
  stated->tensors[given] = {.scale = 1, .zero_point = 0};
  try {
    quantize(graph, {.recipe = &*stated});
    FAIL() << "no error";
  } catch (const Error& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find("tensors." + given + " is given, but the file quantizes it"),
              std::string::npos)
        << what;
  }
}

}  // namespace
}  // namespace qsim::test
