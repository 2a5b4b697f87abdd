// Networks without labels: every layer of the integer network stays close to the float network's.
#include "compiler/dataset.h"
#include "compiler/onnx/import.h"
#include "tests/compiler/passes/pass_helpers.h"
#include "tests/support/data.h"

namespace qsim::test {
namespace {

double sqnr_db(const Comparison& got, const std::string& name) {
  double signal = 0, noise = 0;
  for (size_t i = 0; i < got.real.at(name).size(); ++i) {
    const double a = got.real.at(name)[i], b = got.integer.at(name)[i];
    signal += a * a;
    noise += (a - b) * (a - b);
  }
  return noise == 0 ? 200 : 10 * std::log10(signal / noise);
}

// The least SQNR over all layers with an ONNX value.
double least_sqnr_db(const Comparison& got) {
  double least = 200;
  for (const auto& [name, values] : got.integer) {
    if (got.real.count(name) != 0) least = std::min(least, sqnr_db(got, name));
  }
  return least;
}

size_t top(const std::vector<float>& v) {
  return static_cast<size_t>(std::max_element(v.begin(), v.end()) - v.begin());
}

Tensor cifar_image(int64_t index, const Preprocess& how, const Shape& shape) {
  return make_input(load_npz(data_path("cifar10/test100_lossless.npz").string()), how, index, 1,
                    shape);
}

TEST(RealModels, MicroKws) {
  require_data("micro_kws");
  for (const char* form : {"fp32", "qdq", "qoperator"}) {
    const Graph graph = import_onnx(
        data_path(std::string("micro_kws/micro_kws_m_static_") + form + ".onnx").string());
    const Comparison got = compare(graph, {random_tensor({1, 1960}, 1, 0, 1)});
    EXPECT_GE(least_sqnr_db(got), form[0] == 'f' ? 25 : 40) << form;
    const std::string output = graph.value(graph.outputs[0]).name;
    EXPECT_EQ(top(got.integer.at(output)), top(got.real.at(output))) << form;
  }
}

TEST(RealModels, MobileNetWithAsymmetricWeights) {
  require_data("mobilenet");
  const Graph graph =
      import_onnx(data_path("mobilenet/mobilenet_v1_0.25_128_quant_qdq.onnx").string());
  Preprocess how;
  how.mean = {127.5f};
  how.scale = {1 / 127.5f};
  how.resize = {128, 128};
  const IntegerNetwork network = quantize(graph);
  EXPECT_TRUE(network.has_values);
  EXPECT_EQ(network.layers[1].weight_zero_point[0], 157 - 128);
  for (int64_t index : {0, 1}) {
    const Comparison got =
        compare(graph, {cifar_image(index, how, {1, 3, 128, 128})}, RequantMode::kF32);
    EXPECT_GE(least_sqnr_db(got), 18);
    EXPECT_EQ(top(got.integer.at("output")), top(got.real.at("output")));
  }
}

TEST(RealModels, SqueezeNetWithHalfPrecisionWeights) {
  require_data("squeezenet");
  const Graph graph = import_onnx(data_path("squeezenet/SqueezeNet_fp16.onnx").string());
  Preprocess how;
  how.channel_order = "BGR";
  how.mean = {104, 117, 123};
  how.resize = {224, 224};
  const Comparison got = compare(graph, {cifar_image(3, how, {1, 3, 224, 224})});
  EXPECT_GE(sqnr_db(got, "conv10_2"), 15);
  EXPECT_EQ(top(got.integer.at("softmaxout_1")), top(got.real.at("softmaxout_1")));
}

TEST(RealModels, ShapesAlone) {
  require_data("shapes");
  const IntegerNetwork network =
      quantize(import_onnx(data_path("shapes/light_resnet50.onnx").string()));
  EXPECT_FALSE(network.has_values);
  EXPECT_EQ(network.layers.size(), 74u);
  int64_t macs = 0;
  for (const Layer& layer : network.layers) macs += mac_count(network, layer);
  EXPECT_EQ(macs, 4089184256);
}

}  // namespace
}  // namespace qsim::test
