// Operators of the chains that compute shapes: all of them fold.
#include <algorithm>

#include "compiler/onnx/fold.h"
#include "compiler/onnx/infer.h"

namespace qsim {
namespace {

Shape integer_list_shape(size_t count) { return {static_cast<int64_t>(count)}; }

// Where a bound of Slice falls: negative ones count from the end, then all are clamped.
int64_t clamp_bound(int64_t bound, int64_t size, int64_t low, int64_t high) {
  if (bound < 0) bound = bound < -size ? low : bound + size;
  return std::clamp(bound, low, high);
}

SliceRange slice_range(int64_t start, int64_t end, int64_t step, int64_t size) {
  SliceRange range;
  range.step = step;
  if (size == 0) return range;
  // A downward slice may begin at the last element and end before the first.
  const bool is_up = step > 0;
  range.start = clamp_bound(start, size, 0, is_up ? size : size - 1);
  const int64_t stop = clamp_bound(end, size, is_up ? 0 : -1, is_up ? size : size - 1);
  const int64_t distance = is_up ? stop - range.start : range.start - stop;
  // Any step beyond the dimension's size selects one element; the smaller number cannot overflow.
  range.step = std::clamp(step, -size, size);
  const int64_t stride = std::abs(range.step);
  range.count = distance <= 0 ? 0 : (distance + stride - 1) / stride;
  return range;
}

}  // namespace

void infer_shape(NodeView& view) {
  const auto rank = static_cast<int64_t>(view.shape(0).size());
  const int64_t start = clamp_bound(view.node().attr_int("start", 0), rank, 0, rank);
  const int64_t end = clamp_bound(view.node().attr_int("end", rank), rank, 0, rank);
  view.set_output(DataType::kInt64, {std::max<int64_t>(end - start, 0)});
}

void infer_gather(NodeView& view) {
  const Shape& data = view.shape(0);
  if (view.type(1) != DataType::kInt64) view.require_type(1, DataType::kInt32);
  const size_t axis = view.axis(view.node().attr_int("axis", 0), data.size());
  Shape shape(data.begin(), data.begin() + static_cast<int64_t>(axis));
  shape.insert(shape.end(), view.shape(1).begin(), view.shape(1).end());
  shape.insert(shape.end(), data.begin() + static_cast<int64_t>(axis) + 1, data.end());
  view.set_output(view.type(0), shape);
}

// Opset 10 turned starts, ends and axes into inputs and added steps.
std::vector<SliceRange> slice_ranges(const NodeView& view) {
  const Shape& input = view.shape(0);
  const std::vector<int64_t> starts = view.ints("starts", 1);
  const std::vector<int64_t> ends = view.ints("ends", 2);
  std::vector<int64_t> axes;
  for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  axes = view.ints("axes", 3, axes);
  std::vector<int64_t> steps(starts.size(), 1);
  if (view.has(4)) steps = view.ints(4);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    view.fail("starts, ends, axes, steps = " + std::to_string(starts.size()) + ", " +
              std::to_string(ends.size()) + ", " + std::to_string(axes.size()) + ", " +
              std::to_string(steps.size()) + " numbers differ in length");
  }
  std::vector<SliceRange> ranges;
  for (int64_t size : input) ranges.push_back({0, 1, size});
  std::vector<bool> is_set(input.size(), false);
  for (size_t i = 0; i < starts.size(); ++i) {
    const size_t axis = view.axis(axes[i], input.size());
    if (is_set[axis]) view.fail("axes = " + std::to_string(axes[i]) + " appears twice");
    if (steps[i] == 0) view.fail("steps = 0 is not a step");
    is_set[axis] = true;
    ranges[axis] = slice_range(starts[i], ends[i], steps[i], input[axis]);
  }
  return ranges;
}

void infer_slice(NodeView& view) {
  Shape shape;
  for (const SliceRange& range : slice_ranges(view)) shape.push_back(range.count);
  view.set_output(view.type(0), shape);
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
