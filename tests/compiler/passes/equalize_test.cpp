// Cross-layer equalization: the float function stays, the ranges of weights meet.
#include "compiler/passes/equalize.h"

#include <algorithm>
#include <cmath>

#include "tests/compiler/passes/pass_helpers.h"

namespace qsim::test {
namespace {

// Rows of channels whose sizes differ by powers of ten.
Tensor uneven(const Shape& shape, uint32_t seed) {
  Tensor tensor = random_tensor(shape, seed);
  const int64_t row = tensor.size() / shape[0];
  for (int64_t i = 0; i < tensor.size(); ++i)
    tensor.data<float>()[i] *= static_cast<float>(std::pow(10.0, double(i / row % 4) - 2));
  return tensor;
}

float greatest_difference(const Graph& a, const Graph& b, const Tensor& input) {
  const Tensor x = FloatExecutor(a).run({input})[0], y = FloatExecutor(b).run({input})[0];
  float difference = 0, size = 0;
  for (int64_t i = 0; i < x.size(); ++i) {
    difference = std::max(difference, std::abs(x.data<float>()[i] - y.data<float>()[i]));
    size = std::max(size, std::abs(x.data<float>()[i]));
  }
  return difference / size;
}

// Greatest |w| of each slice of `outer` elements: along dimension 0, or 1 of a depth of `inner`.
std::vector<double> ranges(const Graph& graph, const std::string& name, size_t dimension) {
  for (const Value& value : graph.values) {
    if (value.name != name) continue;
    std::vector<double> result(static_cast<size_t>(value.shape[dimension]), 0);
    int64_t inner = 1;
    for (size_t d = dimension + 1; d < value.shape.size(); ++d) inner *= value.shape[d];
    for (int64_t i = 0; i < value.data.size(); ++i) {
      double& most = result[static_cast<size_t>(i / inner % value.shape[dimension])];
      most = std::max(most, std::abs(double{value.data.data<float>()[i]}));
    }
    return result;
  }
  throw std::logic_error(name);
}

void expect_same_ranges(const Graph& graph, const std::string& outputs, const std::string& inputs,
                        size_t input_dimension) {
  const std::vector<double> a = ranges(graph, outputs, 0),
                            b = ranges(graph, inputs, input_dimension);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i] / b[i], 1, 1e-3) << outputs << i;
}

class DepthwiseInTheMiddle : public testing::TestWithParam<float> {};

TEST_P(DepthwiseInTheMiddle, OfAnyBias) {
  OnnxBuilder model;
  model.input("x", {1, 3, 8, 8}).output("y");
  model.initializer("w1", uneven({8, 3, 1, 1}, 1));
  model.initializer("b1", random_tensor({8}, 2, -GetParam(), GetParam()));
  model.initializer("w2", uneven({8, 1, 3, 3}, 3))
      .initializer("w3", random_tensor({5, 8, 1, 1}, 4));
  model.node("Conv", {"x", "w1", "b1"}, {"c1"}, {}, "conv1").node("Relu", {"c1"}, {"r1"});
  model.node("Conv", {"r1", "w2"}, {"c2"}, {{"group", int64_t{8}}, {"pads", ints({1, 1, 1, 1})}},
             "conv2");
  model.node("Conv", {"c2", "w3"}, {"y"}, {}, "conv3");
  const Graph before = import_model(model), after = equalize(before);
  after.check();
  EXPECT_LT(greatest_difference(before, after, random_tensor({1, 3, 8, 8}, 9)), 1e-5f);
  if (GetParam() == 0) expect_same_ranges(after, "w1", "w2", 0);
  expect_same_ranges(after, "w2", "w3", 1);
}

INSTANTIATE_TEST_SUITE_P(Equalize, DepthwiseInTheMiddle, testing::Values(0.0f, 1.0f));

