// Operators that work element by element, or channel by channel.
#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/float/kernels.h"
#include "compiler/graph_unary.h"
#include "hw/spec/arithmetic.h"

namespace qsim {
namespace {

template <typename Function>
Activation map(const Call& call, Function function) {
  std::vector<float> y(*call.in(0).data);
  for (float& v : y) v = function(v);
  return make_activation(call.output_shape(), std::move(y));
}

}  // namespace

std::vector<float> broadcast(const Activation& a, const Activation& b, const Shape& out_shape,
                             float (*function)(float, float)) {
  const size_t rank = out_shape.size();
  // Element strides of each operand along the output's dimensions; 0 where it is repeated.
  auto strides = [&](const Shape& shape) {
    std::vector<int64_t> result(rank, 0);
    int64_t stride = 1;
    for (size_t i = shape.size(); i-- > 0; stride *= shape[i]) {
      if (shape[i] != 1) result[i + rank - shape.size()] = stride;
    }
    return result;
  };
  const std::vector<int64_t> sa = strides(a.shape), sb = strides(b.shape);
  std::vector<float> y(static_cast<size_t>(element_count(out_shape)));
  std::vector<int64_t> index(rank, 0);
  const int64_t inner = rank == 0 ? 1 : out_shape.back();
  const int64_t ia = rank == 0 ? 0 : sa.back(), ib = rank == 0 ? 0 : sb.back();
  const float *pa = a.begin(), *pb = b.begin();
  for (size_t at = 0; at < y.size(); at += static_cast<size_t>(inner)) {
    for (int64_t i = 0; i < inner; ++i)
      y[at + static_cast<size_t>(i)] = function(pa[i * ia], pb[i * ib]);
    for (size_t d = rank < 2 ? 0 : rank - 1; d-- > 0;) {
      pa += sa[d];
      pb += sb[d];
      if (++index[d] < out_shape[d]) break;
      pa -= sa[d] * out_shape[d];
      pb -= sb[d] * out_shape[d];
      index[d] = 0;
    }
  }
  return y;
}

Activation run_add(const Call& call) {
  Activation sum = call.in(0);
  for (size_t i = 1; i < call.inputs.size(); ++i) {
    Shape shape = call.output_shape();
    sum = make_activation(
        shape, broadcast(sum, call.in(i), shape, [](float a, float b) { return a + b; }));
  }
  return sum;
}

Activation run_sub(const Call& call) {
  return make_activation(call.output_shape(), broadcast(call.in(0), call.in(1), call.output_shape(),
                                                        [](float a, float b) { return a - b; }));
}

Activation run_mul(const Call& call) {
  return make_activation(call.output_shape(), broadcast(call.in(0), call.in(1), call.output_shape(),
                                                        [](float a, float b) { return a * b; }));
}

Activation run_div(const Call& call) {
  return make_activation(call.output_shape(), broadcast(call.in(0), call.in(1), call.output_shape(),
                                                        [](float a, float b) { return a / b; }));
}

Activation run_unary(const Call& call) {
  const RealFunction function = unary_function(call.node);
  return map(call, [&](float v) { return static_cast<float>(function(double{v})); });
}

Activation run_prelu(const Call& call) {
  return make_activation(call.output_shape(),
                         broadcast(call.in(0), call.in(1), call.output_shape(),
                                   [](float a, float slope) { return a < 0 ? slope * a : a; }));
}

Activation run_pow(const Call& call) {
  const double exponent = double{*call.in(1).begin()};
  return map(call, [=](float v) { return static_cast<float>(std::pow(double{v}, exponent)); });
}

Activation run_relu(const Call& call) {
  return map(call, [](float v) { return std::max(v, 0.0f); });
}

Activation run_clip(const Call& call) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float low = call.node.attr_float("min", call.scalar(1, -kInfinity));
  const float high = call.node.attr_float("max", call.scalar(2, kInfinity));
  return map(call, [=](float v) { return std::min(std::max(v, low), high); });
}

Activation run_batch_normalization(const Call& call) {
  const Activation& x = call.in(0);
  const double epsilon = double{call.node.attr_float("epsilon", 1e-5f)};
  const int64_t channels = x.shape.size() < 2 ? 1 : x.shape[1];
  const int64_t inner = x.size() / (x.shape[0] * channels);
  std::vector<float> y(*x.data);
  float* at = y.data();
  for (int64_t plane = 0; plane < x.shape[0] * channels; ++plane, at += inner) {
    const int64_t c = plane % channels;
    const double factor = call.in(1).begin()[c] / std::sqrt(call.in(4).begin()[c] + epsilon);
    const double offset = call.in(2).begin()[c] - call.in(3).begin()[c] * factor;
    const auto a = static_cast<float>(factor), b = static_cast<float>(offset);
    for (int64_t i = 0; i < inner; ++i) at[i] = at[i] * a + b;
  }
  return make_activation(call.output_shape(), std::move(y));
}

Activation run_lrn(const Call& call) {
  const Activation& x = call.in(0);
  const int64_t size = call.node.attr_int("size", 1), channels = x.shape[1];
  const int64_t inner = x.size() / (x.shape[0] * channels);
  const double share = double{call.node.attr_float("alpha", 1e-4f)} / static_cast<double>(size),
               beta = double{call.node.attr_float("beta", 0.75f)},
               bias = double{call.node.attr_float("bias", 1)};
  std::vector<float> y(x.data->size());
  for (int64_t i = 0; i < x.size(); ++i) {
    const int64_t c = i / inner % channels;
    const int64_t low = std::max<int64_t>(c - (size - 1) / 2, 0),
                  high = std::min(c + size / 2, channels - 1);
    double sum = 0;
    for (int64_t k = low; k <= high; ++k) {
      const double value = x.begin()[i + (k - c) * inner];
      sum += value * value;
    }
    y[static_cast<size_t>(i)] =
        static_cast<float>(x.begin()[i] / std::pow(bias + share * sum, beta));
  }
  return make_activation(call.output_shape(), std::move(y));
}

Activation run_softmax(const Call& call) {
  const Activation& x = call.in(0);
  // Before opset 13 the tensor counts as a matrix, split at the axis.
  const int64_t opset = call.node.attr_int("opset", call.node.opset);
  const size_t axis = wrap_axis(call.node.attr_int("axis", opset < 13 ? 1 : -1), x.shape.size());
  const auto dim = x.shape.begin() + static_cast<std::ptrdiff_t>(axis);
  const int64_t inner = opset < 13 ? 1 : element_count(Shape(dim + 1, x.shape.end()));
  const int64_t n = element_count(Shape(dim, x.shape.end())) / inner;
  const bool log = call.node.op == "LogSoftmax";
  std::vector<float> y(x.data->size()), row(static_cast<size_t>(n));
  for (int64_t group = 0; group < x.size() / n; ++group) {
    const int64_t start = group / inner * inner * n + group % inner;
    for (int64_t i = 0; i < n; ++i) row[static_cast<size_t>(i)] = x.begin()[start + i * inner];
    softmax(row.data(), row.size(), log, row.data());
    for (int64_t i = 0; i < n; ++i)
      y[static_cast<size_t>(start + i * inner)] = row[static_cast<size_t>(i)];
  }
  return make_activation(call.output_shape(), std::move(y));
}

}  // namespace qsim
