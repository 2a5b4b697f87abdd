// Operators that compute: one function per kind.
#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "compiler/passes/lowering.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

bool contains(const std::string& letters, char letter) {
  return letters.find(letter) != std::string::npos;
}

// Leading dimensions merged: a matrix product does not tell rows apart.
Shape at_most_four(const Shape& shape) {
  if (shape.size() <= 4) return shape;
  const auto split = shape.end() - 3;
  Shape result = {element_count(Shape(shape.begin(), split))};
  result.insert(result.end(), split, shape.end());
  return result;
}

}  // namespace

void Lowering::conv(const Op& op) {
  const Place x = in_layout(op.inputs[0], image_layout(flow_.edge(op.inputs[0]).shape));
  const TensorId y = add_tensor(op.output, image_layout(flow_.edge(op.output).shape));
  Layer& layer = add_layer(LayerOp::kConv, op.name, {x.tensor}, y);
  layer.window = op.window.window;
  layer.groups = op.groups;
  set_place(op.output, y, "nchw");
}

// The reduction dimension must run over whole axes, channels among them; the kernel covers them.
void Lowering::matmul(const Op& op) {
  const Shape shape = at_most_four(flow_.edge(op.inputs[0]).shape);
  const Shape& weight = op.weight.shape;
  Place x = place_of(op.inputs[0]);
  auto axes = letters(x, shape);
  auto fits = [&] {
    return axes && !contains(axes->back(), 'n') &&
           (contains(axes->back(), 'c') || tensor(x.tensor).c == 1);
  };
  if (!fits()) {
    x = in_layout(op.inputs[0], rows_layout(shape));
    axes = letters(x, shape);
  }
  const NetTensor& in = tensor(x.tensor);
  const std::string& reduced = axes->back();
  Layout layout = layout_of(x.tensor);
  if (contains(reduced, 'h')) layout.h = 1;
  if (contains(reduced, 'w')) layout.w = 1;
  layout.c = static_cast<int32_t>(weight[op.weight_rows ? 0 : 1]);
  std::string order;
  for (size_t d = 0; d + 1 < axes->size(); ++d) order += (*axes)[d];
  if (layout.c != 1) order += 'c';
  layout.order = complete_order(order);
  Window window;
  window.kh = contains(reduced, 'h') ? in.h : 1;
  window.kw = contains(reduced, 'w') ? in.w : 1;
  const TensorId y = add_tensor(op.output, layout);
  add_layer(LayerOp::kConv, op.name, {x.tensor}, y).window = window;
  out_.origins.back().reduction = group(x.atoms, shape)->back();
  set_place(op.output, y, layout.order);
}

Layer& Lowering::channelwise(const Op& op, LayerOp kind) {
  const EdgeId edge = op.inputs[0];
  const Shape& shape = flow_.edge(edge).shape;
  std::string order;
  Place x = in_axes(edge, order);
  if (op.axis >= 0) {
    const auto axes = letters(x, shape);
    const auto d = static_cast<size_t>(op.axis);
    const std::string wanted = shape[d] == 1 ? "" : "c";
    if (!axes || (*axes)[d] != wanted || (wanted.empty() && tensor(x.tensor).c != 1)) {
      const Layout layout = channel_layout(shape, d);
      x = in_layout(edge, layout);
      order = layout.order;
    }
  }
  Layout layout = layout_of(x.tensor);
  layout.order = order;
  const TensorId y = add_tensor(op.output, layout);
  set_place(op.output, y, order);
  return add_layer(kind, op.name, {x.tensor}, y);
}

void Lowering::add(const Op& op) {
  auto without_leading_ones = [](Shape shape) {
    while (!shape.empty() && shape.front() == 1) shape.erase(shape.begin());
    return shape;
  };
  const Shape a_shape = without_leading_ones(flow_.edge(op.inputs[0]).shape);
  if (a_shape != without_leading_ones(flow_.edge(op.inputs[1]).shape)) {
    return pair(op, LayerOp::kHostAdd);
  }
  std::string order;
  const Place a = in_axes(op.inputs[0], order);
  Layout layout = layout_of(a.tensor);
  layout.order = order;
  const Place b = in_layout(op.inputs[1], layout);
  const TensorId y = add_tensor(op.output, layout);
  add_layer(LayerOp::kAdd, op.name, {a.tensor, b.tensor}, y);
  set_place(op.output, y, order);
}

