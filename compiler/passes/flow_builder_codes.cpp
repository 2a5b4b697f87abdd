// Q/DQ pairs and the QLinear operators: what they say about scales moves to the edges.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "compiler/float/kernels.h"
#include "compiler/passes/flow_builder.h"
#include "hw/spec/error.h"

namespace qsim {

namespace {

bool is_wide(const Value& value) {
  return value.type == DataType::kInt16 || value.type == DataType::kUint16;
}

}  // namespace

CodeForm FlowBuilder::read_form(const Node& node, const CodeOperand& at, ValueId codes) {
  const CodeParameters p = read_parameters(graph_, node, at.scale, at.zero_point);
  if (p.scale.size() != 1) throw Error("a scale per channel of an activation is not supported");
  if (!(p.scale[0] > 0) || !std::isfinite(p.scale[0]))
    throw Error("its scale is not positive and finite");
  const DataType type = graph_.value(codes).type;
  if (type != DataType::kInt8 && type != DataType::kUint8) {
    throw Error(std::string("an activation of ") + name_of(type) + " codes is not supported");
  }
  const auto zero_point = static_cast<int32_t>(p.zero_point[0]);
  const FileRange range = ranges_[static_cast<size_t>(codes)];
  set_offset(codes, narrowing_of(range, {zero_point}).offset);
  return form_of(range, p.scale[0], zero_point);
}

void FlowBuilder::set_offset(ValueId id, int32_t offset) {
  for (;;) {
    std::optional<int32_t>& own = offsets_[static_cast<size_t>(id)];
    if (!own) own = offset;
    const int32_t producer = graph_.value(id).producer;
    if (producer < 0 || !moves_codes(graph_.nodes[static_cast<size_t>(producer)].op)) return;
    id = graph_.nodes[static_cast<size_t>(producer)].inputs[0];
  }
}

int32_t FlowBuilder::offset_of(ValueId id) const {
  for (;;) {
    if (offsets_[static_cast<size_t>(id)]) return *offsets_[static_cast<size_t>(id)];
    const int32_t producer = graph_.value(id).producer;
    if (producer < 0 || !moves_codes(graph_.nodes[static_cast<size_t>(producer)].op)) break;
    id = graph_.nodes[static_cast<size_t>(producer)].inputs[0];
  }
  return narrowing_of(ranges_[static_cast<size_t>(id)], {}).offset;
}

EdgeId FlowBuilder::read_codes(const Node& node, const CodeOperand& at) {
  const EdgeId id = codes_of(node.inputs[at.value]);
  const CodeForm form = read_form(node, at, node.inputs[at.value]);
  Edge& edge = flow_.edge(id);
  if (!edge.form) {
    edge.form = form;
    edge.file_offset = offset_of(node.inputs[at.value]);
  }
  if (*edge.form != form) {
    throw Error("reads the codes of " + edge.name +
                " with another scale or zero point than they have");
  }
  return id;
}

EdgeId FlowBuilder::new_code_edge(const Node& node) {
  const CodeForm form = read_form(node, code_signature(node).output, node.outputs[0]);
  const EdgeId edge = new_edge(node.outputs[0]);
  flow_.edge(edge).form = form;
  return edge;
}

// Whether the codes of `quantize` may be what its producer writes. What else reads the real gets
// these codes as well; 8 bits are taken to be good enough for it, fewer are not.
bool FlowBuilder::may_settle(const Node& quantize, const CodeForm& form) const {
  if (form.bits == 8) return true;
  const ValueId real = quantize.inputs[0];
  if (std::count(graph_.outputs.begin(), graph_.outputs.end(), real) != 0) return false;
  const std::vector<int32_t>& readers = graph_.value(real).consumers;
  return std::all_of(readers.begin(), readers.end(), [&](int32_t reader) {
    const Node& node = graph_.nodes[static_cast<size_t>(reader)];
    return node.op == "QuantizeLinear" &&
           narrowing_of(ranges_[static_cast<size_t>(node.outputs[0])], {}).bits <= form.bits;
  });
}

// Codes of 16 bits say nothing that 8 bits could keep: the real behind them is calibrated. Else
// there are three cases: a host value is quantized there; the first quantization of a real settles
// how its producer writes it; another one later is a rescale.
void FlowBuilder::quantize_linear(const Node& node) {
  if (is_wide(graph_.value(node.outputs[0]))) {
    flow_.wide_values.push_back(graph_.value(node.outputs[0]).name);
    return alias(node.outputs[0], edge_of(node.inputs[0]));
  }
  if (has_channels(node)) return quantize_channels(node);
  const CodeForm form = read_form(node, {0, 1, 2}, node.outputs[0]);
  const EdgeId source = edge_of(node.inputs[0]);
  Edge& edge = flow_.edge(source);
  if (!edge.is_float && (edge.form ? *edge.form == form : may_settle(node, form))) {
    // From here on the edge is the codes: the real before them may lie outside their range.
    if (!edge.form) {
      edge.name = graph_.value(node.outputs[0]).name;
      edge.range_value = node.outputs[0];
      edge.form = form;
      edge.file_offset = offset_of(node.outputs[0]);
    }
    return alias(node.outputs[0], source);
  }
  const OpKind kind = edge.is_float ? OpKind::kQuantize : OpKind::kRequantize;
  add_op(kind, node, {source}, new_code_edge(node));
}

void FlowBuilder::dequantize_linear(const Node& node) {
  if (is_wide(graph_.value(node.inputs[0]))) return alias(node.outputs[0], edge_of(node.inputs[0]));
  if (has_channels(node)) return dequantize_channels(node);
  alias(node.outputs[0], read_codes(node, {0, 1, 2}));
}

// Clip of codes. What it does to a quantization that it alone reads, code_ranges() has said
// already.
void FlowBuilder::clip_codes(const Node& node) {
  const ValueId from = node.inputs[0], to = node.outputs[0];
  const EdgeId input = edge_of(from);
  const FileRange range = ranges_[static_cast<size_t>(to)];
  if (range == ranges_[static_cast<size_t>(from)]) {
    set_offset(to, offset_of(from));
    // The tensor is what the Clip leaves.
    if (flow_.edge(input).name == graph_.value(from).name) {
      flow_.edge(input).name = graph_.value(to).name;
      flow_.edge(input).range_value = to;
    }
    return alias(to, input);
  }
  if (!flow_.edge(input).form) {
    for (int32_t reader : graph_.value(to).consumers) {
      const Node& dequantize = graph_.nodes[static_cast<size_t>(reader)];
      if (dequantize.op != "DequantizeLinear") continue;
      flow_.edge(input).form = read_form(dequantize, {0, 1, 2}, from);
      flow_.edge(input).file_offset = offset_of(from);
      break;
    }
  }
  if (!flow_.edge(input).form) throw Error("codes of unknown scale");
  const Quantization quant = flow_.edge(input).form->quant;
  const int32_t zero_point = quant.zero_point + offset_of(from);
  set_offset(to, narrowing_of(range, {zero_point}).offset);
  const EdgeId output = new_edge(to);
  flow_.edge(output).form = form_of(range, quant.scale, zero_point);
  add_op(OpKind::kClamp, node, {input}, output);
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
  const CodeOperand &fixed = signature.inputs[first ? 0 : 1],
                    &moving = signature.inputs[first ? 1 : 0];
  Affine affine;
  affine.addend = code_operand(node, fixed, 0);
  add_code_affine(node, moving, fixed, affine);
}

void FlowBuilder::add_code_affine(const Node& node, const CodeOperand& moving,
                                  const CodeOperand& fixed, const Affine& affine) {
  const EdgeId input = read_codes(node, moving);
  if (element_count(output_shape(node)) != element_count(shape_of(node, moving.value)))
    throw Error("an activation that is broadcast to the shape of a constant is not supported");
  const int64_t axis = channel_axis(node, fixed.value);
  Op& op = add_op(OpKind::kAffine, node, {input}, new_code_edge(node));
  op.affines = {affine};
  op.axis = axis;
}

void FlowBuilder::qlinear_mul(const Node& node) {
  const CodeSignature signature = code_signature(node);
  const bool first = is_frozen(node.inputs[0]), second = is_frozen(node.inputs[3]);
  if (!first && !second) {
    const EdgeId a = read_codes(node, signature.inputs[0]),
                 b = read_codes(node, signature.inputs[1]);
    add_op(OpKind::kMul, node, {a, b}, new_code_edge(node));
    return;
  }
  const CodeOperand &fixed = signature.inputs[first ? 0 : 1],
                    &moving = signature.inputs[first ? 1 : 0];
  Affine affine;
  affine.scale = code_operand(node, fixed, 0);
  affine.shift = affine.mean = operand_of({1}, {0});
  affine.variance = operand_of({1}, {1});
  add_code_affine(node, moving, fixed, affine);
}

// A table.
void FlowBuilder::qlinear_unary(const Node& node) {
  const EdgeId input = read_codes(node, {0, 1, 2});
  const double slope = double{node.attr_float("alpha", 0.01f)};
  Op& op = add_op(OpKind::kTable, node, {input}, new_code_edge(node));
  if (node.op == "QLinearSigmoid") {
    op.function = [](double x, size_t) { return 1 / (1 + std::exp(-x)); };
  } else {
    op.function = [slope](double x, size_t) { return x < 0 ? slope * x : x; };
  }
}

void FlowBuilder::qlinear_reduce_mean(const Node& node) {
  const EdgeId input = read_codes(node, {0, 1, 2});
  const size_t rank = shape_of(node, 0).size();
  std::vector<int64_t> axes = node.attr_ints("axes");
  if (axes.empty()) {
    axes.resize(rank);
    std::iota(axes.begin(), axes.end(), 0);
  }
  for (int64_t& axis : axes) axis = static_cast<int64_t>(wrap_axis(axis, rank));
  add_op(OpKind::kReduceMean, node, {input}, new_code_edge(node)).axes = axes;
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
