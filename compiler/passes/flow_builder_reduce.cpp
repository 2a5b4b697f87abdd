// Sums over channels, height and width, and maxima and minima with a number.
#include <algorithm>

#include "compiler/float/kernels.h"
#include "compiler/passes/flow_builder.h"
#include "hw/spec/error.h"

namespace qsim {

// A convolution whose weights are all 1: over all channels, or over each, as the axes say.
void FlowBuilder::reduce_sum(const Node& node, const std::vector<int64_t>& axes) {
  const Shape& in = shape_of(node, 0);
  const auto is_summed = [&](size_t d) {
    return in[d] != 1 && std::count(axes.begin(), axes.end(), static_cast<int64_t>(d)) != 0;
  };
  if (in.size() < 3 || in.size() > 4 || is_summed(0))
    throw Error("a sum over anything but channels, height and width of an image is not supported");
  const bool over_channels = is_summed(1);
  Shape kept = {in[0], over_channels ? 1 : in[1]};
  Shape weight = {kept[1], over_channels ? in[1] : 1};
  for (size_t d = 2; d < in.size(); ++d) {
    weight.push_back(is_summed(d) ? in[d] : 1);
    kept.push_back(is_summed(d) ? 1 : in[d]);
  }
  constexpr int64_t kMost = 1 << 26;
  if (element_count(weight) > kMost)
    throw Error("a sum of " + to_text(weight) + " weights is not supported: more than 2^26");

  const EdgeId input = codes_of(node.inputs[0]), output = new_edge(node.outputs[0]);
  EdgeId sum = output;
  if (flow_.edge(output).shape != kept) {
    Edge edge = flow_.edge(output);
    edge.name += ":sum";
    edge.shape = kept;
    sum = flow_.add_edge(edge);
  }
  Op& op = add_op(OpKind::kConv, node, {input}, sum);
  op.weight =
      operand_of(weight, std::vector<float>(static_cast<size_t>(element_count(weight)), 1.0f));
  op.groups = static_cast<int32_t>(over_channels ? 1 : in[1]);
  op.window.window.kh = static_cast<int32_t>(in.size() == 4 ? weight[2] : 1);
  op.window.window.kw = static_cast<int32_t>(weight.back());
  if (sum != output) add_op(OpKind::kReshape, node, {sum}, output);
}

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
