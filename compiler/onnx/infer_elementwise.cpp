// Operators that keep the shape, broadcast, or reduce.
#include <cmath>

#include "compiler/onnx/element_type.h"
#include "compiler/onnx/infer.h"

namespace qsim {
namespace {

constexpr auto kFloat = DataType::kFloat;

void require_same_type(const NodeView& view) {
  for (size_t i = 1; i < view.input_count(); ++i) view.require_type(i, view.type(0));
}

}  // namespace

// On activations, of floats; the other types belong to chains of constants.
void infer_arithmetic(NodeView& view) {
  require_same_type(view);
  if (!view.all_constant()) view.require_supported_type(0, {kFloat});
  view.set_output(view.type(0), broadcast(view, view.shape(0), view.shape(1)));
}

void infer_sum(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  require_same_type(view);
  Shape shape = view.shape(0);
  for (size_t i = 1; i < view.input_count(); ++i) shape = broadcast(view, shape, view.shape(i));
  view.set_output(kFloat, shape);
}

void infer_relu(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  view.set_output(kFloat, view.shape(0));
}

void infer_unary(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  const std::string approximation = view.node().attr_string("approximate", "none");
  if (approximation != "none" && approximation != "tanh")
    view.fail("approximate = " + printable(approximation) + " is not none or tanh");
  view.set_output(kFloat, view.shape(0));
}

void infer_prelu(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  view.require_type(1, kFloat);
  view.require_frozen(1, "slopes");
  if (broadcast(view, view.shape(0), view.shape(1)) != view.shape(0)) {
    view.fail(view.name_of_input(1) + ": shape = " + to_text(view.shape(1)) +
              " does not repeat to " + to_text(view.shape(0)));
  }
  view.set_output(kFloat, view.shape(0));
}

void infer_pow(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  view.require_supported_type(1, {kFloat, DataType::kInt32, DataType::kInt64});
  view.require_constant(1, "exponents");
  const Shape& shape = view.shape(1);
  if (element_count(shape) != 1 || shape.size() > view.shape(0).size())
    view.unsupported("with several exponents");
  view.set_output(kFloat, view.shape(0));
}

// Of codes as well: exporters write a narrower range of codes so, between Q and DQ.
void infer_clip(NodeView& view) {
  view.require_supported_type(0, {kFloat, DataType::kInt8, DataType::kUint8});
  float low = view.node().attr_float("min", -INFINITY);
  float high = view.node().attr_float("max", INFINITY);
  for (size_t i : {1, 2}) {
    if (!view.has(i)) continue;
    view.require_type(i, view.type(0));
    view.require_constant(i, "bounds");
    (i == 1 ? low : high) = view.scalar(i);
  }
  if (!(low <= high)) {
    view.fail("bounds = [" + std::to_string(low) + ", " + std::to_string(high) + "] are empty");
  }
  view.set_output(view.type(0), view.shape(0));
}

void infer_softmax(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  view.axis(view.node().attr_int("axis", view.node().opset < 13 ? 1 : -1), view.shape(0).size());
  view.set_output(kFloat, view.shape(0));
}

void infer_batch_normalization(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  if (view.node().attr_int("spatial", 1) != 1) view.unsupported("with spatial = 0");
  if (view.node().attr_int("training_mode", 0) != 0) view.unsupported("with training_mode = 1");
  if (view.shape(0).size() < 2) {
    view.fail(view.name_of_input(0) + ": shape = " + to_text(view.shape(0)) + " has no channels");
  }
  for (size_t i = 1; i < 5; ++i) {
    view.require_type(i, kFloat);
    view.require_shape(i, {view.shape(0)[1]});
    view.require_frozen(i, "parameters");
  }
  view.set_output(kFloat, view.shape(0));
}

void infer_reduce(NodeView& view) {
  const bool takes_codes = view.op() == "ReduceMax";
  if (takes_codes) {
    view.require_supported_type(0, {kFloat, DataType::kInt8, DataType::kUint8});
  } else {
    view.require_supported_type(0, {kFloat});
  }
  const Shape& input = view.shape(0);
  const std::vector<int64_t> axes = view.ints("axes", 1);
  if (axes.empty() && view.node().attr_int("noop_with_empty_axes", 0) != 0) {
    view.unsupported("with noop_with_empty_axes = 1 and no axes");
  }
  std::vector<bool> is_reduced(input.size(), axes.empty());
  for (int64_t axis : axes) is_reduced[view.axis(axis, input.size())] = true;
  const bool keeps_dims = view.node().attr_int("keepdims", 1) != 0;
  Shape shape;
  for (size_t i = 0; i < input.size(); ++i) {
    if (!is_reduced[i]) shape.push_back(input[i]);
    if (is_reduced[i] && keeps_dims) shape.push_back(1);
  }
  view.set_output(view.type(0), shape);
}

void infer_arg_max(NodeView& view) {
  view.require_supported_type(0, {kFloat, DataType::kInt8, DataType::kUint8});
  Shape shape = view.shape(0);
  const size_t axis = view.axis(view.node().attr_int("axis", 0), shape.size());
  shape[axis] = 1;
  if (view.node().attr_int("keepdims", 1) == 0)
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  view.set_output(DataType::kInt64, shape);
}

void infer_lrn(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  if (view.shape(0).size() < 2) {
    view.fail(view.name_of_input(0) + ": shape = " + to_text(view.shape(0)) + " has no channels");
  }
  constexpr int64_t kMost = 1 << 15;
  const int64_t size = view.node().attr_int("size", 0);
  if (size < 1 || size > kMost) {
    view.fail("size = " + std::to_string(size) + " is outside [1, " + std::to_string(kMost) + "]");
  }
  for (const char* name : {"alpha", "beta", "bias"}) {
    if (!std::isfinite(view.node().attr_float(name, 0)))
      view.fail(std::string(name) + " is not finite");
  }
  view.set_output(kFloat, view.shape(0));
}

void infer_same(NodeView& view) { view.set_output(view.type(0), view.shape(0)); }

void infer_dropout(NodeView& view) {
  if (view.has(2)) {
    view.require_constant(2, "training_mode");
    view.require_type(2, DataType::kBool);
    if (view.scalar(2) != 0) view.unsupported("with training_mode = 1");
  }
  infer_same(view);
}

void infer_cast(NodeView& view) {
  if (!view.node().attributes.contains("to")) view.fail("to = (none)");
  const ElementType type = element_type(view.node().attr_int("to", 0));
  if (type.stored == DataType::kUndefined || type.is_packed()) {
    view.unsupported("to " + to_text(type));
  }
  view.set_output(type.stored, view.shape(0));
}

}  // namespace qsim
