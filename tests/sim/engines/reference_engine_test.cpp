// Whole networks on the reference engine: passes, observers, errors, and every instruction set that
// oneDNN can be held to.
#include "sim/engines/reference/reference_engine.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>

#include "hw/spec/error.h"
#include "tests/support/random_layer.h"

namespace qsim {
namespace {

TensorId add_tensor(IntegerNetwork& network, int32_t h, int32_t c, bool is_float, float scale) {
  NetTensor t;
  t.name = "t" + std::to_string(network.tensors.size());
  t.h = t.w = h;
  t.c = c;
  t.is_float = is_float;
  t.quant = {scale, 3};
  t.onnx_shape = {1, c, h, h};
  network.tensors.push_back(t);
  return static_cast<TensorId>(network.tensors.size()) - 1;
}

void add_conv(IntegerNetwork& network, TensorId in, TensorId out, std::mt19937& random) {
  Layer conv;
  conv.name = "conv" + std::to_string(network.layers.size());
  conv.inputs = {in};
  conv.output = out;
  conv.window.kh = conv.window.kw = 3;
  conv.window.pad_top = conv.window.pad_left = conv.window.pad_bottom = conv.window.pad_right = 1;
  const auto channels = static_cast<size_t>(network.tensor(out).c);
  conv.weights.resize(channels * 9 * static_cast<size_t>(network.tensor(in).c));
  for (int8_t& weight : conv.weights) weight = static_cast<int8_t>(random());
  conv.weight_zero_point.assign(channels, 0);
  conv.weight_scale.assign(channels, 0.001f);
  conv.bias.assign(channels, 100);
  network.layers.push_back(conv);
}

Layer pointwise(LayerOp op, std::vector<TensorId> inputs, TensorId output) {
  Layer layer;
  layer.name = name_of(op);
  layer.op = op;
  layer.inputs = std::move(inputs);
  layer.output = output;
  return layer;
}

// quantize, conv, conv, residual add, dequantize; the sum is an output beside the floats.
IntegerNetwork residual_network() {
  std::mt19937 random(1);
  IntegerNetwork network;
  network.name = "residual";
  network.has_values = true;
  const TensorId image = add_tensor(network, 6, 5, true, 1);
  const TensorId codes = add_tensor(network, 6, 5, false, 0.02f);
  const TensorId first = add_tensor(network, 6, 8, false, 0.05f);
  const TensorId second = add_tensor(network, 6, 8, false, 0.07f);
  const TensorId sum = add_tensor(network, 6, 8, false, 0.1f);
  const TensorId floats = add_tensor(network, 6, 8, true, 1);
  network.inputs = {image};
  network.outputs = {floats, sum};
  network.layers.push_back(pointwise(LayerOp::kHostQuantize, {image}, codes));
  add_conv(network, codes, first, random);
  add_conv(network, first, second, random);
  network.layers.push_back(pointwise(LayerOp::kAdd, {first, second}, sum));
  network.layers.push_back(pointwise(LayerOp::kHostDequantize, {sum}, floats));
  network.check();
  return network;
}

Tensor random_floats(const NetTensor& like, int64_t samples) {
  std::mt19937 random(2);
  Tensor tensor(DataType::kFloat, {samples, like.h, like.w, like.c});
  std::normal_distribution<float> normal(0, 1);
  for (int64_t i = 0; i < tensor.size(); ++i) tensor.data<float>()[i] = normal(random);
  return tensor;
}

TEST(ReferenceEngine, PassesAndThreadsDoNotChangeResults) {
  const IntegerNetwork network = residual_network();
  const std::vector<Tensor> inputs = {random_floats(network.tensor(0), 7)};
  std::vector<Tensor> first;
  for (int64_t per_pass : {0, 1, 2, 7}) {
    for (int threads : {1, 2, 0}) {
      ReferenceOptions options;
      options.samples_per_pass = per_pass;
      options.threads = threads;
      std::vector<Tensor> outputs = ReferenceEngine(network, options).run(inputs);
      ASSERT_EQ(outputs.size(), 2u);
      EXPECT_EQ(outputs[0].shape, (Shape{7, 6, 6, 8}));
      EXPECT_EQ(outputs[0].type, DataType::kFloat);
      EXPECT_EQ(outputs[1].type, DataType::kInt8);
      if (first.empty()) first = outputs;
      EXPECT_EQ(outputs[0].bytes, first[0].bytes);
      EXPECT_EQ(outputs[1].bytes, first[1].bytes);
    }
  }
}

TEST(ReferenceEngine, ObserverSeesEveryLayerOfEverySample) {
  const IntegerNetwork network = residual_network();
  ReferenceOptions options;
  options.samples_per_pass = 3;
  std::vector<int64_t> seen(network.layers.size(), 0);
  ReferenceEngine(network, options)
      .run({random_floats(network.tensor(0), 7)},
           [&](LayerId layer, int64_t first_sample, const Tensor& output) {
             EXPECT_EQ(first_sample, seen[static_cast<size_t>(layer)]);
             seen[static_cast<size_t>(layer)] += output.shape[0];
           });
  EXPECT_EQ(seen, std::vector<int64_t>(network.layers.size(), 7));
}

TEST(ReferenceEngine, AnObserversExceptionReachesTheCaller) {
  const IntegerNetwork network = residual_network();
  for (int threads : {1, 2}) {
    ReferenceOptions options;
    options.threads = threads;
    options.samples_per_pass = 1;
    ReferenceEngine engine(network, options);
    const std::vector<Tensor> inputs = {random_floats(network.tensor(0), 5)};
    const auto stop = [](LayerId layer, int64_t, const Tensor&) {
      if (layer == 2) throw Error("enough");
    };
    EXPECT_THROW(engine.run(inputs, stop), Error);
    EXPECT_EQ(engine.run(inputs)[1].bytes, ReferenceEngine(network).run(inputs)[1].bytes);
  }
}

TEST(ReferenceEngine, LeavesTheCallersThreadLimitAlone) {
  const int before = omp_get_max_threads();
  const IntegerNetwork network = residual_network();
  ReferenceEngine(network).run({random_floats(network.tensor(0), 1)});
  EXPECT_EQ(omp_get_max_threads(), before);
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ReferenceEngine, BadInputsAreNamed) {
  const IntegerNetwork network = residual_network();
  ReferenceEngine engine(network);
  EXPECT_EQ(message_of([&] { engine.run({}); }),
            "inputs of network residual: 0 tensors are given, 1 are needed");
  EXPECT_EQ(message_of([&] {
              engine.run({Tensor(DataType::kInt8, {1, 6, 6, 5})});
            }),
            "inputs of network residual: t0 has type int8, not float32");
  EXPECT_EQ(message_of([&] {
              engine.run({Tensor(DataType::kFloat, {1, 6, 6, 4})});
            }),
            "inputs of network residual: t0 has 144 elements, not a multiple of 180");
}

TEST(ReferenceEngine, ANetworkWithoutValuesSaysWhy) {
  IntegerNetwork network = residual_network();
  network.has_values = false;
  network.value_blockers = {"no calibration data", "weights of conv1 are absent"};
  EXPECT_EQ(message_of([&] { ReferenceEngine engine(network); }),
            "network residual has no values to compute; no calibration data; weights of conv1 are "
            "absent");
}

// oneDNN reads DNNL_MAX_CPU_ISA once, so each cap needs a process of its own.
class ReferenceIsa : public ::testing::TestWithParam<const char*> {};

TEST_P(ReferenceIsa, ConvolutionsAreExact) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = std::string("DNNL_MAX_CPU_ISA=") + GetParam() + " '" + self +
                              "' --gtest_filter='Op/ReferenceLayers.*/conv:ReferenceWraps.*'" +
                              " --gtest_brief=1 > /dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

INSTANTIATE_TEST_SUITE_P(Cap, ReferenceIsa,
                         ::testing::Values("SSE41", "AVX", "AVX2", "AVX512_CORE",
                                           "AVX512_CORE_VNNI", "AVX512_CORE_BF16", "ALL"));

}  // namespace
}  // namespace qsim
