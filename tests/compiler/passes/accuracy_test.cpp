// Real networks on real samples: float accuracy is the published one, int8 accuracy is within the
// bounds that docs promise. Slices run in every test run, whole data sets in the full one.
#include "compiler/dataset.h"
#include "compiler/onnx/import.h"
#include "tests/compiler/passes/pass_helpers.h"
#include "tests/support/data.h"

namespace qsim::test {
namespace {

struct Case {
  const char* model;  // under data_dir(), or under the project when it starts with "models/"
  const char* data;
  float mean = 0, scale = 1;
  const char* calibration = nullptr;  // null: a seeded part of `data`
};

constexpr Case kCntk = {"mnist/mnist_cntk.onnx", "mnist/test.npz"};
constexpr Case kPytorch = {"mnist/ort_java_cnn_mnist_pytorch.onnx", "mnist/test.npz", 0.1307f * 255,
                           1 / (255 * 0.3081f)};
constexpr Case kInteger = {"mnist/connxr_mnist_quantized.onnx", "mnist/test.npz", 0, 1 / 255.0f};
constexpr Case kResnetFloat = {"mlperf_tiny/resnet8_cifar10_fp32.onnx", "cifar10/test5000_jpeg.npz",
                               0, 1, "cifar10/calib1000_lossless.npz"};
constexpr Case kResnetQdq = {"mlperf_tiny/resnet8_cifar10_qdq.onnx", "cifar10/test5000_jpeg.npz"};
constexpr Case kKeywords = {"mlperf_tiny/alibaba_model_kws.onnx", "kws/test500_int8.npz", 83,
                            0.58470291f};
constexpr Case kDigitsFloat = {"models/digits_float.onnx", "models/digits_test.npz", 4.875f,
                               0.15625f, "models/digits_calib.npz"};
constexpr Case kDigitsQdq = {"models/digits_qdq.onnx", "models/digits_test.npz", 4.875f, 0.15625f,
                             "models/digits_calib.npz"};

std::string path_of(const std::string& name) {
  return name.starts_with("models/") ? QSIM_SOURCE_DIR "/" + name : data_path(name).string();
}

struct Score {
  double real = 0, integer = 0, agreement = 0;  // percent
};

// Scores at most `limit` samples that do not calibrate.
Score score(const Case& c, size_t limit) {
  constexpr int64_t kCalibration = 64;
  const Graph graph = import_onnx(path_of(c.model));
  const Shape shape = graph.value(graph.inputs[0]).shape;
  const Dataset data = load_npz(path_of(c.data));
  Preprocess how;
  how.mean = {c.mean};
  how.scale = {c.scale};
  Split parts = split(data.size(), c.calibration != nullptr ? 0 : kCalibration, 1);
  parts.scored.resize(std::min(limit, parts.scored.size()));
  Calibrator calibrator(graph);
  if (c.calibration != nullptr) {
    calibrator.observe(make_input(load_npz(path_of(c.calibration)), how, 0, kCalibration, shape));
  } else {
    calibrator.observe(make_input(data, how, parts.calibration, shape));
  }
  const IntegerNetwork network = quantize(graph, {.calibration = &calibrator.result()});
  const NetTensor& in = network.tensor(network.inputs[0]);
  const NetTensor& out = network.tensor(network.outputs[0]);
  ReferenceEngine engine(network);
  const FloatExecutor executor(graph);
  Score score;
  for (int64_t index : parts.scored) {
    const Tensor x = make_input(data, how, index, 1, shape);
    const std::vector<float> real = executor.run({x})[0].as_floats();
    const std::vector<float> integer = reals_of(out, engine.run({engine_input(in, x)})[0]);
    auto top = [](const std::vector<float>& v) {
      return std::max_element(v.begin(), v.end()) - v.begin();
    };
    const int64_t label = data.y[static_cast<size_t>(index)];
    score.real += top(real) == label;
    score.integer += top(integer) == label;
    score.agreement += top(real) == top(integer);
  }
  for (double* share : {&score.real, &score.integer, &score.agreement})
    *share *= 100.0 / static_cast<double>(parts.scored.size());
  return score;
}

void expect_score(const Case& c, size_t limit, double real, double real_margin, double margin,
                  double agreement) {
  const Score got = score(c, limit);
  EXPECT_NEAR(got.real, real, real_margin);
  EXPECT_NEAR(got.integer, got.real, margin);
  EXPECT_GE(got.agreement, agreement);
  ::testing::Test::RecordProperty(std::string("int8_top1_of_") + c.model,
                                  std::to_string(got.integer));
}

TEST(Accuracy, Digits) {
  expect_score(kDigitsFloat, 500, 98.8, 0.01, 0.41, 99);
  expect_score(kDigitsQdq, 500, 98.8, 0.01, 0.01, 100);
}

TEST(Accuracy, MnistCntk) {
  require_data("mnist/test.npz");
  expect_score(kCntk, 1000, 98.9, 0.6, 0.3, 99.5);
}

TEST(Accuracy, MnistPytorch) {
  require_data("mnist/test.npz");
  expect_score(kPytorch, 1000, 99.07, 0.6, 0.3, 99.5);
}

TEST(Accuracy, MnistOfIntegerProducts) {
  require_data("mnist/test.npz");
  expect_score(kInteger, 1000, 98.93, 0.6, 0.11, 99.8);
}

TEST(Accuracy, ResNet8) {
  require_data("cifar10/test5000_jpeg.npz");
  expect_score(kResnetFloat, 500, 75.24, 4, 1.6, 95);
  expect_score(kResnetQdq, 500, 74.74, 4, 0.5, 99);
}

TEST(Accuracy, KeywordSpotting) {
  require_data("kws/test500_int8.npz");
  expect_score(kKeywords, 500, 90.8, 0.6, 0.5, 96);
}

TEST(FullAccuracy, Mnist) {
  require_data("mnist/test.npz");
  expect_score(kCntk, 10000, 98.91, 0.03, 0.15, 99.8);
  expect_score(kPytorch, 10000, 99.07, 0.03, 0.15, 99.8);
  expect_score(kInteger, 10000, 98.93, 0.03, 0.03, 99.9);
}

TEST(FullAccuracy, ResNet8) {
  require_data("cifar10/test5000_jpeg.npz");
  expect_score(kResnetFloat, 5000, 75.24, 0.05, 0.4, 96);
  expect_score(kResnetQdq, 5000, 74.74, 0.2, 0.2, 99.5);
}

}  // namespace
}  // namespace qsim::test
