// First and second moments of what products read: for bias correction and for rounding with error
// feedback.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compiler/passes/flow.h"

namespace qsim {

// A convolution, Gemm or MatMul, and the value that it reads.
struct ProductInput {
  std::string layer;  // Layer::name
  ValueId value = kNoValue;
  Shape shape;  // of the value: [N, C, (H,) W], or [..., size]
  bool is_conv = false;
  Window window = {};  // is_conv
  int64_t groups = 1;  // is_conv; else 1
  int64_t size = 0;    // weights of an output channel
};

// Those of the graph, which has no Sum of more than two inputs, after the passes that fold pads and
// affine operators.
std::vector<ProductInput> find_products(const Graph& graph);

// Sums over rows: a row is what an output channel multiplies with its weights, in the order of ONNX
// (input channel of the group, ky, kx); a tap outside the feature map is 0. Rows x are those of the
// float network or, after add_pair(), those that the quantized layers before yield, beside the rows
// r of the float network that they stand for.
struct InputMoments {
  static constexpr int64_t kMostSize = 2304;   // of rows whose products are summed: 42 MB a group
  static constexpr int64_t kMostSampled = 64;  // rows of a batch whose products are summed

  int64_t groups = 1, size = 0;
  int64_t rows = 0;                           // as many in every group
  std::vector<double> sum;                    // [group][size]
  int64_t sampled_rows = 0;                   // spread evenly over each batch
  std::vector<double> sampled_sum, products;  // [group][size], [group][size][size]; or empty
  std::vector<double> real_sum, sampled_real_sum, cross;  // of r, r, x rT; alike; pairs alone

  bool has_pairs() const { return !real_sum.empty(); }
  double mean(int64_t group, int64_t index) const {
    return sum[static_cast<size_t>(group * size + index)] / static_cast<double>(rows);
  }
  // Of r; of x where there are no pairs.
  double real_mean(int64_t group, int64_t index) const {
    const std::vector<double>& from = has_pairs() ? real_sum : sum;
    return from[static_cast<size_t>(group * size + index)] / static_cast<double>(rows);
  }
  // E[x xT], size * size elements, or the covariance; of the sampled rows of a group. Empty when
  // they were not asked for or size > kMostSize.
  std::vector<double> second_moment(int64_t group, bool is_centered) const;
  // E[x rT], or the covariance, alike; of pairs alone.
  std::vector<double> cross_moment(int64_t group, bool is_centered) const;

  void add(const ProductInput& input, std::span<const float> values, bool wants_products);
  // `rounded` and `real` are x and r of one batch.
  void add_pair(const ProductInput& input, std::span<const float> rounded,
                std::span<const float> real, bool wants_products);

 private:
  void add_rows(const ProductInput& input, std::span<const float> values,
                std::span<const float> real, bool wants_products);
};

}  // namespace qsim
