#include "compiler/passes/flow_builder.h"

#include <algorithm>
#include <iterator>

#include "compiler/float/kernels.h"
#include "compiler/graph_unary.h"
#include "hw/spec/error.h"

namespace qsim {

const FlowBuilder::Row* FlowBuilder::find_row(std::string_view op) {
  static constexpr Row kRows[] = {
      {"Add", &FlowBuilder::add},
      {"ArgMax", &FlowBuilder::arg_max},
      {"AveragePool", &FlowBuilder::pool},
      {"BatchNormalization", &FlowBuilder::batch_normalization},
      {"Cast", &FlowBuilder::same},
      {"Clip", &FlowBuilder::clamp},
      {"Concat", &FlowBuilder::concat},
      {"Conv", &FlowBuilder::conv},
      {"ConvInteger", &FlowBuilder::integer_product},
      {"ConvTranspose", &FlowBuilder::conv_transpose},
      {"DepthToSpace", &FlowBuilder::select},
      {"DequantizeLinear", &FlowBuilder::dequantize_linear},
      {"Div", &FlowBuilder::div},
      {"Dropout", &FlowBuilder::same},
      {"DynamicQuantizeLinear", &FlowBuilder::dynamic_quantize_linear},
      {"Expand", &FlowBuilder::select},
      {"Flatten", &FlowBuilder::reshape},
      {"Gather", &FlowBuilder::select},
      {"Gemm", &FlowBuilder::gemm},
      {"GlobalAveragePool", &FlowBuilder::pool},
      {"GlobalMaxPool", &FlowBuilder::pool},
      {"Identity", &FlowBuilder::same},
      {"LRN", &FlowBuilder::lrn},
      {"LogSoftmax", &FlowBuilder::softmax},
      {"MatMul", &FlowBuilder::matmul},
      {"MatMulInteger", &FlowBuilder::integer_product},
      {"Max", &FlowBuilder::extreme},
      {"MaxPool", &FlowBuilder::pool},
      {"Min", &FlowBuilder::extreme},
      {"Mul", &FlowBuilder::mul},
      {"PRelu", &FlowBuilder::prelu},
      {"Pad", &FlowBuilder::pad},
      {"Pow", &FlowBuilder::power},
      {"QGemm", &FlowBuilder::qgemm},
      {"QLinearAdd", &FlowBuilder::qlinear_add},
      {"QLinearAveragePool", &FlowBuilder::qlinear_average_pool},
      {"QLinearConcat", &FlowBuilder::qlinear_concat},
      {"QLinearConv", &FlowBuilder::qlinear_conv},
      {"QLinearGlobalAveragePool", &FlowBuilder::qlinear_average_pool},
      {"QLinearLeakyRelu", &FlowBuilder::qlinear_unary},
      {"QLinearMatMul", &FlowBuilder::qlinear_matmul},
      {"QLinearMul", &FlowBuilder::qlinear_mul},
      {"QLinearReduceMean", &FlowBuilder::qlinear_reduce_mean},
      {"QLinearSigmoid", &FlowBuilder::qlinear_unary},
      {"QLinearSoftmax", &FlowBuilder::qlinear_softmax},
      {"QLinearWhere", &FlowBuilder::qlinear_where},
      {"QuantizeLinear", &FlowBuilder::quantize_linear},
      {"ReduceMax", &FlowBuilder::reduce},
      {"ReduceMean", &FlowBuilder::reduce},
      {"ReduceSum", &FlowBuilder::reduce},
      {"Relu", &FlowBuilder::clamp},
      {"Reshape", &FlowBuilder::reshape},
      {"Resize", &FlowBuilder::resize},
      {"Slice", &FlowBuilder::select},
      {"Softmax", &FlowBuilder::softmax},
      {"SpaceToDepth", &FlowBuilder::select},
      {"Squeeze", &FlowBuilder::reshape},
      {"Sub", &FlowBuilder::sub},
      {"Sum", &FlowBuilder::add},
      {"Transpose", &FlowBuilder::transpose},
      {"Unsqueeze", &FlowBuilder::reshape},
      {"Upsample", &FlowBuilder::resize},
      {"Where", &FlowBuilder::where},
  };
  const auto* found = std::find_if(std::begin(kRows), std::end(kRows),
                                   [op](const Row& row) { return row.op == op; });
  static constexpr Row kUnary = {"", &FlowBuilder::unary};
  if (found == std::end(kRows)) return is_unary(op) ? &kUnary : nullptr;
  return found;
}

FlowBuilder::FlowBuilder(const Graph& graph, Problems& problems)
    : graph_(graph),
      problems_(problems),
      edges_(graph.values.size(), -1),
      frozen_(graph.values.size(), false),
      ranges_(code_ranges(graph)),
      offsets_(graph.values.size()) {
  flow_.name = graph.name;
  for (size_t i = 0; i < graph.values.size(); ++i) frozen_[i] = graph.values[i].is_constant;
}

Flow FlowBuilder::build() {
  for (ValueId id : graph_.inputs) {
    const Value& value = graph_.value(id);
    const EdgeId edge = new_edge(id);
    flow_.inputs.push_back(edge);
    flow_.edge(edge).is_float = value.type == DataType::kFloat || value.type == DataType::kDouble;
    if (!flow_.edge(edge).is_float && value.type != DataType::kInt8 &&
        value.type != DataType::kUint8) {
      problems_.add("input " + value.name,
                    std::string("type ") + name_of(value.type) + " has no integer form");
    }
  }
  for (const Node& node : graph_.nodes) build_node(node);
  for (size_t i = 0; i < graph_.inputs.size(); ++i) {
    flow_.edge(flow_.inputs[i]).file_offset = offset_of(graph_.inputs[i]);
  }
  build_outputs();
  return std::move(flow_);
}

void FlowBuilder::build_node(const Node& node) {
  const bool frozen = std::all_of(node.inputs.begin(), node.inputs.end(),
                                  [&](ValueId id) { return id == kNoValue || is_frozen(id); });
  if (frozen) {
    for (ValueId id : node.outputs) {
      if (id != kNoValue) frozen_[static_cast<size_t>(id)] = true;
    }
    return;
  }
  // After an unsupported node its result is still an edge, so that later problems are found as
  // well.
  const std::string place = "node " + node.name + " (" + node.op + ")";
  const Row* row = find_row(node.op);
  try {
    if (row == nullptr) throw Error("the operator has no integer form");
    (this->*row->handler)(node);
  } catch (const Error& error) {
    problems_.add(place, error.what());
    if (edges_[static_cast<size_t>(node.outputs[0])] < 0) new_edge(node.outputs[0]);
  }
}

void FlowBuilder::build_outputs() {
  for (ValueId id : graph_.outputs) {
    const Value& value = graph_.value(id);
    if (is_frozen(id)) {
      problems_.add("output " + value.name, "is constant");
      continue;
    }
    try {
      flow_.outputs.push_back(edge_of(id));
    } catch (const Error& error) {
      problems_.add("output " + value.name, error.what());
      continue;
    }
    flow_.output_names.push_back(value.name);
    flow_.output_shapes.push_back(value.shape);
    flow_.output_is_float.push_back(value.type == DataType::kFloat ||
                                    value.type == DataType::kDouble);
    if (flow_.output_is_float.back()) continue;
    const bool is_index = flow_.edge(edge_of(id)).file_type == DataType::kInt64;  // of ArgMax
    if (!is_index && value.type != DataType::kInt8 && value.type != DataType::kUint8) {
      problems_.add("output " + value.name,
                    std::string("type ") + name_of(value.type) + " has no integer form");
    }
    flow_.edge(edge_of(id)).file_type = value.type;
    flow_.edge(edge_of(id)).file_offset = offset_of(id);
  }
}

EdgeId FlowBuilder::new_edge(ValueId id) {
  const Value& value = graph_.value(id);
  Edge edge;
  edge.name = value.name;
  edge.shape = value.shape;
  edge.range_value = id;
  if (value.type == DataType::kInt8 || value.type == DataType::kUint8) {
    edge.file_type = value.type;
    edge.file_offset = offset_of(id);
  }
  const EdgeId result = flow_.add_edge(std::move(edge));
  alias(id, result);
  return result;
}

EdgeId FlowBuilder::edge_of(ValueId id) const {
  if (is_frozen(id)) throw Error("a constant where an activation is expected is not supported");
  const EdgeId edge = edges_[static_cast<size_t>(id)];
  if (edge < 0 && accumulators_.count(id) != 0)
    throw Error("the int32 result " + graph_.value(id).name +
                " has an integer form only where Cast and Mul by the input's scale times the "
                "weights' follow");
  if (edge < 0 && (dynamic_scales_.count(id) != 0 || dynamic_zeros_.count(id) != 0))
    throw Error("the run-time statistic " + graph_.value(id).name +
                " has an integer form only in the scale of a ConvInteger or MatMulInteger");
  if (edge < 0)
    throw Error("its input " + graph_.value(id).name + " is a second output, not supported");
  return edge;
}

EdgeId FlowBuilder::codes_of(ValueId id) {
  const EdgeId edge = edge_of(id);
  if (!flow_.edge(edge).is_float) return edge;
  const auto [found, is_new] = quantized_.try_emplace(edge, -1);
  if (!is_new) return found->second;
  Edge codes = flow_.edge(edge);
  codes.is_float = false;
  codes.name += ":codes";
  found->second = flow_.add_edge(codes);
  Op op{};
  op.kind = OpKind::kQuantize;
  op.name = flow_.edge(edge).name + "/quantize";
  op.inputs = {edge};
  op.output = found->second;
  flow_.ops.push_back(op);
  return found->second;
}

Op& FlowBuilder::add_op(OpKind kind, const Node& node, std::vector<EdgeId> inputs, EdgeId output) {
  Op op{};
  op.kind = kind;
  op.name = node.name;
  op.inputs = std::move(inputs);
  op.output = output;
  flow_.ops.push_back(std::move(op));
  return flow_.ops.back();
}

EdgeId FlowBuilder::add_transpose(const Node& node, EdgeId input,
                                  const std::vector<int64_t>& perm) {
  Edge edge = flow_.edge(input);
  edge.name += ":transposed";
  for (size_t d = 0; d < perm.size(); ++d)
    edge.shape[d] = flow_.edge(input).shape[static_cast<size_t>(perm[d])];
  const EdgeId output = flow_.add_edge(edge);
  add_op(OpKind::kTranspose, node, {input}, output).axes = perm;
  return output;
}

Operand FlowBuilder::operand(const Node& node, size_t i) const {
  if (!has(node, i)) return {};
  if (!is_frozen(node.inputs[i])) throw Error("a product of two activations is not supported");
  return resolve_operand(graph_, node.inputs[i]);
}

Operand FlowBuilder::weight_operand(const Node& node, size_t i) {
  Operand o = operand(node, i);
  if (o.is_wide) flow_.wide_weights.push_back(node.name);
  if (o.is_codes && o.type() != DataType::kInt8 && o.type() != DataType::kUint8) {
    throw Error(std::string("weights of ") + name_of(o.type()) + " codes are not supported");
  }
  return o;
}

Operand FlowBuilder::code_operand(const Node& node, const CodeOperand& at, int axis) const {
  Operand o = operand(node, at.value);
  const CodeParameters p = read_parameters(graph_, node, at.scale, at.zero_point);
  o.is_codes = true;
  o.scale = p.scale;
  o.zero_point.clear();
  for (float zero : p.zero_point) o.zero_point.push_back(static_cast<int32_t>(zero));
  o.axis = p.scale.size() == 1 ? -1 : axis;
  return o;
}

Operand FlowBuilder::matrix(Operand weight) const {
  if (weight.shape.size() == 1) {
    weight.shape = {weight.shape[0], 1};
    weight.strides = {weight.strides[0], 0};
    return weight;
  }
  const auto leading = static_cast<std::ptrdiff_t>(weight.shape.size() - 2);
  if (element_count(Shape(weight.shape.begin(), weight.shape.begin() + leading)) != 1) {
    throw Error("a batch of weight matrices is not supported");
  }
  weight.shape.erase(weight.shape.begin(), weight.shape.begin() + leading);
  weight.strides.erase(weight.strides.begin(), weight.strides.begin() + leading);
  if (weight.axis >= 0) weight.axis -= static_cast<int>(leading);
  return weight;
}

double FlowBuilder::real_of(const Node& node, double stored) const {
  const DataType type = graph_.value(node.inputs[0]).type;
  if (type == DataType::kInt16 || type == DataType::kUint16)
    throw Error("a number beside 16-bit codes is not supported");
  if (type != DataType::kInt8 && type != DataType::kUint8) return stored;
  const Edge& edge = flow_.edge(edge_of(node.inputs[0]));
  if (!edge.form) throw Error("codes of unknown scale");
  const double code = stored - offset_of(node.inputs[0]);
  return double{edge.form->quant.scale} * (code - edge.form->quant.zero_point);
}

Flow build_flow(const Graph& graph, Problems& problems) {
  return FlowBuilder(graph, problems).build();
}

}  // namespace qsim
