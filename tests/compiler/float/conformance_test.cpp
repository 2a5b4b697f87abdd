// The operator tests of the ONNX project: every case runs with ONNX's results on the float
// executor, folds to them, or is refused with one error.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/support/conformance.h"
#include "tests/support/data.h"

namespace qsim::test {
namespace {

namespace fs = std::filesystem;

ConformanceSuite run_suite(const std::string& title, const fs::path& root) {
  ConformanceSuite suite{title, conformance_cases(root), {}};
  for (const ConformanceCase& c : suite.cases) {
    suite.outcomes.push_back(run_conformance_case(c));
    const Outcome& outcome = suite.outcomes.back();
    EXPECT_NE(outcome.verdict, Verdict::kFailed) << c.folder << ": " << outcome.text;
  }
  return suite;
}

ConformanceSuite bundled_suite() {
  return run_suite("onnx/onnx, opsets 9 to 28 (shared/data/onnx_node)", data_path("onnx_node"));
}

ConformanceSuite debian_suite() {
  return run_suite("Debian's libonnx-testdata, ONNX 1.12", debian_onnx_data());
}

#define require_debian_data()                                                                  \
  do {                                                                                         \
    if (!fs::exists(debian_onnx_data() / "node"))                                              \
      GTEST_SKIP() << "test data missing: package libonnx-testdata (scripts/setup.sh --test)"; \
  } while (false)

TEST(FloatConformance, ResultsAreThoseOfOnnx) {
  require_data("onnx_node");
  const ConformanceSuite suite = bundled_suite();
  EXPECT_EQ(suite.cases.size(), 471u);
  std::set<std::string> checked;
  int narrow = 0;  // cases with int4 or uint4
  for (const Outcome& outcome : suite.outcomes) {
    if (outcome.verdict != Verdict::kRun) continue;
    for (const Node& node : outcome.graph.nodes) checked.insert(node.op);
    narrow += std::any_of(outcome.graph.values.begin(), outcome.graph.values.end(),
                          [](const Value& value) { return value.bits < 8; });
  }
  EXPECT_EQ(narrow, 4);
  for (const char* op : {"Add",
                         "AveragePool",
                         "BatchNormalization",
                         "Clip",
                         "Concat",
                         "Conv",
                         "DepthToSpace",
                         "DequantizeLinear",
                         "Expand",
                         "Flatten",
                         "Gather",
                         "Gemm",
                         "GlobalAveragePool",
                         "GlobalMaxPool",
                         "LogSoftmax",
                         "MatMul",
                         "MaxPool",
                         "Mul",
                         "Pad",
                         "QLinearConv",
                         "QLinearMatMul",
                         "QuantizeLinear",
                         "ReduceMax",
                         "ReduceMean",
                         "Relu",
                         "Reshape",
                         "Resize",
                         "Slice",
                         "Softmax",
                         "SpaceToDepth",
                         "Squeeze",
                         "Sub",
                         "Sum",
                         "Transpose",
                         "Unsqueeze",
                         "Upsample"}) {
    EXPECT_TRUE(checked.contains(op)) << op;
  }
}

TEST(FloatConformance, DebiansCases) {
  require_debian_data();
  const ConformanceSuite suite = debian_suite();
  EXPECT_EQ(suite.cases.size(), 1072u);
}

TEST(ConformancePage, IsFresh) {
  require_data("onnx_node");
  require_debian_data();
  const std::string page = conformance_page({bundled_suite(), debian_suite()});
  const fs::path written = fs::path(QSIM_BINARY_DIR) / "conformance.md",
                 kept = fs::path(QSIM_SOURCE_DIR) / "docs/reference/conformance.md";
  std::ofstream(written) << page;
  std::stringstream text;
  text << std::ifstream(kept).rdbuf();
  EXPECT_TRUE(text.str() == page) << "refresh: cp " << written.string() << " " << kept.string();
}

}  // namespace
}  // namespace qsim::test
