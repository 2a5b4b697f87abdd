// Operators of the chains that compute shapes: all of them fold.
#include <algorithm>

#include "compiler/onnx/infer.h"

namespace qsim {
namespace {

Shape integer_list_shape(size_t count) { return {static_cast<int64_t>(count)}; }

// Where a bound of Shape falls: negative ones count from the end, then all are clamped.
int64_t clamp_bound(int64_t bound, int64_t size, int64_t low, int64_t high) {
  if (bound < 0) bound = bound < -size ? low : bound + size;
  return std::clamp(bound, low, high);
}

}  // namespace

void infer_shape(NodeView& view) {
  const auto rank = static_cast<int64_t>(view.shape(0).size());
  const int64_t start = clamp_bound(view.node().attr_int("start", 0), rank, 0, rank);
  const int64_t end = clamp_bound(view.node().attr_int("end", rank), rank, 0, rank);
  view.set_output(DataType::kInt64, {std::max<int64_t>(end - start, 0)});
}

void infer_constant(NodeView& view) {
  const auto& attributes = view.node().attributes;
  if (attributes.size() != 1) {
    view.fail("value attributes = " + std::to_string(attributes.size()) + " is not 1");
  }
  const Attribute& value = attributes.begin()->second;
  if (const auto* tensor = std::get_if<Tensor>(&value)) {
    view.set_output(tensor->type, tensor->shape);
  } else if (const auto* ints = std::get_if<std::vector<int64_t>>(&value)) {
    view.set_output(DataType::kInt64, integer_list_shape(ints->size()));
  } else if (const auto* floats = std::get_if<std::vector<float>>(&value)) {
    view.set_output(DataType::kFloat, integer_list_shape(floats->size()));
  } else {
    const bool is_int = std::holds_alternative<int64_t>(value);
    view.set_output(is_int ? DataType::kInt64 : DataType::kFloat, {});
  }
}

void infer_constant_of_shape(NodeView& view) {
  DataType type = DataType::kFloat;
  if (const auto value = view.node().attributes.find("value");
      value != view.node().attributes.end()) {
    const Tensor& tensor = std::get<Tensor>(value->second);
    if (tensor.size() != 1) {
      view.fail("value = " + to_text(tensor.shape) + " is not one element");
    }
    type = tensor.type;
  }
  view.set_output(type, view.ints(0));
}

}  // namespace qsim
