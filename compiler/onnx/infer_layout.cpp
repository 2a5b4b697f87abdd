// Operators that move elements and compute none.
#include <algorithm>

#include "compiler/onnx/infer.h"

namespace qsim {
namespace {

// Which of `rank` dimensions the axes name; each at most once.
std::vector<bool> mark_axes(const NodeView& view, const std::vector<int64_t>& axes, size_t rank) {
  std::vector<bool> is_marked(rank, false);
  for (int64_t number : axes) {
    const size_t axis = view.axis(number, rank);
    if (is_marked[axis]) view.fail("axes = " + std::to_string(number) + " appears twice");
    is_marked[axis] = true;
  }
  return is_marked;
}

}  // namespace

void infer_flatten(NodeView& view) {
  const Shape& input = view.shape(0);
  const auto rank = static_cast<int64_t>(input.size());
  int64_t axis = view.node().attr_int("axis", 1);
  if (axis < -rank || axis > rank) {
    view.fail("axis = " + std::to_string(axis) + " is outside [" + std::to_string(-rank) + ", " +
              std::to_string(rank) + "]");
  }
  if (axis < 0) axis += rank;
  view.set_output(view.type(0), {element_count(Shape(input.begin(), input.begin() + axis)),
                                 element_count(Shape(input.begin() + axis, input.end()))});
}

// 0 copies the input's dimension (unless allowzero), one -1 takes what is left.
void infer_reshape(NodeView& view) {
  const Shape& input = view.shape(0);
  const std::vector<int64_t> wanted = view.ints(1);
  const bool copies_zero = view.node().attr_int("allowzero", 0) == 0;
  const std::string text = "shape = " + to_text(wanted);
  Shape shape = wanted;
  size_t open = wanted.size();
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == 0 && copies_zero) {
      if (i >= input.size()) view.fail(text + " copies a dimension that the input does not have");
      shape[i] = input[i];
    } else if (wanted[i] == -1) {
      if (open != wanted.size()) view.fail(text + " leaves more than one dimension open");
      open = i;
      shape[i] = 1;
    } else if (wanted[i] < 0) {
      view.fail(text + " has a negative dimension");
    }
  }
  view.set_output(view.type(0), shape);  // bounds the product below
  const int64_t total = element_count(input);
  const int64_t rest = element_count(shape);
  if (open != wanted.size() && rest != 0) shape[open] = total / rest;
  if (element_count(shape) != total) {
    view.fail(text + " does not hold the " + std::to_string(total) + " elements of " +
              to_text(input));
  }
  view.set_output(view.type(0), shape);
}

void infer_transpose(NodeView& view) {
  const Shape& input = view.shape(0);
  std::vector<int64_t> reversed;
  for (size_t i = input.size(); i-- > 0;) reversed.push_back(static_cast<int64_t>(i));
  const std::vector<int64_t> order = view.node().attr_ints("perm", reversed);
  std::vector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  if (sorted != reversed) {
    view.fail("perm = " + to_text(order) + " does not permute " + std::to_string(input.size()) +
              " dimensions");
  }
  Shape shape;
  for (int64_t from : order) shape.push_back(input[static_cast<size_t>(from)]);
  view.set_output(view.type(0), shape);
}

void infer_squeeze(NodeView& view) {
  const Shape& input = view.shape(0);
  const std::vector<int64_t> axes = view.ints("axes", 1);
  std::vector<bool> is_dropped = mark_axes(view, axes, input.size());
  Shape shape;
  for (size_t i = 0; i < input.size(); ++i) {
    if (axes.empty()) is_dropped[i] = input[i] == 1;
    if (!is_dropped[i]) shape.push_back(input[i]);
    if (is_dropped[i] && input[i] != 1) {
      view.fail("axes = " + std::to_string(i) + " is a dimension of " + std::to_string(input[i]) +
                ", not 1");
    }
  }
  view.set_output(view.type(0), shape);
}

void infer_unsqueeze(NodeView& view) {
  const Shape& input = view.shape(0);
  const std::vector<int64_t> axes = view.ints("axes", 1);
  const std::vector<bool> is_new = mark_axes(view, axes, input.size() + axes.size());
  Shape shape;
  auto next = input.begin();
  for (bool is_one : is_new) shape.push_back(is_one ? 1 : *next++);
  view.set_output(view.type(0), shape);
}

void infer_concat(NodeView& view) {
  if (!view.node().attributes.contains("axis")) view.fail("axis = (none)");
  Shape shape = view.shape(0);
  const size_t axis = view.axis(view.node().attr_int("axis", 0), shape.size());
  for (size_t i = 1; i < view.input_count(); ++i) {
    view.require_type(i, view.type(0));
    view.require_rank(i, shape.size());
    Shape expected = shape;
    expected[axis] = view.shape(i)[axis];
    view.require_shape(i, expected);
    shape[axis] += view.shape(i)[axis];
  }
  view.set_output(view.type(0), shape);
}

// Opset 11 turned pads and value into inputs, 18 added axes.
void infer_pad(NodeView& view) {
  const std::string mode = view.node().attr_string("mode", "constant");
  const bool is_constant = mode == "constant", is_reflected = mode == "reflect";
  if (!is_constant && !is_reflected && mode != "edge")
    view.unsupported("with mode = " + printable(mode));
  Shape shape = view.shape(0);
  if (!view.node().attributes.contains("pads") && !view.has(1)) view.fail("pads = (none)");
  const std::vector<int64_t> pads = view.ints("pads", 1);
  std::vector<int64_t> axes;
  for (size_t i = 0; i < shape.size(); ++i) axes.push_back(static_cast<int64_t>(i));
  if (view.has(3)) axes = view.ints(3);
  mark_axes(view, axes, shape.size());
  if (pads.size() != 2 * axes.size()) {
    view.fail("pads = " + std::to_string(pads.size()) + " numbers is not " +
              std::to_string(2 * axes.size()));
  }
  for (size_t i = 0; i < pads.size(); ++i) {
    if (pads[i] < 0) view.unsupported("with negative pads");
    if (pads[i] > kMaxDimension) view.fail("pads = " + std::to_string(pads[i]) + " is too large");
    const size_t d = view.axis(axes[i % axes.size()], shape.size());
    if (is_reflected && pads[i] >= view.shape(0)[d] && pads[i] > 0) {
      view.fail("pads = " + std::to_string(pads[i]) + " is not smaller than dimension " +
                std::to_string(d) + " = " + std::to_string(view.shape(0)[d]) +
                ", which it reflects");
    }
    if (mode == "edge" && pads[i] > 0 && view.shape(0)[d] == 0)
      view.fail("pads = " + std::to_string(pads[i]) + " has no edge to repeat");
    shape[d] += pads[i];
  }
  if (view.has(2)) {
    view.require_type(2, view.type(0));
    view.require_constant(2, "value");
    view.scalar(2);
  }
  view.set_output(view.type(0), shape);
}

}  // namespace qsim
