// Operators that move elements, and reductions.
#include <algorithm>
#include <limits>
#include <numeric>

#include "compiler/float/kernels.h"
#include "compiler/graph_select.h"

namespace qsim {
namespace {

std::vector<int64_t> strides_of(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// Coordinate of an out-of-range index under Pad's modes; -1 means "the constant".
int64_t pad_source(int64_t index, int64_t size, const std::string& mode) {
  if (index >= 0 && index < size) return index;
  if (mode == "constant" || size == 0) return -1;
  if (mode == "edge") return std::clamp<int64_t>(index, 0, size - 1);
  const int64_t period = mode == "wrap" ? size : std::max<int64_t>(2 * (size - 1), 1);
  const int64_t phase = (index % period + period) % period;
  return phase < size ? phase : period - phase;
}

}  // namespace

std::vector<float> transpose(const float* x, const Shape& shape, const std::vector<int64_t>& perm) {
  const std::vector<int64_t> from = strides_of(shape);
  std::vector<float> y(static_cast<size_t>(element_count(shape)));
  std::vector<int64_t> index(shape.size(), 0);
  const float* at = x;
  for (float& v : y) {
    v = *at;
    for (size_t d = perm.size(); d-- > 0;) {
      const auto axis = static_cast<size_t>(perm[d]);
      at += from[axis];
      if (++index[d] < shape[axis]) break;
      at -= from[axis] * shape[axis];
      index[d] = 0;
    }
  }
  return y;
}

std::vector<float> concatenate(const std::vector<const Activation*>& inputs, size_t axis,
                               const Shape& out_shape) {
  std::vector<float> y;
  y.reserve(static_cast<size_t>(element_count(out_shape)));
  const int64_t outer = element_count(
      Shape(out_shape.begin(), out_shape.begin() + static_cast<std::ptrdiff_t>(axis)));
  for (int64_t i = 0; i < outer; ++i) {
    for (const Activation* x : inputs) {
      const int64_t block = x->size() / outer;
      y.insert(y.end(), x->begin() + i * block, x->begin() + (i + 1) * block);
    }
  }
  return y;
}

Activation run_view(const Call& call) { return {call.output_shape(), call.in(0).data}; }

Activation run_transpose(const Call& call) {
  const Shape& shape = call.in(0).shape;
  std::vector<int64_t> reversed(shape.size());
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  return make_activation(call.output_shape(), transpose(call.in(0).begin(), shape,
                                                        call.node.attr_ints("perm", reversed)));
}

Activation run_concat(const Call& call) {
  const size_t axis = wrap_axis(call.node.attr_int("axis", 1), call.output_shape().size());
  return make_activation(call.output_shape(), concatenate(call.inputs, axis, call.output_shape()));
}

Activation run_pad(const Call& call) {
  const Activation& x = call.in(0);
  const Shape& out = call.output_shape();
  const size_t rank = out.size();
  const std::vector<int64_t> pads = call.ints("pads", 1);
  const float value = call.node.attr_float("value", call.scalar(2, 0.0f));
  const std::string mode = call.node.attr_string("mode", "constant");
  std::vector<int64_t> begins(rank, 0);
  if (call.has(3)) {
    const std::vector<int64_t> axes = call.ints("", 3);
    for (size_t i = 0; i < axes.size(); ++i) begins[wrap_axis(axes[i], rank)] = pads[i];
  } else {
    std::copy_n(pads.begin(), rank, begins.begin());
  }
  const std::vector<int64_t> in_strides = strides_of(x.shape), out_strides = strides_of(out);
  std::vector<float> y(static_cast<size_t>(element_count(out)));
  for (size_t i = 0; i < y.size(); ++i) {
    int64_t source = 0;
    for (size_t d = 0; d < rank && source >= 0; ++d) {
      const int64_t index = static_cast<int64_t>(i) / out_strides[d] % out[d] - begins[d];
      const int64_t from = pad_source(index, x.shape[d], mode);
      source = from < 0 ? -1 : source + from * in_strides[d];
    }
    y[i] = source < 0 ? value : x.begin()[source];
  }
  return make_activation(out, std::move(y));
}

Activation run_select(const Call& call) {
  const float* x = call.in(0).begin();
  std::vector<float> y;
  y.reserve(static_cast<size_t>(element_count(call.output_shape())));
  for (int64_t element : selected_elements(call.graph, call.node)) y.push_back(x[element]);
  return make_activation(call.output_shape(), std::move(y));
}

Activation run_resize(const Call& call) {
  if (!is_linear(call.node)) return run_select(call);
  return make_activation(call.output_shape(),
                         interpolate(call.graph, call.node, call.in(0).begin()));
}

Activation run_arg_max(const Call& call) {
  const Shape& shape = call.in(0).shape;
  const size_t axis = wrap_axis(call.node.attr_int("axis", 0), shape.size());
  const auto dim = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  const int64_t inner = element_count(Shape(dim + 1, shape.end())), n = *dim;
  const bool takes_last = call.node.attr_int("select_last_index", 0) != 0;
  std::vector<float> y;
  for (int64_t i = 0; i < call.in(0).size() / n; ++i) {
    const float* x = call.in(0).begin() + i / inner * inner * n + i % inner;
    int64_t best = 0;
    for (int64_t j = 1; j < n; ++j) {
      const float value = x[j * inner], largest = x[best * inner];
      if (value > largest || (takes_last && value == largest)) best = j;
    }
    y.push_back(static_cast<float>(best));
  }
  return make_activation(call.output_shape(), std::move(y));
}

Activation run_reduce(const Call& call) {
  const Activation& x = call.in(0);
  const size_t rank = x.shape.size();
  const std::vector<int64_t> axes = call.ints("axes", 1);
  if (axes.empty() && call.node.attr_int("noop_with_empty_axes", 0) != 0) return run_view(call);
  std::vector<bool> reduced(rank, axes.empty());
  for (int64_t axis : axes) reduced[wrap_axis(axis, rank)] = true;
  // Output strides along the input's dimensions, 0 where reduced.
  std::vector<int64_t> to(rank, 0);
  int64_t stride = 1, count = 1;
  for (size_t d = rank; d-- > 0;) {
    if (reduced[d]) {
      count *= x.shape[d];
    } else {
      to[d] = stride;
      stride *= x.shape[d];
    }
  }
  const bool is_max = call.node.op == "ReduceMax", is_mean = !is_max && call.node.op != "ReduceSum";
  std::vector<double> results(static_cast<size_t>(stride),
                              is_max ? -std::numeric_limits<double>::infinity() : 0.0);
  const std::vector<int64_t> from = strides_of(x.shape);
  for (int64_t i = 0; i < x.size(); ++i) {
    int64_t target = 0;
    for (size_t d = 0; d < rank; ++d) target += i / from[d] % x.shape[d] * to[d];
    double& result = results[static_cast<size_t>(target)];
    const double value = x.begin()[i];
    result = is_max ? std::max(result, value) : result + value;
  }
  std::vector<float> y(results.size());
  for (size_t i = 0; i < y.size(); ++i) {
    y[i] = static_cast<float>(is_mean ? results[i] / static_cast<double>(count) : results[i]);
  }
  return make_activation(call.output_shape(), std::move(y));
}

std::vector<float> choose(const Activation& condition, const Activation& x, const Activation& y,
                          const Shape& out_shape) {
  const std::vector<int64_t> takes = repeated_elements(condition.shape, out_shape),
                             from_x = repeated_elements(x.shape, out_shape),
                             from_y = repeated_elements(y.shape, out_shape);
  std::vector<float> result(takes.size());
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = condition.begin()[takes[i]] != 0 ? x.begin()[from_x[i]] : y.begin()[from_y[i]];
  return result;
}

Activation run_where(const Call& call) {
  return make_activation(call.output_shape(),
                         choose(call.in(0), call.in(1), call.in(2), call.output_shape()));
}

}  // namespace qsim
