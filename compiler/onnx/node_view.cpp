#include "compiler/onnx/node_view.h"

#include <algorithm>

#include "hw/spec/error.h"

namespace qsim {

const Value& NodeView::in(size_t i) const {
  if (!has(i)) fail("input " + std::to_string(i) + " is missing");
  return state_.graph.value(node_.inputs[i]);
}

bool NodeView::is_frozen(size_t i) const {
  in(i);
  return state_.is_frozen[static_cast<size_t>(node_.inputs[i])];
}

bool NodeView::all_constant() const {
  for (size_t i = 0; i < input_count(); ++i) {
    if (has(i) && !is_constant(i)) return false;
  }
  return true;
}

bool NodeView::all_frozen() const {
  for (size_t i = 0; i < input_count(); ++i) {
    if (has(i) && !is_frozen(i)) return false;
  }
  return true;
}

Tensor NodeView::data(size_t i) const {
  const Value& value = in(i);
  spend(element_count(value.shape) * static_cast<int64_t>(size_of(value.type)));
  return constant_tensor(value);
}

std::vector<int64_t> NodeView::ints(size_t i) const {
  const Value& value = in(i);
  if (value.type != DataType::kInt64 && value.type != DataType::kInt32) {
    fail(name_of_input(i) + " = " + qsim::name_of(value.type) + " is not int64 or int32");
  }
  if (value.shape.size() > 1 || element_count(value.shape) > int64_t{2 * kMaxRank}) {
    fail(name_of_input(i) + " = " + qsim::to_text(value.shape) + " is not a list of at most " +
         std::to_string(2 * kMaxRank));
  }
  require_constant(i, "shape parameters");
  return constant_tensor(value).as_ints();
}

float NodeView::scalar(size_t i) const {
  const Value& value = in(i);
  if (element_count(value.shape) != 1) {
    fail(name_of_input(i) + " = " + qsim::to_text(value.shape) + " is not one element");
  }
  return constant_tensor(value).as_floats()[0];
}

std::vector<int64_t> NodeView::ints(const char* name, size_t i,
                                    std::vector<int64_t> fallback) const {
  if (node_.attributes.contains(name)) return node_.attr_ints(name);
  return has(i) ? ints(i) : fallback;
}

void NodeView::set_output(DataType type, const Shape& shape) {
  if (shape.size() > kMaxRank) {
    fail("output rank = " + std::to_string(shape.size()) + " is more than " +
         std::to_string(kMaxRank));
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0 || shape[i] > kMaxDimension) {
      fail("output dimension " + std::to_string(i) + " = " + std::to_string(shape[i]) +
           " is outside [0, " + std::to_string(kMaxDimension) + "]");
    }
  }
  if (is_too_large(shape)) {
    fail("output shape = " + qsim::to_text(shape) + " is more than 2^40 elements");
  }
  Value& value = state_.graph.value(node_.outputs[0]);
  value.type = type;
  value.shape = shape;
  value.bits = 8;
}

void NodeView::set_bits(int32_t bits) { state_.graph.value(node_.outputs[0]).bits = bits; }

void NodeView::set_data(Tensor data) {
  Value& value = state_.graph.value(node_.outputs[0]);
  value.type = data.type;
  value.shape = data.shape;
  value.is_constant = true;
  value.data = std::move(data);
}

void NodeView::set_filled(double fill) {
  Value& value = state_.graph.value(node_.outputs[0]);
  value.is_constant = true;
  value.is_filled = true;
  value.fill = fill;
}

void NodeView::spend(int64_t bytes) const {
  if (bytes > state_.fold_budget_bytes) {
    fail("constant = " + std::to_string(bytes) + " bytes is more than the " +
         std::to_string(state_.fold_budget_bytes) + " left for folding constants");
  }
  state_.fold_budget_bytes -= bytes;
}

void NodeView::fail(const std::string& what) const {
  throw Error(state_.path + ": node " + printable(node_.name) + " (" + node_.op + "): " + what);
}

void NodeView::unsupported(const std::string& variant) const {
  throw UnsupportedVariant{(node_.domain.empty() ? "" : node_.domain + ".") + node_.op + " " +
                           variant};
}

std::string NodeView::name_of_input(size_t i) const {
  return "input " + std::to_string(i) + " (" + printable(in(i).name) + ")";
}

void NodeView::require_type(size_t i, DataType type) const {
  if (in(i).type == type) return;
  fail(name_of_input(i) + ": element type = " + qsim::name_of(in(i).type) + " is not " +
       qsim::name_of(type));
}

void NodeView::require_bits(size_t i, int32_t bits) const {
  if (in(i).bits == bits) return;
  Value wanted = in(i);
  wanted.bits = bits;
  fail(name_of_input(i) + ": element type = " + type_name(in(i)) + " is not " + type_name(wanted));
}

void NodeView::require_supported_type(size_t i, std::initializer_list<DataType> types) const {
  if (std::find(types.begin(), types.end(), in(i).type) != types.end()) return;
  unsupported(std::string("of ") + qsim::name_of(in(i).type));
}

void NodeView::require_rank(size_t i, size_t rank) const {
  if (shape(i).size() == rank) return;
  fail(name_of_input(i) + ": shape = " + qsim::to_text(shape(i)) + " is not of rank " +
       std::to_string(rank));
}

void NodeView::require_shape(size_t i, const Shape& expected) const {
  if (shape(i) == expected) return;
  fail(name_of_input(i) + ": shape = " + qsim::to_text(shape(i)) + " is not " +
       qsim::to_text(expected));
}

void NodeView::require_constant(size_t i, const char* role) const {
  if (!is_constant(i)) unsupported(std::string("with computed ") + role);
}

void NodeView::require_frozen(size_t i, const char* role) const {
  if (!is_frozen(i)) unsupported(std::string("with computed ") + role);
}

size_t NodeView::axis(int64_t axis, size_t rank) const {
  const auto limit = static_cast<int64_t>(rank);
  if (axis < -limit || axis >= limit) {
    fail("axis = " + std::to_string(axis) + " is outside [" + std::to_string(-limit) + ", " +
         std::to_string(limit - 1) + "]");
  }
  return static_cast<size_t>(axis < 0 ? axis + limit : axis);
}

Shape broadcast(const NodeView& view, const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (size_t i = 0; i < result.size(); ++i) {
    const int64_t da = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t db = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (da != db && da != 1 && db != 1) {
      view.fail("operand shapes = " + to_text(a) + " and " + to_text(b) + " do not broadcast");
    }
    result[result.size() - 1 - i] = da == 1 ? db : da;
  }
  return result;
}

}  // namespace qsim
