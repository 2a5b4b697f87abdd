// The operator tests of the ONNX project, as far as they import: the float executor's results are
// theirs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "compiler/float/executor.h"
#include "compiler/onnx/import.h"
#include "hw/spec/error.h"
#include "tests/support/data.h"

namespace qsim::test {
namespace {

namespace fs = std::filesystem;

// Imports the case with all inputs but the first as constants; false when it is refused.
bool import_case(const fs::path& folder, Graph& graph, Tensor& input) {
  const fs::path data = folder / "test_data_set_0";
  try {
    ImportOptions options;
    for (int i = 0; fs::exists(data / ("input_" + std::to_string(i) + ".pb")); ++i) {
      std::string name;
      const Tensor tensor =
          read_onnx_tensor((data / ("input_" + std::to_string(i) + ".pb")).string(), &name);
      (i == 0 ? input : options.input_values[name]) = tensor;
    }
    graph = import_onnx((folder / "model.onnx").string(), options);
    return graph.inputs.size() == 1;
  } catch (const Error&) {
    return false;
  }
}

TEST(FloatConformance, ResultsAreThoseOfOnnx) {
  require_data("onnx_node");
  std::map<std::string, int> checked;
  int narrow = 0;  // cases with int4 or uint4; of QuantizeLinear they are per axis of an activation
  for (const auto& entry : fs::directory_iterator(data_path("onnx_node"))) {
    Graph graph;
    Tensor input;
    // Casts to float16 round: qsim keeps float32 instead.
    if (entry.path().string().find("_to_FLOAT16") != std::string::npos) continue;
    if (!fs::exists(entry.path() / "model.onnx") || !import_case(entry.path(), graph, input))
      continue;
    const std::vector<float> found = FloatExecutor(graph).run({input})[0].as_floats();
    const std::vector<float> expected =
        read_onnx_tensor((entry.path() / "test_data_set_0" / "output_0.pb").string()).as_floats();
    ASSERT_EQ(found.size(), expected.size()) << entry.path();
    // The reference evaluator adds the zero point before it rounds, so ties may differ by one code.
    const bool codes = graph.value(graph.outputs[0]).type != DataType::kFloat;
    for (size_t i = 0; i < found.size(); ++i) {
      if (expected[i] == found[i] || (std::isnan(expected[i]) && std::isnan(found[i]))) continue;
      EXPECT_NEAR(found[i], expected[i], codes ? 1.0f : 1e-4f + 1e-4f * std::abs(expected[i]))
          << entry.path() << " element " << i;
    }
    for (const Node& node : graph.nodes) ++checked[node.op];
    narrow += std::any_of(graph.values.begin(), graph.values.end(),
                          [](const Value& value) { return value.bits < 8; });
  }
  EXPECT_EQ(narrow, 2);
  for (const char* op : {"Add",
                         "AveragePool",
                         "BatchNormalization",
                         "Clip",
                         "Concat",
                         "Conv",
                         "DequantizeLinear",
                         "Flatten",
                         "Gemm",
                         "GlobalAveragePool",
                         "LogSoftmax",
                         "MatMul",
                         "MaxPool",
                         "Pad",
                         "QLinearConv",
                         "QLinearMatMul",
                         "QuantizeLinear",
                         "ReduceMean",
                         "Relu",
                         "Reshape",
                         "Softmax",
                         "Squeeze",
                         "Sum",
                         "Transpose",
                         "Unsqueeze"}) {
    EXPECT_GT(checked[op], 0) << op;
  }
}

}  // namespace
}  // namespace qsim::test
