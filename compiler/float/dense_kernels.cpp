// Matrix products.
#include <numeric>

#include "compiler/float/gemm.h"
#include "compiler/float/kernels.h"

namespace qsim {

std::vector<float> matmul(const Activation& a, const Activation& b, const Shape& out_shape) {
  const bool column = b.shape.size() == 1;
  const int64_t k = a.shape.back(), n = column ? 1 : b.shape.back();
  if (b.size() == k * n) {  // one matrix: all rows of a at once
    std::vector<float> y(static_cast<size_t>(element_count(out_shape)));
    gemm(k == 0 ? 0 : a.size() / k, n, k, a.begin(), b.begin(), n, nullptr, y.data(), n);
    return y;
  }
  const bool row = a.shape.size() == 1;
  const int64_t m = row ? 1 : a.shape[a.shape.size() - 2];
  const Shape batch(out_shape.begin(), out_shape.end() - (row ? 1 : 2));
  // Index of the matrix that each result takes, by broadcasting matrix numbers.
  auto numbers = [&](const Activation& x, size_t matrix_rank) {
    const size_t rank = x.shape.size() > matrix_rank ? x.shape.size() - matrix_rank : 0;
    Shape shape(x.shape.begin(), x.shape.begin() + static_cast<std::ptrdiff_t>(rank));
    std::vector<float> values(static_cast<size_t>(element_count(shape)));
    std::iota(values.begin(), values.end(), 0.0f);
    const Activation zero =
        make_activation(batch, std::vector<float>(static_cast<size_t>(element_count(batch))));
    return broadcast(make_activation(shape, std::move(values)), zero, batch,
                     [](float p, float q) { return p + q; });
  };
  const std::vector<float> of_a = numbers(a, 2), of_b = numbers(b, 2);
  std::vector<float> y(static_cast<size_t>(element_count(out_shape)));
  for (size_t i = 0; i < of_a.size(); ++i) {
    gemm(m, n, k, a.begin() + static_cast<int64_t>(of_a[i]) * m * k,
         b.begin() + static_cast<int64_t>(of_b[i]) * k * n, n, nullptr,
         y.data() + static_cast<int64_t>(i) * m * n, n);
  }
  return y;
}

std::vector<float> gemm_product(const Call& call, const std::vector<float>& a, const Shape& a_shape,
                                const std::vector<float>& b, const Shape& b_shape) {
  const bool swap_a = call.node.attr_int("transA", 0) != 0,
             swap_b = call.node.attr_int("transB", 0) != 0;
  const int64_t m = a_shape[swap_a ? 1 : 0], k = a_shape[swap_a ? 0 : 1],
                n = b_shape[swap_b ? 0 : 1];
  const std::vector<float> left =
      swap_a ? transpose(a.data(), a_shape, {1, 0}) : std::vector<float>();
  const float* rows = swap_a ? left.data() : a.data();
  if (swap_b) {  // both operands lie along k: dot products
    std::vector<float> y(static_cast<size_t>(m * n));
    for (int64_t i = 0; i < m; ++i) gemv(n, k, b.data(), rows + i * k, nullptr, y.data() + i * n);
    return y;
  }
  std::vector<float> y(static_cast<size_t>(m * n));
  gemm(m, n, k, rows, b.data(), n, nullptr, y.data(), n);
  return y;
}

Activation run_gemm(const Call& call) {
  const float alpha = call.node.attr_float("alpha", 1.0f),
              beta = call.node.attr_float("beta", 1.0f);
  std::vector<float> y =
      gemm_product(call, *call.in(0).data, call.in(0).shape, *call.in(1).data, call.in(1).shape);
  for (float& v : y) v *= alpha;
  const Activation product = make_activation(call.output_shape(), std::move(y));
  if (!call.has(2)) return product;
  std::vector<float> scaled = *call.in(2).data;
  for (float& v : scaled) v *= beta;
  const Activation addend = make_activation(call.in(2).shape, std::move(scaled));
  return make_activation(call.output_shape(), broadcast(product, addend, call.output_shape(),
                                                        [](float p, float q) { return p + q; }));
}

// Leading dimensions broadcast; a vector on the left is a row, on the right a column.
Activation run_matmul(const Call& call) {
  return make_activation(call.output_shape(), matmul(call.in(0), call.in(1), call.output_shape()));
}

}  // namespace qsim