// Or the range of the codes between would be that of one channel's bias.
TEST(Equalize, SmallWeightsDoNotStretchTheirBias) {
  OnnxBuilder model;
  model.input("x", {1, 3, 8, 8}).output("y");
  Tensor weights = random_tensor({8, 3, 1, 1}, 1);
  for (int i = 0; i < 3; ++i) weights.data<float>()[i] *= 1e-4f;
  model.initializer("w1", weights).initializer("b1", random_tensor({8}, 2, 0.5f, 1.0f));
  model.initializer("w2", random_tensor({4, 8, 3, 3}, 3));
  model.node("Conv", {"x", "w1", "b1"}, {"c1"}, {}, "conv1").node("Relu", {"c1"}, {"r1"});
  model.node("Conv", {"r1", "w2"}, {"y"}, {}, "conv2");
  const Graph before = import_model(model), after = equalize(before);
  EXPECT_LT(greatest_difference(before, after, random_tensor({1, 3, 8, 8}, 9)), 1e-5f);
  const std::vector<double> old = ranges(before, "b1", 0), now = ranges(after, "b1", 0);
  EXPECT_LE(*std::max_element(now.begin(), now.end()),
            1.0001 * *std::max_element(old.begin(), old.end()));
  EXPECT_NE(ranges(before, "w1", 0), ranges(after, "w1", 0));
}

TEST(Equalize, NormalizationPoolAndFlattenBeforeGemm) {
  for (int64_t transposed : {0, 1}) {
    OnnxBuilder model;
    model.input("x", {1, 2, 4, 4}).output("y");
    model.initializer("w1", uneven({4, 2, 3, 3}, 1))
        .initializer("add", random_tensor({4, 1, 1}, 5));
    model.initializer("s", random_tensor({4}, 2, 0.1f, 3)).initializer("o", random_tensor({4}, 3));
    model.initializer("m", random_tensor({4}, 4)).initializer("v", random_tensor({4}, 5, 0.1f, 2));
    model.initializer("w2", transposed ? random_tensor({6, 16}, 6) : random_tensor({16, 6}, 6));
    model.node("Conv", {"x", "w1"}, {"c1"}, {{"pads", ints({1, 1, 1, 1})}}, "conv1");
    model.node("BatchNormalization", {"c1", "s", "o", "m", "v"}, {"n"}, {}, "bn");
    model.node("Add", {"n", "add"}, {"a"}, {}, "addition").node("Relu", {"a"}, {"r"});
    model.node("MaxPool", {"r"}, {"p"},
               {{"kernel_shape", ints({2, 2})}, {"strides", ints({2, 2})}});
    model.node("Flatten", {"p"}, {"f"});
    model.node("Gemm", {"f", "w2"}, {"y"}, {{"transB", transposed}}, "fc");
    const Graph before = import_model(model), after = equalize(before);
    EXPECT_LT(greatest_difference(before, after, random_tensor({1, 2, 4, 4}, 9)), 1e-5f);
    EXPECT_EQ(ranges(before, "w1", 0), ranges(after, "w1", 0));  // its normalization changed
    EXPECT_NE(ranges(before, "w2", 0), ranges(after, "w2", 0));
  }
}

TEST(Equalize, WhatIsNoPairStays) {
  OnnxBuilder model;  // Clip in between; then a value with two readers
  model.input("x", {1, 4, 4, 4}).output("y");
  for (int i = 1; i <= 4; ++i)
    model.initializer("w" + std::to_string(i), uneven({4, 4, 1, 1}, static_cast<uint32_t>(i)));
  model.initializer("low", random_tensor({}, 1, 0, 0))
      .initializer("high", random_tensor({}, 1, 6, 6));
  model.node("Conv", {"x", "w1"}, {"c1"}).node("Clip", {"c1", "low", "high"}, {"k"});
  model.node("Conv", {"k", "w2"}, {"c2"}).node("Conv", {"c2", "w3"}, {"c3"});
  model.node("Conv", {"c2", "w4"}, {"c4"}).node("Add", {"c3", "c4"}, {"y"});
  const Graph before = import_model(model), after = equalize(before);
  for (const char* name : {"w1", "w2", "w3", "w4"})
    EXPECT_EQ(ranges(before, name, 0), ranges(after, name, 0)) << name;
}

TEST(Equalize, SharedWeightsAreCopied) {
  OnnxBuilder model;
  model.input("x", {1, 4, 4, 4}).output("y");
  model.initializer("w", uneven({4, 4, 1, 1}, 1));
  model.node("Conv", {"x", "w"}, {"c"}).node("Relu", {"c"}, {"r"}).node("Conv", {"r", "w"}, {"y"});
  const Graph before = import_model(model), after = equalize(before);
  after.check();
  EXPECT_LT(greatest_difference(before, after, random_tensor({1, 4, 4, 4}, 9)), 1e-5f);
}

}  // namespace
}  // namespace qsim::test
