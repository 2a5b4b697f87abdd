// Models that others made: operators and shapes against numbers known from their papers and files.
#include <gtest/gtest.h>

#include <chrono>
#include <map>

#include "tests/compiler/onnx/import_helpers.h"
#include "tests/support/data.h"

namespace qsim::test {
namespace {

std::map<std::string, int> count_ops(const Graph& graph) {
  std::map<std::string, int> counts;
  for (const Node& node : graph.nodes) ++counts[node.op];
  return counts;
}

Graph import_data(const char* relative) { return import_onnx(data_path(relative).string()); }

using Counts = std::map<std::string, int>;

TEST(Models, MnistCntkFoldsTheReshapeOfItsWeights) {
  require_data("mnist/mnist_cntk.onnx");
  const Graph graph = import_data("mnist/mnist_cntk.onnx");
  EXPECT_EQ(
      count_ops(graph),
      (Counts{
          {"Add", 3}, {"Conv", 2}, {"MatMul", 1}, {"MaxPool", 2}, {"Relu", 2}, {"Reshape", 1}}));
  EXPECT_EQ(shape_of(graph, "Input3"), "1x1x28x28");
  EXPECT_EQ(shape_of(graph, "Pooling66_Output_0"), "1x8x14x14");
  EXPECT_EQ(shape_of(graph, "Pooling160_Output_0"), "1x16x4x4");
  EXPECT_EQ(shape_of(graph, "Parameter193_reshape1"), "256x10");
  EXPECT_TRUE(value_named(graph, "Parameter193_reshape1").is_constant);
  EXPECT_EQ(shape_of(graph, "Plus214_Output_0"), "1x10");
}

TEST(Models, MnistPytorchFoldsItsConstant) {
  require_data("mnist/ort_java_cnn_mnist_pytorch.onnx");
  const Graph graph = import_data("mnist/ort_java_cnn_mnist_pytorch.onnx");
  EXPECT_EQ(graph.nodes.size(), 12u);
  EXPECT_EQ(graph.nodes.back().op, "LogSoftmax");
  EXPECT_EQ(shape_of(graph, "21"), "1x10");
}

TEST(Models, MnistOfIntegerProducts) {
  require_data("mnist/connxr_mnist_quantized.onnx");
  const Graph graph = import_data("mnist/connxr_mnist_quantized.onnx");
  EXPECT_EQ(count_ops(graph)["ConvInteger"], 2);
  EXPECT_EQ(count_ops(graph)["MatMulInteger"], 1);
  EXPECT_EQ(shape_of(graph, "Plus214_Output_0"), "1x10");
}

TEST(Models, MlperfTiny) {
  require_data("mlperf_tiny/resnet8_cifar10_fp32.onnx");
  const Graph resnet = import_data("mlperf_tiny/resnet8_cifar10_fp32.onnx");
  EXPECT_EQ(count_ops(resnet)["Conv"], 9);
  EXPECT_EQ(shape_of(resnet, resnet.value(resnet.outputs[0]).name), "1x10");
  const Graph qdq = import_data("mlperf_tiny/resnet8_cifar10_qdq.onnx");
  EXPECT_EQ(count_ops(qdq)["DequantizeLinear"], 36);
  EXPECT_EQ(count_ops(qdq)["QuantizeLinear"], 16);
  const Graph kws = import_data("mlperf_tiny/alibaba_model_kws.onnx");
  EXPECT_EQ(shape_of(kws, "x:0"), "1x49x10x1");
  EXPECT_EQ(shape_of(kws, "Identity:0"), "1x12");
}

TEST(Models, MicroKwsInThreeForms) {
  require_data("micro_kws/micro_kws_m_static_fp32.onnx");
  const Graph real = import_data("micro_kws/micro_kws_m_static_fp32.onnx");
  EXPECT_EQ(count_ops(real)["MatMul"], 3);
  const Graph qdq = import_data("micro_kws/micro_kws_m_static_qdq.onnx");
  EXPECT_EQ(shape_of(qdq, "serving_default_input:0"), "1x1960");  // the file says unk__68x1960
  const Graph integer = import_data("micro_kws/micro_kws_m_static_qoperator.onnx");
  EXPECT_EQ(count_ops(integer), (Counts{{"DequantizeLinear", 2},
                                        {"MaxPool", 1},
                                        {"QLinearAdd", 3},
                                        {"QLinearAveragePool", 2},
                                        {"QLinearConv", 3},
                                        {"QLinearMatMul", 3},
                                        {"QLinearSoftmax", 1},
                                        {"QuantizeLinear", 2},
                                        {"Reshape", 2},
                                        {"Transpose", 1}}));
  for (const Graph* graph : {&real, &qdq, &integer}) {
    EXPECT_EQ(to_text(graph->value(graph->outputs[0]).shape), "1x10");
  }
}

TEST(Models, MobilenetKeepsAsymmetricUint8Weights) {
  require_data("mobilenet/mobilenet_v1_0.25_128_quant_qdq.onnx");
  const Graph graph = import_data("mobilenet/mobilenet_v1_0.25_128_quant_qdq.onnx");
  EXPECT_EQ(count_ops(graph)["Conv"], 28);
  EXPECT_EQ(shape_of(graph, "output"), "1x1001");
  int asymmetric = 0;
  for (const Node& node : graph.nodes) {
    if (node.op != "DequantizeLinear" || graph.value(node.inputs[0]).shape.size() != 4) continue;
    if (!graph.value(node.inputs[0]).is_constant) continue;
    EXPECT_EQ(graph.value(node.inputs[0]).type, DataType::kUint8);
    asymmetric += graph.value(node.inputs[2]).data.as_ints() != std::vector<int64_t>{128};
  }
  EXPECT_GT(asymmetric, 20);
  const Graph real = import_data("mobilenet/mobilenet_v1_0.25_128_quant_float.onnx");
  EXPECT_EQ(count_ops(real)["Clip"], 27);
}

TEST(Models, SqueezenetWidensFloat16AndDropsDropout) {
  require_data("squeezenet/SqueezeNet_fp16.onnx");
  const Graph graph = import_data("squeezenet/SqueezeNet_fp16.onnx");
  EXPECT_EQ(count_ops(graph)["Dropout"], 0);
  EXPECT_EQ(count_ops(graph)["Conv"], 26);
  EXPECT_EQ(graph.value(graph.inputs[0]).type, DataType::kFloat);
  EXPECT_EQ(shape_of(graph, "conv1_1"), "1x64x111x111");
  EXPECT_EQ(shape_of(graph, "softmaxout_1"), "1x1000x1x1");
  int64_t parameters = 0;
  for (const Value& value : graph.values) {
    if (!value.is_constant) continue;
    EXPECT_EQ(value.type, DataType::kFloat);
    parameters += element_count(value.shape);
  }
  EXPECT_EQ(parameters, 1235496);  // SqueezeNet 1.1
}

TEST(Models, SmallQdqGraphs) {
  require_data("qdq_graphs/conv_qdq_u8u8.onnx");
  for (const char* name :
       {"qdq_graphs/conv_qdq_u8u8.onnx", "qdq_graphs/conv_qdq_s8s8_perchannel.onnx"}) {
    const Graph graph = import_data(name);
    EXPECT_EQ(shape_of(graph, "output"), "1x32x26x26") << name;
  }
  ImportOptions options;
  options.batch = 5;
  const Graph graph = import_onnx(data_path("qdq_graphs/conv_qdq_u8u8.onnx").string(), options);
  EXPECT_EQ(shape_of(graph, "output"), "5x32x26x26");
  const Graph codes = import_data("qdq_graphs/transform__qdq_conv.onnx");
  EXPECT_EQ(codes.value(codes.outputs[0]).type, DataType::kUint8);
  EXPECT_EQ(shape_of(codes, "Y_0"), "1x1x3x3");
}

TEST(Models, LightResnet50HasFilledWeights) {
  require_data("shapes/light_resnet50.onnx");
  const auto start = std::chrono::steady_clock::now();
  const Graph graph = import_data("shapes/light_resnet50.onnx");
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_LT(seconds.count(), 1.0);  // 3 ms in a release build; far more means something is wrong
  EXPECT_EQ(count_ops(graph), (Counts{{"AveragePool", 1},
                                      {"BatchNormalization", 53},
                                      {"Conv", 53},
                                      {"Gemm", 1},
                                      {"MaxPool", 1},
                                      {"Relu", 49},
                                      {"Reshape", 1},
                                      {"Softmax", 1},
                                      {"Sum", 16}}));
  EXPECT_EQ(shape_of(graph, "gpu_0/softmax_1"), "1x1000");
  int64_t weights = 0;
  int64_t bytes = 0;
  for (const Node& node : graph.nodes) {
    if (node.op != "Conv" && node.op != "Gemm") continue;
    const Value& value = graph.value(node.inputs[1]);
    EXPECT_TRUE(value.is_filled) << value.name;
    weights += element_count(value.shape);
  }
  for (const Value& value : graph.values) bytes += static_cast<int64_t>(value.data.bytes.size());
  EXPECT_EQ(weights, 25502912);  // 23,454,912 in convolutions, 2,048,000 in the classifier
  EXPECT_LT(bytes, 1 << 20);
}

TEST(Models, LightSqueezenetAndShufflenet) {
  require_data("shapes/light_shufflenet.onnx");
  const Graph shuffle = import_data("shapes/light_shufflenet.onnx");
  EXPECT_EQ(count_ops(shuffle)["Transpose"], 16);
  EXPECT_EQ(shape_of(shuffle, "gpu_0/softmax_1"), "1x1000");
  const Graph squeeze = import_data("shapes/light_squeezenet.onnx");
  EXPECT_EQ(shape_of(squeeze, "softmaxout_1"), "1x1000x1x1");
}

}  // namespace
}  // namespace qsim::test
