// The float executor's operators: one function per ONNX operator, found by name.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "compiler/graph.h"

namespace qsim {

// A value while the graph runs: row-major float32. Views (Reshape, Flatten ...) share data.
struct Activation {
  Shape shape;
  std::shared_ptr<const std::vector<float>> data;
  const float* begin() const { return data->data(); }
  int64_t size() const { return static_cast<int64_t>(data->size()); }
};

// One execution of a node. Inputs that the node leaves out are null.
struct Call {
  const Graph& graph;
  const Node& node;
  std::vector<const Activation*> inputs;

  const Activation& in(size_t i) const { return *inputs[i]; }
  bool has(size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
  // Element type and shape of the node's values, as the graph states them.
  DataType type_of_input(size_t i) const { return graph.value(node.inputs[i]).type; }
  const Value& output() const { return graph.value(node.outputs[0]); }
  DataType type_of_output() const { return output().type; }
  const Shape& output_shape() const { return output().shape; }
  // Constant list of integers (axes, pads): attribute `name`, else input i.
  std::vector<int64_t> ints(const char* name, size_t i) const;
  float scalar(size_t i, float fallback) const { return has(i) ? *in(i).begin() : fallback; }
};

using Kernel = Activation (*)(const Call&);

// nullptr when the operator has no kernel.
Kernel find_kernel(std::string_view op);

Activation make_activation(Shape shape, std::vector<float> values);
// Axis in [-rank, rank) to [0, rank).
size_t wrap_axis(int64_t axis, size_t rank);

// Building blocks that float and QLinear operators share.
struct ConvOperands {
  const Activation& x;   // [N, C, (H,) W]
  const float* weights;  // [M, C / groups, (kh,) kw]
  Shape weight_shape;
  const float* bias;  // [M] or null
};
std::vector<float> convolve(const Call& call, const ConvOperands& operands, const Shape& out_shape);
// a [..., M, K] times b [..., K, N], as numpy.matmul.
std::vector<float> matmul(const Activation& a, const Activation& b, const Shape& out_shape);
// a [m, k] or its transpose, b [k, n] or its transpose -> [m, n], no scaling.
std::vector<float> gemm_product(const Call& call, const std::vector<float>& a, const Shape& a_shape,
                                const std::vector<float>& b, const Shape& b_shape);
std::vector<float> average(const Call& call, const Activation& x, const Shape& out_shape,
                           bool global);
std::vector<float> transpose(const float* x, const Shape& shape, const std::vector<int64_t>& perm);
// function(a, b) for every element of the shape that both broadcast to.
std::vector<float> broadcast(const Activation& a, const Activation& b, const Shape& out_shape,
                             float (*function)(float, float));
// x where `condition` is not 0, else y; the shape is what all three broadcast to.
std::vector<float> choose(const Activation& condition, const Activation& x, const Activation& y,
                          const Shape& out_shape);
std::vector<float> concatenate(const std::vector<const Activation*>& inputs, size_t axis,
                               const Shape& out_shape);

// Operators by family.
Activation run_conv(const Call& call);
Activation run_conv_transpose(const Call& call);
Activation run_max_pool(const Call& call);  // GlobalMaxPool as well
Activation run_average_pool(const Call& call);
Activation run_global_average_pool(const Call& call);
Activation run_reduce(const Call& call);  // ReduceMean, ReduceMax, ReduceSum

Activation run_gemm(const Call& call);
Activation run_matmul(const Call& call);

Activation run_add(const Call& call);      // Sum as well
Activation run_extreme(const Call& call);  // Max, Min
Activation run_sub(const Call& call);
Activation run_mul(const Call& call);
Activation run_div(const Call& call);
Activation run_unary(const Call& call);  // compiler/graph_unary.h
Activation run_prelu(const Call& call);
Activation run_pow(const Call& call);
Activation run_relu(const Call& call);
Activation run_clip(const Call& call);
Activation run_batch_normalization(const Call& call);
Activation run_lrn(const Call& call);
Activation run_softmax(const Call& call);  // LogSoftmax as well

Activation run_view(const Call& call);
Activation run_transpose(const Call& call);
Activation run_concat(const Call& call);
Activation run_pad(const Call& call);
Activation run_select(const Call& call);  // see compiler/graph_select.h

Activation run_where(const Call& call);

Activation run_resize(const Call& call);  // Upsample as well
Activation run_arg_max(const Call& call);

Activation run_quantize_linear(const Call& call);
Activation run_dequantize_linear(const Call& call);
Activation run_dynamic_quantize_linear(const Call& call);
Activation run_conv_integer(const Call& call);
Activation run_matmul_integer(const Call& call);
Activation run_qlinear_conv(const Call& call);
Activation run_qlinear_matmul(const Call& call);
Activation run_qgemm(const Call& call);
Activation run_qlinear_add(const Call& call);
Activation run_qlinear_mul(const Call& call);
Activation run_qlinear_unary(const Call& call);  // QLinearSigmoid, QLinearLeakyRelu
Activation run_qlinear_reduce_mean(const Call& call);
Activation run_qlinear_average_pool(const Call& call);
Activation run_qlinear_concat(const Call& call);
Activation run_qlinear_where(const Call& call);
Activation run_qlinear_softmax(const Call& call);

}  // namespace qsim
