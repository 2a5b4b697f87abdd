// ConvInteger and MatMulInteger, as quantizers write them:
//
//   QuantizeLinear(x, s, z) or DynamicQuantizeLinear(x) -> ConvInteger(x, w, zx, zw) -> Cast ->
//   Mul(s * sw)
//
// is the product of x and the weights sw * (w - zw). A scale that DynamicQuantizeLinear would find
// for every input anew is calibrated instead: the machine has none at run time.
#include <algorithm>
#include <cmath>

#include "compiler/passes/flow_builder.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

// w with fl32(scale * w) = product, where a float32 close to the quotient is one.
float other_factor(float product, float scale) {
  const auto quotient = static_cast<float>(double{product} / double{scale});
  for (const float candidate :
       {quotient, std::nextafter(quotient, 0.0f), std::nextafter(quotient, INFINITY)}) {
    if (scale * candidate == product) return candidate;
  }
  return quotient;
}

bool is_integer_product(const Node& node) {
  return node.op == "ConvInteger" || node.op == "MatMulInteger";
}

}  // namespace

void FlowBuilder::dynamic_quantize_linear(const Node& node) {
  const ValueId source = node.inputs[0], result = node.outputs[0];
  switch (node.attr_int("output", 0)) {
    case 1:
      dynamic_scales_[result] = {source, {}};
      return;
    case 2:
      dynamic_zeros_[result] = source;
      return;
    default:
      break;
  }
  const std::vector<int32_t>& readers = graph_.value(result).consumers;
  const bool is_output = std::count(graph_.outputs.begin(), graph_.outputs.end(), result) != 0;
  if (is_output || !std::all_of(readers.begin(), readers.end(), [&](int32_t reader) {
        return is_integer_product(graph_.nodes[static_cast<size_t>(reader)]);
      })) {
    throw Error(
        "its codes have an integer form only where ConvInteger or MatMulInteger reads them");
  }
  dynamic_codes_[result] = source;
  flow_.dynamic_values.push_back(graph_.value(source).name);
  alias(result, codes_of(source));
}

void FlowBuilder::integer_product(const Node& node) { accumulators_[node.outputs[0]] = &node; }

bool FlowBuilder::scale_product(const Node& mul) {
  for (size_t i : {0, 1}) {
    const ValueId id = mul.inputs[i], other = mul.inputs[1 - i];
    if (const auto found = accumulators_.find(id); found != accumulators_.end()) {
      scaled_product(*found->second, mul, other);
      return true;
    }
    const auto scale = dynamic_scales_.find(id);
    if (scale == dynamic_scales_.end() || accumulators_.count(other) != 0) continue;
    if (!is_frozen(other) || scale->second.factor.exists())
      throw Error("a run-time scale times anything but the weights' scale is not supported");
    dynamic_scales_[mul.outputs[0]] = {scale->second.source, operand(mul, 1 - i)};
    return true;
  }
  return false;
}

std::vector<float> FlowBuilder::weight_scales(const Node& product, const Node& mul, ValueId factor,
                                              size_t axis) {
  const ValueId codes = product.inputs[0];
  const auto dynamic = dynamic_codes_.find(codes);
  Operand scales;
  float input_scale = 1;
  if (dynamic != dynamic_codes_.end()) {
    const auto scale = dynamic_scales_.find(factor);
    const bool has_zero = has(product, 2) && dynamic_zeros_.count(product.inputs[2]) != 0 &&
                          dynamic_zeros_[product.inputs[2]] == dynamic->second;
    if (!has_zero || scale == dynamic_scales_.end() || scale->second.source != dynamic->second)
      throw Error("its input's scale and zero point are not those of its DynamicQuantizeLinear");
    scales = scale->second.factor;
    if (!scales.exists()) return {1.0f};
  } else {
    const Edge& edge = flow_.edge(edge_of(codes));
    if (!is_frozen(factor)) throw Error("a product of two activations is not supported");
    if (!edge.form) throw Error("codes of unknown scale");
    const double zero = scalar_parameter(graph_, product, "", 2, 0);
    if (zero != edge.form->quant.zero_point + offset_of(codes))
      throw Error("reads the codes of " + edge.name + " with another zero point than they have");
    input_scale = edge.form->quant.scale;
    scales = operand(mul, mul.inputs[0] == factor ? 0 : 1);
  }
  const size_t rank = output_shape(mul).size();
  for (size_t d = 0; d < scales.shape.size(); ++d) {
    const bool is_channel = d + rank - scales.shape.size() == axis;
    if (scales.shape[d] != 1 && !is_channel)
      throw Error("a scale that varies along another dimension than the channels is not supported");
  }
  std::vector<float> result;
  for (double value : real_values(scales)) {
    const auto scale = static_cast<float>(value);
    result.push_back(dynamic != dynamic_codes_.end() ? scale : other_factor(scale, input_scale));
    if (!(result.back() > 0) || !std::isfinite(result.back()))
      throw Error("its scale is not positive and finite");
  }
  return result;
}

void FlowBuilder::scaled_product(const Node& product, const Node& mul, ValueId factor) {
  const bool is_conv = product.op == "ConvInteger";
  const Shape& shape = output_shape(product);
  if (output_shape(mul) != shape)
    throw Error("a scale of more elements than its product is not supported");
  const size_t axis = is_conv ? 1 : shape.size() - 1;
  Operand weight = weight_operand(product, 1);
  weight.is_codes = true;
  weight.scale = weight_scales(product, mul, factor, axis);
  weight.zero_point.assign(1, 0);
  if (has(product, 3)) {
    const Value& zeros = graph_.value(product.inputs[3]);
    weight.zero_point.assign(1, static_cast<int32_t>(zeros.fill));
    if (!zeros.is_filled) {
      const std::vector<int64_t> values = zeros.data.as_ints();
      weight.zero_point.assign(values.begin(), values.end());
    }
  }
  const size_t channels = std::max(weight.scale.size(), weight.zero_point.size());
  if (weight.scale.size() < channels) weight.scale.resize(channels, weight.scale[0]);
  if (weight.zero_point.size() < channels) weight.zero_point.resize(channels, weight.zero_point[0]);
  weight.axis = channels == 1 ? -1 : is_conv ? 0 : static_cast<int>(weight.shape.size()) - 1;

  const EdgeId input = edge_of(product.inputs[0]);
  Op& op =
      add_op(is_conv ? OpKind::kConv : OpKind::kMatMul, product, {input}, new_edge(mul.outputs[0]));
  op.weight = is_conv ? weight : matrix(weight);
  if (!is_conv) return;
  op.groups = static_cast<int32_t>(product.attr_int("group", 1));
  op.window = resolve_window(product, shape_of(product, 0), shape,
                             {weight.shape.begin() + 2, weight.shape.end()});
}

}  // namespace qsim
