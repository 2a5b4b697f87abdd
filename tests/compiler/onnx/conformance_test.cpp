// The operator tests of the ONNX project: imported as they are, none crashes; imported with their
// input data as constants, shapes (and, where the graph folds to a constant, values) are theirs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tests/compiler/onnx/import_helpers.h"
#include "tests/support/conformance.h"
#include "tests/support/data.h"

namespace qsim::test {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> cases() {
  std::vector<fs::path> found;
  for (const ConformanceCase& c : conformance_cases(data_path("onnx_node")))
    found.push_back(c.folder);
  return found;
}

bool same_floats(const std::vector<float>& a, const std::vector<float>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](float x, float y) { return x == y || (x != x && y != y); });
}

// Functions are computed in double here, in float32 there.
bool close_floats(const std::vector<float>& a, const std::vector<float>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) {
    return x == y || (x != x && y != y) || std::abs(x - y) <= 1e-6f + 1e-5f * std::abs(y);
  });
}

// Imports the case with its inputs from number `first` on as constants. False when it is refused.
bool import_with_data(const fs::path& folder, int first, Graph& graph, Tensor& expected) {
  try {
    ImportOptions options;
    options.input_values = input_data(folder, first);
    graph = import_onnx((folder / "model.onnx").string(), options);
    expected = read_onnx_tensor((folder / "test_data_set_0" / "output_0.pb").string());
    return true;
  } catch (const Error&) {
    return false;
  }
}

TEST(Conformance, EveryCaseImportsOrSaysWhyNot) {
  require_data("onnx_node");
  int imported = 0, refused = 0;
  for (const fs::path& folder : cases()) {
    const std::string error = error_of_file((folder / "model.onnx").string());
    EXPECT_TRUE(error == "no error" || error.starts_with("model.onnx: ")) << folder << error;
    ++(error == "no error" ? imported : refused);
  }
  EXPECT_GE(imported, 95);
  EXPECT_EQ(imported + refused, 471);
}

// The operators that appear in the cases that import when input 0 alone is not constant.
TEST(Conformance, Shapes) {
  require_data("onnx_node");
  std::map<std::string, int> checked;
  for (const fs::path& folder : cases()) {
    Graph graph;
    Tensor expected;
    if (!import_with_data(folder, 1, graph, expected)) continue;
    const Value& output = graph.value(graph.outputs[0]);
    EXPECT_EQ(to_text(output.shape), to_text(expected.shape)) << folder;
    EXPECT_EQ(output.type, expected.type) << folder;
    if (!graph.nodes.empty()) ++checked[graph.nodes[0].op];
  }
  for (const char* op : {"Add",
                         "AveragePool",
                         "BatchNormalization",
                         "Cast",
                         "Clip",
                         "Concat",
                         "Conv",
                         "DequantizeLinear",
                         "Flatten",
                         "Gemm",
                         "Dropout",
                         "GlobalAveragePool",
                         "Identity",
                         "LogSoftmax",
                         "MatMul",
                         "MaxPool",
                         "Pad",
                         "QLinearConv",
                         "QLinearMatMul",
                         "QuantizeLinear",
                         "Reshape",
                         "Relu",
                         "ReduceMean",
                         "Softmax",
                         "Squeeze",
                         "Sum",
                         "Transpose",
                         "Unsqueeze"}) {
    EXPECT_GT(checked[op], 0) << op;
  }
}

TEST(Conformance, FoldedValues) {
  require_data("onnx_node");
  const std::set<std::string> is_function = {
      "celu",      "elu",      "erf",      "exp",  "gelu",       "hardsigmoid",
      "hardswish", "log",      "mish",     "pow",  "reciprocal", "selu",
      "sigmoid",   "softplus", "softsign", "sqrt", "tanh",       "swish"};
  std::map<std::string, int> checked;
  for (const fs::path& folder : cases()) {
    Graph graph;
    Tensor expected;
    if (!import_with_data(folder, 0, graph, expected)) continue;
    const Value& output = graph.value(graph.outputs[0]);
    if (!output.is_constant) continue;
    const Tensor found = constant_tensor(output);
    EXPECT_EQ(to_text(found.shape), to_text(expected.shape)) << folder;
    EXPECT_EQ(found.type, expected.type) << folder;
    const std::string file = folder.filename().string().substr(5);
    const std::string name = file.substr(0, file.find('_'));
    const bool is_linear = folder.string().find("linear") != std::string::npos;  // of Resize
    const bool is_exact = !is_function.contains(name) && !is_linear;
    EXPECT_TRUE(is_exact ? same_floats(found.as_floats(), expected.as_floats())
                         : close_floats(found.as_floats(), expected.as_floats()))
        << folder;
    ++checked[name];
  }
  for (const char* op : {"add",      "cast",  "concat",  "constant", "constantofshape",
                         "div",      "erf",   "flatten", "gather",   "identity",
                         "mul",      "pow",   "reshape", "resize",   "shape",
                         "sigmoid",  "slice", "squeeze", "sub",      "transpose",
                         "unsqueeze"}) {
    EXPECT_GT(checked[op], 0) << op;
  }
}

}  // namespace
}  // namespace qsim::test
