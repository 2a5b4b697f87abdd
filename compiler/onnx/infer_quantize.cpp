// Quantization operators and the parameters they have in common.
#include <cmath>

#include "compiler/onnx/element_type.h"
#include "compiler/onnx/infer.h"

namespace qsim {
namespace {

constexpr auto kFloat = DataType::kFloat;
constexpr auto kInt8 = DataType::kInt8;
constexpr auto kUint8 = DataType::kUint8;
constexpr int64_t kOnnxUint8 = 2;  // TensorProto.DataType

// Writers of per-channel weights leave 0 for channels without weights; elsewhere 0 has no meaning.
void check_scales(const NodeView& view, size_t i) {
  // At the expense of the fold budget: a ConstantOfShape may have 2^31 channels.
  const std::vector<float> scales = view.data(i).as_floats();
  for (float scale : scales) {
    if (std::isfinite(scale) && (scale > 0 || (scale == 0 && scales.size() > 1))) continue;
    view.fail(view.name_of_input(i) + ": scale = " + std::to_string(scale) + " is not positive");
  }
}

// One scale for every block_size elements along an axis.
void check_blocks(const NodeView& view, DataType codes) {
  const int64_t block = view.node().attr_int("block_size", 0);
  if (block < 1) view.fail("block_size = " + std::to_string(block) + " is negative");
  Shape expected = view.shape(0);
  int64_t& size = expected[view.axis(view.node().attr_int("axis", 1), expected.size())];
  size = size / block + (size % block == 0 ? 0 : 1);
  view.require_type(1, kFloat);
  view.require_constant(1, "scale");
  view.require_shape(1, expected);
  check_scales(view, 1);
  if (!view.has(2)) return;
  view.require_constant(2, "zero point");
  view.require_shape(2, expected);
  view.require_type(2, codes);
}

// Of QuantizeLinear and DequantizeLinear: one scale for the tensor, for each index of an axis, or
// for each block.
void check_scaling(const NodeView& view, DataType codes) {
  if (view.node().attr_int("block_size", 0) != 0) return check_blocks(view, codes);
  const Shape& input = view.shape(0);
  const bool is_one = element_count(view.shape(1)) == 1;
  const int64_t channels =
      is_one ? 1 : input[view.axis(view.node().attr_int("axis", 1), input.size())];
  check_quantization(view, 1, 2, codes, channels);
}

}  // namespace

DataType check_quantization(const NodeView& view, size_t scale, size_t zero_point, DataType codes,
                            int64_t channels) {
  view.require_type(scale, kFloat);
  view.require_constant(scale, "scale");
  const int64_t count = element_count(view.shape(scale));
  if ((count != 1 && count != channels) || view.shape(scale).size() > 1) {
    view.fail(view.name_of_input(scale) + ": shape = " + to_text(view.shape(scale)) +
              " is not one element" +
              (channels == 1 ? "" : " or " + std::to_string(channels) + " channels"));
  }
  check_scales(view, scale);
  if (!view.has(zero_point)) return codes;
  view.require_constant(zero_point, "zero point");
  if (view.shape(zero_point).size() > 1 || element_count(view.shape(zero_point)) != count) {
    view.fail(view.name_of_input(zero_point) + ": shape = " + to_text(view.shape(zero_point)) +
              " is not that of its scale, " + to_text(view.shape(scale)));
  }
  view.require_type(zero_point, codes);
  return codes;
}

DataType check_output_quantization(const NodeView& view, size_t scale, size_t zero_point) {
  if (!view.has(zero_point)) return check_quantization(view, scale, zero_point, view.type(0));
  view.require_supported_type(zero_point, {kUint8, kInt8});
  return check_quantization(view, scale, zero_point, view.type(zero_point));
}

void check_zero_points(const NodeView& view, size_t activation, size_t weight, int64_t channels) {
  if (view.has(activation)) {
    view.require_type(activation, view.type(0));
    if (element_count(view.shape(activation)) != 1) view.unsupported("with a zero point per row");
  }
  if (!view.has(weight)) return;
  view.require_type(weight, view.type(1));
  view.require_constant(weight, "zero point");
  const int64_t count = element_count(view.shape(weight));
  if ((count != 1 && count != channels) || view.shape(weight).size() > 1) {
    view.fail(view.name_of_input(weight) + ": shape = " + to_text(view.shape(weight)) +
              " is not one element or " + std::to_string(channels) + " channels");
  }
}

void infer_quantize_linear(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  ElementType type = element_type(kOnnxUint8);
  if (const int64_t wanted = view.node().attr_int("output_dtype", 0); wanted != 0) {
    type = element_type(wanted);
    if (type.stored == DataType::kUndefined || type.stored == kFloat) {
      view.unsupported("to " + to_text(type));
    }
    if (view.has(2)) view.require_bits(2, type.is_packed() ? type.bits : 8);
  } else if (view.has(2)) {
    view.require_supported_type(2, {kUint8, kInt8, DataType::kUint16, DataType::kInt16});
    type.stored = view.type(2);
    type.bits = view.in(2).bits;
  }
  if (view.node().attr_int("precision", 0) > 1) view.unsupported("with precision");
  check_scaling(view, type.stored);
  view.set_output(type.stored, view.shape(0));
  if (type.is_packed()) view.set_bits(type.bits);
}

void infer_dequantize_linear(NodeView& view) {
  view.require_supported_type(
      0, {kUint8, kInt8, DataType::kUint16, DataType::kInt16, DataType::kInt32});
  check_scaling(view, view.type(0));
  if (view.has(2)) view.require_bits(2, view.in(0).bits);
  view.set_output(kFloat, view.shape(0));
}

void infer_dynamic_quantize_linear(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  const int64_t output = view.node().attr_int("output", 0);
  view.set_output(output == 1 ? kFloat : kUint8, output == 0 ? view.shape(0) : Shape());
}

// Inputs: a, a_scale, a_zero_point, b, b_scale, b_zero_point, c_scale, c_zero_point.
void infer_qlinear_add(NodeView& view) {
  view.require_supported_type(0, {kUint8, kInt8});
  view.require_type(3, view.type(0));
  check_quantization(view, 1, 2, view.type(0));
  check_quantization(view, 4, 5, view.type(0));
  view.set_output(check_quantization(view, 6, 7, view.type(0)),
                  broadcast(view, view.shape(0), view.shape(3)));
}

// Inputs: x, x_scale, x_zero_point, y_scale, y_zero_point.
void infer_qlinear_unary(NodeView& view) {
  view.require_supported_type(0, {kUint8, kInt8});
  check_quantization(view, 1, 2, view.type(0));
  view.set_output(check_quantization(view, 3, 4, view.type(0)), view.shape(0));
}

// Inputs: x, x_scale, x_zero_point, y_scale, y_zero_point. Attribute opset says which version of
// Softmax it stands for.
void infer_qlinear_softmax(NodeView& view) {
  view.require_supported_type(0, {kUint8, kInt8});
  check_quantization(view, 1, 2, view.type(0));
  const bool is_old = view.node().attr_int("opset", 13) < 13;
  view.axis(view.node().attr_int("axis", is_old ? 1 : -1), view.shape(0).size());
  view.set_output(check_quantization(view, 3, 4, view.type(0)), view.shape(0));
}

// Inputs: y_scale, y_zero_point, then x, scale, zero_point of each part.
void infer_qlinear_concat(NodeView& view) {
  if (view.input_count() % 3 != 2) {
    view.fail("inputs = " + std::to_string(view.input_count()) + " is not 2 and 3 for each part");
  }
  if (!view.node().attributes.contains("axis")) view.fail("axis = (none)");
  view.require_supported_type(2, {kUint8, kInt8});
  Shape shape = view.shape(2);
  const size_t axis = view.axis(view.node().attr_int("axis", 0), shape.size());
  shape[axis] = 0;
  for (size_t i = 2; i < view.input_count(); i += 3) {
    view.require_type(i, view.type(2));
    view.require_rank(i, shape.size());
    check_quantization(view, i + 1, i + 2, view.type(2));
    Shape expected = shape;
    expected[axis] = view.shape(i)[axis];
    view.require_shape(i, expected);
    shape[axis] += view.shape(i)[axis];
  }
  view.set_output(check_quantization(view, 0, 1, view.type(2)), shape);
}

// Inputs: condition, x, x_scale, x_zero_point, y, y_scale, y_zero_point, z_scale, z_zero_point.
void infer_qlinear_where(NodeView& view) {
  view.require_type(0, DataType::kBool);
  view.require_supported_type(1, {kUint8, kInt8});
  view.require_type(4, view.type(1));
  check_quantization(view, 2, 3, view.type(1));
  check_quantization(view, 5, 6, view.type(1));
  view.require_constant(0, "conditions");
  view.set_output(check_quantization(view, 7, 8, view.type(1)),
                  broadcast(view, view.shape(0), broadcast(view, view.shape(1), view.shape(4))));
}

}  // namespace qsim
