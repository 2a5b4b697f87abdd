// Q/DQ pairs and the QLinear operators: what they say about scales moves to the edges.
#include <cmath>

#include "compiler/float/kernels.h"
#include "compiler/passes/flow_builder.h"
#include "hw/spec/error.h"

namespace qsim {

Quantization FlowBuilder::read_quantization(const Node& node, const CodeOperand& at) const {
  const CodeParameters p = read_parameters(graph_, node, at.scale, at.zero_point);
  if (p.scale.size() != 1) throw Error("a scale per channel of an activation is not supported");
  if (!(p.scale[0] > 0) || !std::isfinite(p.scale[0]))
    throw Error("its scale is not positive and finite");
  const bool has_zero =
      at.zero_point < node.inputs.size() && node.inputs[at.zero_point] != kNoValue;
  const DataType type = has_zero ? graph_.value(node.inputs[at.zero_point]).type : DataType::kUint8;
  if (type != DataType::kInt8 && type != DataType::kUint8) {
    throw Error(std::string("an activation of ") + name_of(type) + " codes is not supported");
  }
  return {p.scale[0], static_cast<int32_t>(p.zero_point[0]) - (type == DataType::kUint8 ? 128 : 0)};
}

EdgeId FlowBuilder::read_codes(const Node& node, const CodeOperand& at) {
  const EdgeId id = codes_of(node.inputs[at.value]);
  const Quantization quant = read_quantization(node, at);
  Edge& edge = flow_.edge(id);
  if (!edge.quant) edge.quant = quant;
  if (*edge.quant != quant) {
    throw Error("reads the codes of " + edge.name +
                " with another scale or zero point than they have");
  }
  return id;
}

EdgeId FlowBuilder::new_code_edge(const Node& node) {
  const Quantization quant = read_quantization(node, code_signature(node).output);
  const EdgeId edge = new_edge(node.outputs[0]);
  flow_.edge(edge).quant = quant;
  return edge;
}

// Three cases: a host value is quantized there; the first quantization of a real settles how its
// producer writes it; another one later is a rescale.
void FlowBuilder::quantize_linear(const Node& node) {
  const Quantization quant = read_quantization(node, {0, 1, 2});
  const EdgeId source = edge_of(node.inputs[0]);
  Edge& edge = flow_.edge(source);
  if (!edge.is_float && (!edge.quant || *edge.quant == quant)) {
    // From here on the edge is the codes: the real before them may lie outside their range.
    if (!edge.quant) {
      edge.name = graph_.value(node.outputs[0]).name;
      edge.range_value = node.outputs[0];
      edge.quant = quant;
    }
    return alias(node.outputs[0], source);
  }
  const OpKind kind = edge.is_float ? OpKind::kQuantize : OpKind::kRequantize;
  add_op(kind, node, {source}, new_code_edge(node));
}

void FlowBuilder::dequantize_linear(const Node& node) {
  alias(node.outputs[0], read_codes(node, {0, 1, 2}));
}

void FlowBuilder::qlinear_conv(const Node& node) {
  const EdgeId input = read_codes(node, {0, 1, 2});
  const Operand weight = code_operand(node, {3, 4, 5}, 0);
  const Operand bias = operand(node, 8);
  Op& op = add_op(OpKind::kConv, node, {input}, new_code_edge(node));
  op.weight = weight;
  op.bias = bias;
  op.bias_is_accumulator = true;
  op.groups = static_cast<int32_t>(node.attr_int("group", 1));
  op.window = resolve_window(node, shape_of(node, 0), output_shape(node),
                             {weight.shape.begin() + 2, weight.shape.end()});
}

void FlowBuilder::qlinear_matmul(const Node& node) {
  const EdgeId input = read_codes(node, {0, 1, 2});
  const Operand weight =
      matrix(code_operand(node, {3, 4, 5}, static_cast<int>(shape_of(node, 3).size()) - 1));
  add_op(OpKind::kMatMul, node, {input}, new_code_edge(node)).weight = weight;
}

void FlowBuilder::qgemm(const Node& node) {
  EdgeId input = read_codes(node, {0, 1, 2});
  const bool rows = node.attr_int("transB", 0) != 0;
  const Operand weight = code_operand(node, {3, 4, 5}, rows ? 0 : 1);
  const Operand bias = operand(node, 6);
  if (node.attr_int("transA", 0) != 0) input = add_transpose(node, input, {1, 0});
  const bool has_scale = code_signature(node).has_output;
  Op& op = add_op(OpKind::kMatMul, node, {input},
                  has_scale ? new_code_edge(node) : new_edge(node.outputs[0]));
  op.weight = weight;
  op.weight_rows = rows;
  op.alpha = double{node.attr_float("alpha", 1.0f)};
  op.bias = bias;
  op.bias_is_accumulator = true;
}

void FlowBuilder::qlinear_add(const Node& node) {
  const CodeSignature signature = code_signature(node);
  const bool first = is_frozen(node.inputs[0]), second = is_frozen(node.inputs[3]);
  if (!first && !second) {
    const EdgeId a = read_codes(node, signature.inputs[0]),
                 b = read_codes(node, signature.inputs[1]);
    add_op(OpKind::kAdd, node, {a, b}, new_code_edge(node));
    return;
  }
  const EdgeId input = read_codes(node, signature.inputs[first ? 1 : 0]);
  Affine affine;
  affine.addend = code_operand(node, signature.inputs[first ? 0 : 1], 0);
  add_op(OpKind::kAffine, node, {input}, new_code_edge(node)).affines = {affine};
}

void FlowBuilder::qlinear_average_pool(const Node& node) {
  const EdgeId input = read_codes(node, {0, 1, 2});
  Op& op = add_op(OpKind::kAveragePool, node, {input}, new_code_edge(node));
  set_pool(node, shape_of(node, 0), output_shape(node), op);
}

void FlowBuilder::qlinear_concat(const Node& node) {
  std::vector<EdgeId> inputs;
  for (const CodeOperand& at : code_signature(node).inputs) inputs.push_back(read_codes(node, at));
  const EdgeId output = new_code_edge(node);
  add_op(OpKind::kConcat, node, inputs, output).axis =
      static_cast<int64_t>(wrap_axis(node.attr_int("axis", 1), output_shape(node).size()));
}

void FlowBuilder::qlinear_softmax(const Node& node) {
  const EdgeId input = read_codes(node, {0, 1, 2});
  const EdgeId output = new_code_edge(node);
  const int64_t opset = node.attr_int("opset", node.opset);
  Op& op = add_op(OpKind::kQlinearSoftmax, node, {input}, output);
  op.axis = static_cast<int64_t>(
      wrap_axis(node.attr_int("axis", opset < 13 ? 1 : -1), output_shape(node).size()));
  op.softmax_rest = opset < 13;
}

}  // namespace qsim
