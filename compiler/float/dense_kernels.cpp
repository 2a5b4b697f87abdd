// Matrix products.
#include "compiler/float/gemm.h"
#include "compiler/float/kernels.h"

namespace qsim {

std::vector<float> multiply(const float* a, const Shape& a_shape, const float* b, int64_t k,
                            int64_t n) {
  const int64_t rows = k == 0 ? 0 : element_count(a_shape) / k;
  std::vector<float> y(static_cast<size_t>(rows * n));
  gemm(rows, n, k, a, b, n, nullptr, y.data(), n);
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
  return multiply(rows, {m, k}, b.data(), k, n);
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

// b is a matrix, or a vector, or has leading dimensions of 1.
Activation run_matmul(const Call& call) {
  const Shape& b = call.in(1).shape;
  const int64_t n = b.size() == 1 ? 1 : b.back();
  const int64_t k = b.size() == 1 ? b[0] : b[b.size() - 2];
  return make_activation(call.output_shape(),
                         multiply(call.in(0).begin(), call.in(0).shape, call.in(1).begin(), k, n));
}

}  // namespace qsim
