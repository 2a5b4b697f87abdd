// Where and QLinearWhere with a constant condition: elements that move on the host. A computed one
// would be a tensor of truth values, which the integer network does not have.
#include "compiler/graph_select.h"
#include "compiler/passes/channel_map.h"
#include "compiler/passes/flow_builder.h"
#include "hw/spec/error.h"

namespace qsim {

void FlowBuilder::where(const Node& node) {
  const auto choice = [&](size_t i) -> Choice {
    if (is_frozen(node.inputs[i])) return {shape_of(node, i), -1, operand(node, i)};
    return {shape_of(node, i), codes_of(node.inputs[i]), {}};
  };
  const Choice x = choice(1), y = choice(2);
  choose(node, x, y, new_edge(node.outputs[0]));
}

void FlowBuilder::qlinear_where(const Node& node) {
  const auto choice = [&](const CodeOperand& at) -> Choice {
    if (is_frozen(node.inputs[at.value]))
      return {shape_of(node, at.value), -1, code_operand(node, at, 0)};
    return {shape_of(node, at.value), read_codes(node, at), {}};
  };
  const CodeSignature signature = code_signature(node);
  const Choice x = choice(signature.inputs[0]), y = choice(signature.inputs[1]);
  choose(node, x, y, new_code_edge(node));
}

// The codes of a constant as an activation: a table for each element that has one result, whatever
// it looks up.
EdgeId FlowBuilder::constant_edge(const Node& node, const Choice& constant, EdgeId other,
                                  EdgeId output) {
  const int64_t count = element_count(constant.shape);
  constexpr int64_t kMost = 1 << 16;  // tables of a layer
  if (count > kMost) throw Error("a constant of more than 65536 elements is not supported");
  Edge edge;
  edge.name = flow_.edge(output).name + ":element";
  edge.shape = {1, count};
  const EdgeId element = flow_.add_edge(edge);
  Op& repeat = add_op(OpKind::kSelect, node, {other}, element);
  repeat.name += "/element";
  repeat.sources.assign(static_cast<size_t>(count), 0);
  edge.name = flow_.edge(output).name + ":constant";
  const EdgeId result = flow_.add_edge(edge);
  Op& table = add_op(OpKind::kTable, node, {element}, result);
  table.name += "/constant";
  table.axis = 1;
  const auto values = std::make_shared<std::vector<double>>();
  table.function = [=, operand = constant.constant](double, size_t channel) {
    if (values->empty()) *values = real_values(operand);
    return entry(*values, channel);
  };
  return result;
}

void FlowBuilder::choose(const Node& node, Choice x, Choice y, EdgeId output) {
  const Shape shape = flow_.edge(output).shape;
  constexpr int64_t kMost = 1 << 26;
  for (const Shape& each : {shape, x.shape, y.shape}) {
    if (element_count(each) > kMost)
      throw Error("moving more than 2^26 elements on the host is not supported");
  }
  if (x.edge < 0) x.edge = constant_edge(node, x, y.edge, output);
  if (y.edge < 0) y.edge = constant_edge(node, y, x.edge, output);
  const std::vector<EdgeId> inputs =
      x.edge == y.edge ? std::vector{x.edge} : std::vector{x.edge, y.edge};
  const int64_t second = inputs.size() == 1 ? 0 : element_count(x.shape);
  const Tensor condition = constant_tensor(graph_.value(node.inputs[0]));
  const std::vector<int64_t> takes = repeated_elements(condition.shape, shape),
                             from_x = repeated_elements(x.shape, shape),
                             from_y = repeated_elements(y.shape, shape);
  std::vector<int32_t> sources;
  for (size_t i = 0; i < takes.size(); ++i) {
    const bool takes_x = condition.bytes[static_cast<size_t>(takes[i])] != 0;
    sources.push_back(static_cast<int32_t>(takes_x ? from_x[i] : second + from_y[i]));
  }
  add_op(OpKind::kWhere, node, inputs, output).sources = std::move(sources);
}

}  // namespace qsim
