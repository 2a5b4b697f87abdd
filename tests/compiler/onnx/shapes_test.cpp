// Shape functions on models of one node: expected shapes computed by hand from the ONNX
// definitions.
#include <gtest/gtest.h>

#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {
namespace {

struct Case {
  const char* title;
  std::string op;
  Shape input;
  Attributes attributes;
  std::vector<Tensor> constants;  // inputs 1, 2, ...; an undefined tensor is an omitted input
  std::string expected;           // shape of the output
  int64_t opset = 13;
};

// What ctest shows behind the test's name.
void PrintTo(const Case& one, std::ostream* out) { *out << one.op << " " << to_text(one.input); }

OnnxBuilder build(const Case& one) {
  OnnxBuilder model(one.opset);
  model.input("x", std::vector<OnnxDim>(one.input.begin(), one.input.end())).output("y");
  std::vector<std::string> inputs = {"x"};
  for (const Tensor& constant : one.constants) {
    if (constant.type == DataType::kUndefined) {
      inputs.push_back("");
      continue;
    }
    inputs.push_back("c" + std::to_string(inputs.size()));
    model.initializer(inputs.back(), constant);
  }
  model.node(one.op, inputs, {"y"}, one.attributes);
  return model;
}

class Shapes : public testing::TestWithParam<Case> {};

TEST_P(Shapes, OfOneNode) {
  const Graph graph = import_model(build(GetParam()));
  EXPECT_EQ(shape_of(graph, "y"), GetParam().expected);
  ASSERT_EQ(graph.nodes.size(), 1u);
  EXPECT_EQ(graph.nodes[0].name, GetParam().op + "_0");
}

std::string title_of(const testing::TestParamInfo<Case>& info) { return info.param.title; }

const Tensor kNone;
const Attribute kSameUpper = std::string("SAME_UPPER");
const Attribute kSameLower = std::string("SAME_LOWER");
const Attribute kValid = std::string("VALID");
const Attribute kOne = int64_t{1};
const Attribute kZero = int64_t{0};

Attribute number(int64_t value) { return value; }

INSTANTIATE_TEST_SUITE_P(
    Conv, Shapes,
    testing::Values(
        Case{"plain", "Conv", {1, 3, 8, 9}, {}, {floats({4, 3, 3, 3})}, "1x4x6x7"},
        Case{"bias", "Conv", {2, 3, 8, 8}, {}, {floats({4, 3, 1, 1}), floats({4})}, "2x4x8x8"},
        Case{"asymmetric",
             "Conv",
             {1, 1, 7, 5},
             {{"strides", ints({2, 2})}, {"pads", ints({1, 0, 2, 1})}},
             {floats({1, 1, 3, 3})},
             "1x1x4x2"},
        Case{"dilated",
             "Conv",
             {1, 1, 9, 9},
             {{"dilations", ints({2, 3})}},
             {floats({1, 1, 3, 3})},
             "1x1x5x3"},
        Case{"depthwise",
             "Conv",
             {1, 6, 5, 5},
             {{"group", number(6)}, {"pads", ints({1, 1, 1, 1})}},
             {floats({12, 1, 3, 3})},
             "1x12x5x5"},
        Case{"one_dimension",
             "Conv",
             {1, 4, 20},
             {{"strides", ints({3})}},
             {floats({8, 4, 5})},
             "1x8x6"},
        Case{"same_upper",
             "Conv",
             {1, 1, 5, 6},
             {{"auto_pad", kSameUpper}, {"strides", ints({2, 2})}},
             {floats({1, 1, 3, 3})},
             "1x1x3x3"},
        Case{"same_lower",
             "Conv",
             {1, 1, 5, 6},
             {{"auto_pad", kSameLower}, {"strides", ints({2, 2})}},
             {floats({1, 1, 4, 4})},
             "1x1x3x3"},
        Case{"valid",
             "Conv",
             {1, 1, 6, 6},
             {{"auto_pad", kValid}, {"strides", ints({2, 2})}},
             {floats({1, 1, 3, 3})},
             "1x1x2x2"}),
    title_of);

INSTANTIATE_TEST_SUITE_P(
    Pool, Shapes,
    testing::Values(
        Case{"max",
             "MaxPool",
             {1, 2, 7, 7},
             {{"kernel_shape", ints({3, 3})}, {"strides", ints({2, 2})}},
             {},
             "1x2x3x3"},
        Case{"max_ceil",
             "MaxPool",
             {1, 2, 8, 8},
             {{"kernel_shape", ints({3, 3})}, {"strides", ints({2, 2})}, {"ceil_mode", kOne}},
             {},
             "1x2x4x4"},
        // 1 + ceil((2 + 0 - 1) / 2) = 2, but the second window would begin at 2, behind the input.
        Case{"max_ceil_drops_empty_window",
             "MaxPool",
             {1, 1, 2, 2},
             {{"kernel_shape", ints({1, 1})}, {"strides", ints({2, 2})}, {"ceil_mode", kOne}},
             {},
             "1x1x1x1"},
        Case{"max_dilated",
             "MaxPool",
             {1, 1, 4, 4},
             {{"kernel_shape", ints({2, 2})}, {"dilations", ints({2, 2})}},
             {},
             "1x1x2x2"},
        Case{"average_one_dimension",
             "AveragePool",
             {1, 3, 32},
             {{"kernel_shape", ints({2})}},
             {},
             "1x3x31"},
        Case{"average_same",
             "AveragePool",
             {1, 3, 32, 32},
             {{"kernel_shape", ints({3, 3})}, {"strides", ints({2, 2})}, {"auto_pad", kSameUpper}},
             {},
             "1x3x16x16"},
        Case{"global", "GlobalAveragePool", {2, 5, 7, 6}, {}, {}, "2x5x1x1"}),
    title_of);

INSTANTIATE_TEST_SUITE_P(
    Matrix, Shapes,
    testing::Values(Case{"gemm", "Gemm", {2, 3}, {}, {floats({3, 5}), floats({5})}, "2x5"},
                    Case{"gemm_transposed",
                         "Gemm",
                         {3, 2},
                         {{"transA", kOne}, {"transB", kOne}},
                         {floats({5, 3}), floats({2, 1})},
                         "2x5"},
                    Case{"matmul_batch", "MatMul", {4, 2, 3}, {}, {floats({3, 5})}, "4x2x5"},
                    Case{"matmul_row", "MatMul", {3}, {}, {floats({3, 5})}, "5"},
                    Case{"matmul_column", "MatMul", {2, 3}, {}, {floats({3})}, "2"}),
    title_of);

INSTANTIATE_TEST_SUITE_P(
    Elementwise, Shapes,
    testing::Values(
        Case{"add_broadcast", "Add", {2, 1, 4}, {}, {floats({3, 1})}, "2x3x4"},
        Case{"sum_of_three", "Sum", {2, 3}, {}, {floats({3}), floats({2, 1})}, "2x3"},
        Case{"relu", "Relu", {2, 3}, {}, {}, "2x3"},
        Case{"clip_attributes", "Clip", {2, 3}, {{"min", 0.0f}, {"max", 6.0f}}, {}, "2x3", 7},
        Case{"clip_only_max", "Clip", {2, 3}, {}, {kNone, floats({}, {6})}, "2x3"},
        Case{"softmax", "Softmax", {2, 3}, {}, {}, "2x3"},
        Case{"log_softmax", "LogSoftmax", {2, 3}, {{"axis", number(0)}}, {}, "2x3"},
        Case{"batch_normalization",
             "BatchNormalization",
             {1, 2, 3, 3},
             {},
             {floats({2}), floats({2}), floats({2}), floats({2})},
             "1x2x3x3"},
        Case{
            "mean_attribute", "ReduceMean", {1, 2, 3, 4}, {{"axes", ints({2, -1})}}, {}, "1x2x1x1"},
        Case{"mean_input",
             "ReduceMean",
             {1, 2, 3, 4},
             {{"keepdims", kZero}},
             {int64s({2, 3})},
             "1x2",
             18},
        Case{"mean_of_all", "ReduceMean", {1, 2, 3, 4}, {{"keepdims", kZero}}, {}, "scalar"},
        Case{"cast", "Cast", {2, 3}, {{"to", number(kOnnxInt32)}}, {}, "2x3"}),
    title_of);

INSTANTIATE_TEST_SUITE_P(
    Layout, Shapes,
    testing::Values(
        Case{"flatten", "Flatten", {2, 3, 4, 5}, {}, {}, "2x60"},
        Case{"flatten_negative", "Flatten", {2, 3, 4, 5}, {{"axis", number(-1)}}, {}, "24x5"},
        Case{"flatten_all", "Flatten", {2, 3}, {{"axis", number(0)}}, {}, "1x6"},
        Case{"reshape", "Reshape", {2, 3, 4}, {}, {int64s({0, -1})}, "2x12"},
        Case{"reshape_to_scalar", "Reshape", {1, 1}, {}, {int64s({})}, "scalar"},
        Case{"transpose_default", "Transpose", {2, 3, 4}, {}, {}, "4x3x2"},
        Case{"transpose", "Transpose", {2, 3, 4}, {{"perm", ints({1, 0, 2})}}, {}, "3x2x4"},
        Case{"squeeze_all", "Squeeze", {1, 3, 1, 5}, {}, {}, "3x5"},
        Case{"squeeze_attribute", "Squeeze", {1, 3, 1}, {{"axes", ints({0})}}, {}, "3x1", 11},
        Case{"squeeze_input", "Squeeze", {1, 3, 1}, {}, {int64s({-1})}, "1x3"},
        Case{"unsqueeze_attribute", "Unsqueeze", {3}, {{"axes", ints({2, 0})}}, {}, "1x3x1", 11},
        Case{"unsqueeze_input", "Unsqueeze", {3, 4}, {}, {int64s({-1})}, "3x4x1"},
        Case{"concat", "Concat", {2, 3}, {{"axis", number(-1)}}, {floats({2, 5})}, "2x8"},
        Case{"pad_attribute", "Pad", {1, 3}, {{"pads", ints({0, 1, 2, 3})}}, {}, "3x7", 7},
        Case{"pad_input", "Pad", {1, 3}, {}, {int64s({0, 1, 2, 3}), floats({}, {0})}, "3x7"},
        Case{"pad_axes", "Pad", {1, 3}, {}, {int64s({4, 5}), kNone, int64s({-1})}, "1x12", 18}),
    title_of);

// One kernel position more, or one input position less, and the last output is gone.
TEST(ShapesOfConv, OutputEndsWhereTheLastWholeWindowDoes) {
  const auto output = [](int64_t size) {
    return shape_of(
        import_model(
            build({"", "Conv", {1, 1, size}, {{"strides", ints({4})}}, {floats({1, 1, 3})}, ""})),
        "y");
  };
  EXPECT_EQ(output(10), "1x1x2");
  EXPECT_EQ(output(11), "1x1x3");
}

}  // namespace
}  // namespace qsim::test
