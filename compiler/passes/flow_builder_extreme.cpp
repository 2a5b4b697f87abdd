// Maxima and minima with a number.
#include "compiler/passes/flow_builder.h"
#include "hw/spec/error.h"

namespace qsim {

void FlowBuilder::extreme(const Node& node) {
  if (node.inputs.size() == 1) return same(node);
  const size_t constant = is_frozen(node.inputs[0]) ? 0 : 1;
  const bool is_one = node.inputs.size() == 2 && is_frozen(node.inputs[constant]) &&
                      element_count(shape_of(node, constant)) == 1 &&
                      output_shape(node) == shape_of(node, 1 - constant);
  if (!is_one) throw Error("with anything but one activation and one number it is not supported");
  const double bound = real_values(operand(node, constant)).at(0);
  const EdgeId input = codes_of(node.inputs[1 - constant]);
  Op& op = add_op(OpKind::kClamp, node, {input}, new_edge(node.outputs[0]));
  (node.op == "Max" ? op.clamp_low : op.clamp_high) = bound;
}

}  // namespace qsim
