// The operators of ai.onnx, in real meaning; those that work element by element are in
// flow_builder_elements.cpp.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "compiler/float/kernels.h"
#include "compiler/graph_select.h"
#include "compiler/passes/flow_builder.h"
#include "hw/spec/error.h"

namespace qsim {

void FlowBuilder::conv(const Node& node) {
  const EdgeId input = codes_of(node.inputs[0]);
  const Operand weight = weight_operand(node, 1), bias = operand(node, 2);
  if (weight.axis > 0) throw Error("a weight scale per input channel is not supported");
  Op& op = add_op(OpKind::kConv, node, {input}, new_edge(node.outputs[0]));
  op.weight = weight;
  op.bias = bias;
  op.groups = static_cast<int32_t>(node.attr_int("group", 1));
  op.window = resolve_window(node, shape_of(node, 0), output_shape(node),
                             {weight.shape.begin() + 2, weight.shape.end()});
}

void FlowBuilder::conv_transpose(const Node& node) {
  const EdgeId input = codes_of(node.inputs[0]);
  const Operand weight = weight_operand(node, 1), bias = operand(node, 2);
  if (weight.axis >= 0 && weight.axis != 1)
    throw Error("a weight scale per input channel is not supported");
  Op& op = add_op(OpKind::kConvTranspose, node, {input}, new_edge(node.outputs[0]));
  op.weight = weight;
  op.bias = bias;
  op.groups = static_cast<int32_t>(node.attr_int("group", 1));
  op.window.window = resolve_transposed(node, shape_of(node, 0), output_shape(node),
                                        {weight.shape.begin() + 2, weight.shape.end()});
}

void FlowBuilder::gemm(const Node& node) {
  EdgeId input = codes_of(node.inputs[0]);
  const Operand weight = weight_operand(node, 1), bias = operand(node, 2);
  const bool rows = node.attr_int("transB", 0) != 0;
  if (weight.axis >= 0 && weight.axis != (rows ? 0 : 1))
    throw Error("a weight scale per input channel is not supported");
  if (bias.exists() && bias.size() != 1 && bias.shape.back() != bias.size())
    throw Error("a bias per row is not supported");
  if (node.attr_int("transA", 0) != 0) input = add_transpose(node, input, {1, 0});
  Op& op = add_op(OpKind::kMatMul, node, {input}, new_edge(node.outputs[0]));
  op.weight = weight;
  op.weight_rows = rows;
  op.alpha = double{node.attr_float("alpha", 1.0f)};
  op.beta = double{node.attr_float("beta", 1.0f)};
  op.bias = bias;
}

void FlowBuilder::matmul(const Node& node) {
  const EdgeId input = codes_of(node.inputs[0]);
  const Operand weight = matrix(weight_operand(node, 1));
  if (weight.axis == 0) throw Error("a weight scale per input channel is not supported");
  add_op(OpKind::kMatMul, node, {input}, new_edge(node.outputs[0])).weight = weight;
}

void FlowBuilder::batch_normalization(const Node& node) {
  const EdgeId input = codes_of(node.inputs[0]);
  Affine affine;
  affine.scale = operand(node, 1);
  affine.shift = operand(node, 2);
  affine.mean = operand(node, 3);
  affine.variance = operand(node, 4);
  affine.epsilon = double{node.attr_float("epsilon", 1e-5f)};
  Op& op = add_op(OpKind::kAffine, node, {input}, new_edge(node.outputs[0]));
  op.affines = {affine};
  op.axis = shape_of(node, 0).size() < 2 ? -1 : 1;
}

void FlowBuilder::clamp(const Node& node) {
  const DataType type = graph_.value(node.inputs[0]).type;
  if (type == DataType::kInt8 || type == DataType::kUint8) return clip_codes(node);
  const EdgeId input = codes_of(node.inputs[0]);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double low = 0, high = kInfinity;
  if (node.op == "Clip") {
    low = scalar_parameter(graph_, node, "min", 1, -kInfinity);
    high = scalar_parameter(graph_, node, "max", 2, kInfinity);
  }
  Op& op = add_op(OpKind::kClamp, node, {input}, new_edge(node.outputs[0]));
  op.clamp_low = std::min(low, high);  // ONNX: min(max(x, low), high)
  op.clamp_high = high;
}

void FlowBuilder::set_pool(const Node& node, const Shape& input, const Shape& output, Op& op) {
  const bool global = node.op.find("Global") != std::string::npos;
  op.window = global ? global_window(input) : resolve_window(node, input, output, {});
  op.count_include_pad = node.attr_int("count_include_pad", 0) != 0;
  Window& w = op.window.window;
  const bool padded = w.pad_top != 0 || w.pad_left != 0 || w.pad_bottom != 0 || w.pad_right != 0;
  const bool beyond = op.window.ceil_bottom != 0 || op.window.ceil_right != 0;
  if (!padded && !beyond) op.count_include_pad = false;
  if (op.count_include_pad && beyond)
    throw Error("count_include_pad with windows beyond the padding (ceil_mode) is not supported");
  // Taps beyond the padding are skipped like padding.
  w.pad_bottom += op.window.ceil_bottom;
  w.pad_right += op.window.ceil_right;
}

void FlowBuilder::pool(const Node& node) {
  const EdgeId input = codes_of(node.inputs[0]);
  if (node.outputs.size() > 1 && node.outputs[1] != kNoValue)
    throw Error("its second output is not supported");
  const bool is_max = node.op == "MaxPool" || node.op == "GlobalMaxPool";
  Op& op = add_op(is_max ? OpKind::kMaxPool : OpKind::kAveragePool, node, {input},
                  new_edge(node.outputs[0]));
  set_pool(node, shape_of(node, 0), output_shape(node), op);
}

void FlowBuilder::reduce(const Node& node) {
  std::vector<int64_t> axes = integer_parameter(graph_, node, "axes", 1);
  const size_t rank = shape_of(node, 0).size();
  if (axes.empty()) {
    if (node.attr_int("noop_with_empty_axes", 0) != 0) return same(node);
    axes.resize(rank);
    std::iota(axes.begin(), axes.end(), 0);
  }
  for (int64_t& axis : axes) axis = static_cast<int64_t>(wrap_axis(axis, rank));
  std::sort(axes.begin(), axes.end());
  const EdgeId input = codes_of(node.inputs[0]);
  const OpKind kind = node.op == "ReduceMax"   ? OpKind::kReduceMax
                      : node.op == "ReduceSum" ? OpKind::kReduceSum
                                               : OpKind::kReduceMean;
  add_op(kind, node, {input}, new_edge(node.outputs[0])).axes = axes;
}

void FlowBuilder::concat(const Node& node) {
  std::vector<EdgeId> inputs;
  for (ValueId id : node.inputs) inputs.push_back(codes_of(id));
  if (inputs.size() == 1) return alias(node.outputs[0], inputs[0]);
  add_op(OpKind::kConcat, node, inputs, new_edge(node.outputs[0])).axis =
      static_cast<int64_t>(wrap_axis(node.attr_int("axis", 1), output_shape(node).size()));
}

void FlowBuilder::pad(const Node& node) {
  const EdgeId input = codes_of(node.inputs[0]);
  const size_t rank = output_shape(node).size();
  const std::string mode = node.attr_string("mode", "constant");
  std::vector<int64_t> pads = integer_parameter(graph_, node, "pads", 1);
  if (has(node, 3)) {
    const std::vector<int64_t> axes = integer_parameter(graph_, node, "axes", 3), given = pads;
    pads.assign(2 * rank, 0);
    for (size_t i = 0; i < axes.size(); ++i) {
      const size_t d = wrap_axis(axes[i], rank);
      pads[d] = given[i];
      pads[d + rank] = given[i + axes.size()];
    }
  }
  if (std::all_of(pads.begin(), pads.end(), [](int64_t p) { return p == 0; })) return same(node);
  if (mode != "constant") return select(node);
  if (std::any_of(pads.begin(), pads.end(), [](int64_t p) { return p < 0; }))
    throw Error("a negative pad is not supported");
  const double value = real_of(node, scalar_parameter(graph_, node, "value", 2, 0));
  Op& op = add_op(OpKind::kPad, node, {input}, new_edge(node.outputs[0]));
  op.pads = pads;
  op.pad_value = value;
}

void FlowBuilder::reshape(const Node& node) {
  const EdgeId input = edge_of(node.inputs[0]), output = new_edge(node.outputs[0]);
  flow_.edge(output).is_float = flow_.edge(input).is_float;
  add_op(OpKind::kReshape, node, {input}, output);
}

void FlowBuilder::transpose(const Node& node) {
  std::vector<int64_t> perm(output_shape(node).size());
  std::iota(perm.rbegin(), perm.rend(), 0);
  const EdgeId input = edge_of(node.inputs[0]), output = new_edge(node.outputs[0]);
  flow_.edge(output).is_float = flow_.edge(input).is_float;
  add_op(OpKind::kTranspose, node, {input}, output).axes = node.attr_ints("perm", perm);
}

// A view where every element stays where it is.
void FlowBuilder::select(const Node& node) {
  constexpr int64_t kMost = 1 << 26;
  const int64_t before = element_count(shape_of(node, 0)),
                after = element_count(output_shape(node));
  if (before > kMost || after > kMost)
    throw Error("moving more than 2^26 elements on the host is not supported");
  const std::vector<int64_t> elements = selected_elements(graph_, node);
  bool is_view = before == after;
  for (size_t i = 0; is_view && i < elements.size(); ++i)
    is_view = elements[i] == static_cast<int64_t>(i);
  if (is_view) return reshape(node);
  const EdgeId input = codes_of(node.inputs[0]);
  add_op(OpKind::kSelect, node, {input}, new_edge(node.outputs[0])).sources = {elements.begin(),
                                                                               elements.end()};
}

void FlowBuilder::resize(const Node& node) {
  if (!is_linear(node)) return select(node);
  const Shape &from = shape_of(node, 0), &to = output_shape(node);
  const size_t rank = from.size();
  const auto taps = linear_taps(graph_, node);
  std::vector<std::vector<Interpolation>> axes(rank);
  for (size_t d = 0; d < rank; ++d) {
    for (size_t i = 0; i < taps[d].size(); ++i) {
      const LinearTap& tap = taps[d][i];
      const auto weight =
          static_cast<int32_t>(std::lrint(std::ldexp(tap.weight, kInterpolationBits)));
      axes[d].push_back(
          {static_cast<int32_t>(tap.first), static_cast<int32_t>(tap.second), weight});
      const bool is_image = rank == 3 || rank == 4;
      const bool is_kept = weight == 0 && tap.first == static_cast<int64_t>(i) && to[d] == from[d];
      if (!is_kept && (!is_image || d < 2))
        throw Error("interpolation of other dimensions than height and width is not supported");
    }
  }
  if (rank != 3 && rank != 4) return same(node);
  const EdgeId input = codes_of(node.inputs[0]);
  Op& op = add_op(OpKind::kInterpolate, node, {input}, new_edge(node.outputs[0]));
  op.columns = axes[rank - 1];
  op.rows = rank == 4 ? axes[2] : std::vector<Interpolation>(1);
}

void FlowBuilder::lrn(const Node& node) {
  const EdgeId input = codes_of(node.inputs[0]);
  Op& op = add_op(OpKind::kLrn, node, {input}, new_edge(node.outputs[0]));
  op.axis = 1;
  op.normalization = {static_cast<int32_t>(node.attr_int("size", 1)),
                      node.attr_float("alpha", 1e-4f), node.attr_float("beta", 0.75f),
                      node.attr_float("bias", 1)};
}

void FlowBuilder::arg_max(const Node& node) {
  const EdgeId input = edge_of(node.inputs[0]), output = new_edge(node.outputs[0]);
  flow_.edge(output).is_float = true;
  flow_.edge(output).file_type = DataType::kInt64;
  Op& op = add_op(OpKind::kArgMax, node, {input}, output);
  op.axis = static_cast<int64_t>(wrap_axis(node.attr_int("axis", 0), shape_of(node, 0).size()));
  op.takes_last = node.attr_int("select_last_index", 0) != 0;
}

void FlowBuilder::softmax(const Node& node) {
  const EdgeId input = edge_of(node.inputs[0]), output = new_edge(node.outputs[0]);
  flow_.edge(output).is_float = true;
  Op& op = add_op(OpKind::kSoftmax, node, {input}, output);
  op.axis = static_cast<int64_t>(
      wrap_axis(node.attr_int("axis", node.opset < 13 ? 1 : -1), output_shape(node).size()));
  op.softmax_rest = node.opset < 13;
  op.log = node.op == "LogSoftmax";
}

void FlowBuilder::same(const Node& node) {
  if (const auto found = accumulators_.find(node.inputs[0]); found != accumulators_.end()) {
    accumulators_[node.outputs[0]] = found->second;
    return;
  }
  const DataType type = graph_.value(node.outputs[0]).type;
  if (node.op == "Cast" && type != DataType::kFloat && type != DataType::kDouble) {
    throw Error(std::string("a cast of an activation to ") + name_of(type) + " is not supported");
  }
  alias(node.outputs[0], edge_of(node.inputs[0]));
}

}  // namespace qsim
