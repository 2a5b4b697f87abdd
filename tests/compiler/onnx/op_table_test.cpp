// The table of operators: its order, its places, and the page made from it.
#include "compiler/onnx/op_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string_view>

#include "compiler/float/kernels.h"
#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

TEST(OpTable, IsSorted) {
  const auto rows = all_operators();
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), [](const Operator& a, const Operator& b) {
    const std::string_view a_domain = a.domain, b_domain = b.domain;
    return a_domain != b_domain ? a_domain < b_domain : std::string_view(a.name) < b.name;
  }));
}

// No operator costs nothing because nobody said where it runs.
TEST(OpTable, PlacesAgreeWithFoldingAndKernels) {
  for (const Operator& row : all_operators()) {
    EXPECT_NE(row.places, 0u) << row.name;
    EXPECT_EQ((row.places & kFolded) != 0, row.fold_rule != FoldRule::kNever) << row.name;
    const bool only_folds =
        row.fold_rule == FoldRule::kMustFold || row.fold_rule == FoldRule::kAlways;
    EXPECT_EQ(row.places == kFolded, only_folds) << row.name;
    // Split is read as Slices.
    EXPECT_EQ(find_kernel(row.name) == nullptr, only_folds || row.name == std::string("Split"))
        << row.name;
    EXPECT_LE(row.opsets.first, row.opsets.last) << row.name;
  }
}

TEST(OpTable, AnOperatorOfALaterOpsetIsAnError) {
  OnnxBuilder model(8);
  model.initializer("s", int64s({2})).output("y").node("ConstantOfShape", {"s"}, {"y"}, {}, "n");
  EXPECT_EQ(error_of(model),
            "m.onnx: node n (ConstantOfShape): opset = 8 is outside [9, 25], the versions that "
            "have it");
}

TEST(OpTable, ReferencePageIsFresh) {
  std::stringstream text;
  text << std::ifstream(std::string(QSIM_SOURCE_DIR) + "/docs/reference/operators.md").rdbuf();
  EXPECT_TRUE(text.str() == operators_reference())
      << "refresh: qsim machines --operators > docs/reference/operators.md";
}

}  // namespace
}  // namespace qsim::test
