// QuantizeLinear and DequantizeLinear of activations with a scale for each channel. A tensor of the
// machine has one: its codes count as the numbers that they are, and a product for each channel
// makes them, and reals of them.
#include <cmath>

#include "compiler/float/kernels.h"
#include "compiler/passes/flow_builder.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

Operand along_channels(const std::vector<float>& values) {
  return operand_of({static_cast<int64_t>(values.size())}, values);
}

// y = (x - mean) * scale + shift
Affine affine_of(const std::vector<float>& scale, const std::vector<float>& mean,
                 const std::vector<float>& shift) {
  Affine affine;
  affine.scale = along_channels(scale);
  affine.shift = along_channels(shift);
  affine.mean = along_channels(mean);
  affine.variance = along_channels({1});
  return affine;
}

CodeParameters parameters_of(const Graph& graph, const Node& node) {
  if (node.attr_int("block_size", 0) != 0)
    throw Error("a scale for each block of an activation is not supported");
  CodeParameters p = read_parameters(graph, node, 1, 2);
  for (float scale : p.scale) {
    if (!(scale > 0) || !std::isfinite(scale)) throw Error("its scale is not positive and finite");
  }
  return p;
}

}  // namespace

bool FlowBuilder::has_channels(const Node& node) const {
  return element_count(graph_.value(node.inputs[1]).shape) != 1;
}

CodeForm FlowBuilder::number_form(ValueId codes) {
  const Value& value = graph_.value(codes);
  if (value.type != DataType::kInt8 && value.type != DataType::kUint8)
    throw Error(std::string("an activation of ") + name_of(value.type) + " codes is not supported");
  const FileRange range = ranges_[static_cast<size_t>(codes)];
  set_offset(codes, narrowing_of(range, {0}).offset);
  return form_of(range, 1.0f, 0);
}

void FlowBuilder::quantize_channels(const Node& node) {
  const CodeParameters p = parameters_of(graph_, node);
  const EdgeId input = codes_of(node.inputs[0]);
  const CodeForm form = number_form(node.outputs[0]);
  const EdgeId output = new_edge(node.outputs[0]);
  flow_.edge(output).form = form;
  std::vector<float> factors;
  for (float scale : p.scale) factors.push_back(1 / scale);
  Op& op = add_op(OpKind::kAffine, node, {input}, output);
  op.affines = {affine_of(factors, {0}, p.zero_point)};
  op.axis = static_cast<int64_t>(wrap_axis(node.attr_int("axis", 1), output_shape(node).size()));
}

void FlowBuilder::dequantize_channels(const Node& node) {
  const CodeParameters p = parameters_of(graph_, node);
  const EdgeId input = codes_of(node.inputs[0]);
  const CodeForm form = number_form(node.inputs[0]);
  Edge& codes = flow_.edge(input);
  if (!codes.form) {
    codes.form = form;
    codes.file_offset = offset_of(node.inputs[0]);
  }
  if (*codes.form != form)
    throw Error("reads the codes of " + codes.name +
                " with another scale or zero point than they have");
  Op& op = add_op(OpKind::kAffine, node, {input}, new_edge(node.outputs[0]));
  op.affines = {affine_of(p.scale, p.zero_point, {0})};
  op.axis = static_cast<int64_t>(wrap_axis(node.attr_int("axis", 1), output_shape(node).size()));
}

}  // namespace qsim