// The result lies as an operand of its shape does; the other's axes that are repeated have one
// element.
void Lowering::pair(const Op& op, LayerOp kind) {
  const Shape& shape = flow_.edge(op.output).shape;
  const auto padded = [&](EdgeId edge) {
    const Shape& own = flow_.edge(edge).shape;
    Shape result(shape.size() - own.size(), 1);
    result.insert(result.end(), own.begin(), own.end());
    return result;
  };
  std::optional<std::vector<std::string>> axes;  // letters of each dimension of the result
  Layout layout;
  for (EdgeId edge : op.inputs) {
    if (axes || padded(edge) != shape) continue;
    std::string order;
    const Place place = in_axes(edge, order);
    axes = letters(place, shape);
    layout = layout_of(place.tensor);
    layout.order = order;
  }
  if (!axes) {
    static const std::vector<std::string> kAxes[] = {
        {}, {"c"}, {"n", "c"}, {"n", "c", "w"}, {"n", "c", "h", "w"}};
    if (shape.size() >= std::size(kAxes))
      throw Error("activations of more than four dimensions that are broadcast are not supported");
    axes = kAxes[shape.size()];
    layout = shape.size() < 3 ? rows_layout(shape) : image_layout(shape);
  }
  std::vector<TensorId> inputs;
  for (EdgeId edge : op.inputs) {
    const Shape own = padded(edge);
    Layout wanted = layout;
    for (size_t d = 0; d < shape.size(); ++d) {
      if (own[d] == shape[d]) continue;
      for (char letter : (*axes)[d]) {
        (letter == 'n'   ? wanted.n
         : letter == 'h' ? wanted.h
         : letter == 'w' ? wanted.w
                         : wanted.c) = 1;
      }
    }
    inputs.push_back(in_layout(edge, wanted).tensor);
  }
  const TensorId y = add_tensor(op.output, layout);
  add_layer(kind, op.name, inputs, y);
  set_place(op.output, y, layout.order);
}

void Lowering::pool(const Op& op) {
  const Place x = in_layout(op.inputs[0], image_layout(flow_.edge(op.inputs[0]).shape));
  const TensorId y = add_tensor(op.output, image_layout(flow_.edge(op.output).shape));
  const bool max = op.kind == OpKind::kMaxPool;
  Layer& layer = add_layer(max ? LayerOp::kMaxPool : LayerOp::kAveragePool, op.name, {x.tensor}, y);
  layer.window = op.window.window;
  layer.count_include_pad = op.count_include_pad;
  set_place(op.output, y, "nchw");
}

void Lowering::reduce(const Op& op) {
  std::string order;
  const Place x = in_axes(op.inputs[0], order);
  const auto axes = letters(x, flow_.edge(op.inputs[0]).shape);
  std::string reduced, kept;
  for (size_t d = 0; axes && d < axes->size(); ++d) {
    const bool gone = std::count(op.axes.begin(), op.axes.end(), static_cast<int64_t>(d)) != 0;
    (gone ? reduced : kept) += (*axes)[d];
  }
  const bool is_max = op.kind == OpKind::kReduceMax;
  if (!axes || contains(reduced, 'n') || contains(reduced, 'c')) {
    const char* const kind = is_max ? "maximum" : op.kind == OpKind::kReduceSum ? "sum" : "mean";
    throw Error(std::string("a ") + kind +
                " over other dimensions than height and width is not supported");
  }
  Layout layout = layout_of(x.tensor);
  Window window;
  if (contains(reduced, 'h')) window.kh = std::exchange(layout.h, 1);
  if (contains(reduced, 'w')) window.kw = std::exchange(layout.w, 1);
  layout.order = complete_order(kept);
  const TensorId y = add_tensor(op.output, layout);
  Layer& layer =
      add_layer(is_max ? LayerOp::kMaxPool : LayerOp::kAveragePool, op.name, {x.tensor}, y);
  layer.window = window;
  layer.is_sum = op.kind == OpKind::kReduceSum;
  set_place(op.output, y, layout.order);
}

void Lowering::interpolate(const Op& op) {
  const Place x = in_layout(op.inputs[0], image_layout(flow_.edge(op.inputs[0]).shape));
  const TensorId y = add_tensor(op.output, image_layout(flow_.edge(op.output).shape));
  Layer& layer = add_layer(LayerOp::kHostResize, op.name, {x.tensor}, y);
  layer.rows = op.rows;
  layer.columns = op.columns;
  set_place(op.output, y, "nchw");
}

void Lowering::elementwise(const Op& op, LayerOp kind) {
  std::string order;
  const Place x = in_axes(op.inputs[0], order);
  Layout layout = layout_of(x.tensor);
  layout.order = order;
  const TensorId y = add_tensor(op.output, layout);
  add_layer(kind, op.name, {x.tensor}, y);
  set_place(op.output, y, order);
}

}  // namespace qsim
