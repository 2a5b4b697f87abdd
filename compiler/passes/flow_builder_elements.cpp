// Operators that work element by element: sums, products, and functions that become tables.
#include <cmath>
#include <optional>

#include "compiler/graph_unary.h"
#include "compiler/passes/channel_map.h"
#include "compiler/passes/flow_builder.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

// A number that no constant of the graph holds.
Operand number(float value) {
  auto tensor = std::make_shared<Tensor>(DataType::kFloat, Shape{1});
  *tensor->data<float>() = value;
  Operand operand;
  operand.owned = std::move(tensor);
  operand.shape = {1};
  operand.strides = {1};
  return operand;
}

// function(x, c), c the constant's element of the channel, read at the first call.
ScalarFunction with_constant(const Operand& constant, double (*function)(double x, double c)) {
  const auto values = std::make_shared<std::optional<std::vector<double>>>();
  return [=](double x, size_t channel) {
    if (!*values) *values = real_values(constant);
    return function(x, entry(**values, channel));
  };
}

}  // namespace

bool FlowBuilder::pair(const Node& node, OpKind kind) {
  if (is_frozen(node.inputs[0]) || is_frozen(node.inputs[1])) return false;
  const EdgeId a = codes_of(node.inputs[0]), b = codes_of(node.inputs[1]);
  add_op(kind, node, {a, b}, new_edge(node.outputs[0]));
  return true;
}

void FlowBuilder::add(const Node& node) {
  if (node.inputs.size() == 1) return same(node);
  if (pair(node, OpKind::kAdd)) return;
  const size_t constant = is_frozen(node.inputs[0]) ? 0 : 1;
  Affine affine;
  affine.addend = operand(node, constant);
  constant_affine(node, constant, affine);
}

// As batch normalizations: x - c has mean c, c - x scale -1 and shift c, x * c scale c.
void FlowBuilder::sub(const Node& node) {
  if (pair(node, OpKind::kSub)) return;
  const size_t constant = is_frozen(node.inputs[0]) ? 0 : 1;
  const bool is_negated = constant == 0;
  Affine affine = {number(is_negated ? -1 : 1), number(0), number(0), number(1), 0, {}, {}};
  (is_negated ? affine.shift : affine.mean) = operand(node, constant);
  constant_affine(node, constant, affine);
}

void FlowBuilder::mul(const Node& node) {
  if (scale_product(node)) return;
  if (pair(node, OpKind::kMul)) return;
  const size_t constant = is_frozen(node.inputs[0]) ? 0 : 1;
  constant_affine(node, constant,
                  {operand(node, constant), number(0), number(0), number(1), 0, {}, {}});
}

void FlowBuilder::div(const Node& node) {
  if (pair(node, OpKind::kDiv)) return;
  if (is_frozen(node.inputs[0])) {
    return table(node, 1, channel_axis(node, 0),
                 with_constant(operand(node, 0), [](double x, double c) { return c / x; }));
  }
  Affine affine;
  affine.divisor = operand(node, 1);
  constant_affine(node, 1, affine);
}

int64_t FlowBuilder::channel_axis(const Node& node, size_t i) const {
  const Shape &shape = shape_of(node, i), &result = output_shape(node);
  int64_t axis = -1;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1) continue;
    if (axis >= 0) throw Error("a constant that varies along several dimensions is not supported");
    axis = static_cast<int64_t>(d + result.size() - shape.size());
  }
  return axis;
}

// y = affine(x) where input `constant` is the constant, one number for each channel or for all.
void FlowBuilder::constant_affine(const Node& node, size_t constant, const Affine& affine) {
  const size_t activation = 1 - constant;
  const EdgeId input = codes_of(node.inputs[activation]);
  Op& op = add_op(OpKind::kAffine, node, {input}, new_edge(node.outputs[0]));
  op.affines = {affine};
  op.axis = channel_axis(node, constant);
  if (element_count(output_shape(node)) != element_count(shape_of(node, activation))) {
    throw Error("an activation that is broadcast to the shape of a constant is not supported");
  }
}

void FlowBuilder::table(const Node& node, size_t activation, int64_t axis,
                        ScalarFunction function) {
  if (element_count(output_shape(node)) != element_count(shape_of(node, activation))) {
    throw Error("an activation that is broadcast to the shape of a constant is not supported");
  }
  constexpr int64_t kMost = 1 << 16;
  if (axis >= 0 && output_shape(node)[static_cast<size_t>(axis)] > kMost)
    throw Error("a function of its own for more than 65536 channels is not supported");
  const EdgeId input = codes_of(node.inputs[activation]);
  Op& op = add_op(OpKind::kTable, node, {input}, new_edge(node.outputs[0]));
  op.function = std::move(function);
  op.axis = axis;
}

void FlowBuilder::unary(const Node& node) {
  table(node, 0, -1, [function = unary_function(node)](double x, size_t) { return function(x); });
}

void FlowBuilder::prelu(const Node& node) {
  table(node, 0, channel_axis(node, 1), with_constant(operand(node, 1), [](double x, double slope) {
          return x < 0 ? slope * x : x;
        }));
}

void FlowBuilder::power(const Node& node) {
  table(node, 0, -1, [exponent = scalar_parameter(graph_, node, "", 1, 1)](double x, size_t) {
    return std::pow(x, exponent);
  });
}

}  // namespace qsim
