// Operators that move values, and what the host does at the end.
#include <algorithm>

#include "compiler/passes/lowering.h"
#include "hw/spec/error.h"

namespace qsim {

void Lowering::concat(const Op& op) {
  const auto axis = static_cast<size_t>(op.axis);
  std::vector<std::string> common;  // letters of each dimension, "c" at `axis`
  std::vector<TensorId> inputs;
  for (EdgeId edge : op.inputs) {
    const Place x = place_of(edge);
    auto axes = letters(x, flow_.edge(edge).shape);
    if (axes && (*axes)[axis].empty() && tensor(x.tensor).c == 1) (*axes)[axis] = "c";
    if (!axes || (*axes)[axis] != "c" || (!common.empty() && *axes != common))
      return permuted_concat(op);
    const Layout have = layout_of(x.tensor),
                 first = layout_of(inputs.empty() ? x.tensor : inputs[0]);
    if (have.n != first.n || have.h != first.h || have.w != first.w) return permuted_concat(op);
    common = *axes;
    inputs.push_back(x.tensor);
  }
  Layout layout = layout_of(inputs[0]);
  layout.c = static_cast<int32_t>(flow_.edge(op.output).shape[axis]);
  std::string order;
  for (const std::string& part : common) order += part;
  layout.order = complete_order(order);
  const TensorId y = add_tensor(op.output, layout);
  add_layer(LayerOp::kConcat, op.name, inputs, y);
  set_place(op.output, y, layout.order);
}

Lowering::Place Lowering::rescaled(EdgeId edge, const Op& op) {
  Place x = place_of(edge);
  if (shared_.group[static_cast<size_t>(edge)] == shared_.group[static_cast<size_t>(op.output)])
    return x;
  const TensorId result = add_tensor(op.output, layout_of(x.tensor));
  NetTensor& t = out_.network.tensors.back();
  t.name = flow_.edge(edge).name + ":rescaled";
  t.onnx_shape = tensor(x.tensor).onnx_shape;
  add_layer(LayerOp::kRescale, flow_.edge(edge).name + "/rescale", {x.tensor}, result);
  out_.origins.back().op = -1;
  x.tensor = result;
  return x;
}

void Lowering::permuted_concat(const Op& op) {
  const Shape& shape = flow_.edge(op.output).shape;
  std::vector<TensorId> inputs;
  std::vector<std::vector<int32_t>> sources;  // per input, row-major ONNX order, base included
  int64_t base = 0;
  for (EdgeId edge : op.inputs) {
    const Place x = rescaled(edge, op);
    inputs.push_back(x.tensor);
    Layout line;
    line.c = static_cast<int32_t>(element_count(flow_.edge(edge).shape));
    permutation_into(x, line, base, sources.emplace_back());
    base += line.c;
  }
  const Layout layout = shape.size() == 4 ? image_layout(shape) : rows_layout(shape);
  const int64_t outer = element_count(Shape(shape.begin(), shape.begin() + op.axis));
  std::vector<int32_t> value;  // the result in ONNX order
  for (int64_t i = 0; i < outer; ++i) {
    for (const std::vector<int32_t>& source : sources) {
      const auto block = static_cast<std::ptrdiff_t>(source.size()) / outer;
      value.insert(value.end(), source.begin() + i * block, source.begin() + (i + 1) * block);
    }
  }
  const TensorId y = add_tensor(op.output, layout);
  Layer& layer = add_layer(LayerOp::kHostPermute, op.name, inputs, y);
  std::vector<int32_t> order;
  permutation_into({y, {{element_count(shape), 1}}}, layout, 0, order);
  for (int32_t element : order) layer.permutation.push_back(value[static_cast<size_t>(element)]);
  set_place(op.output, y, layout.order);
}

void Lowering::select(const Op& op) {
  std::vector<TensorId> inputs;
  std::vector<int32_t> elements, order;  // places of the inputs' elements; the result's, in NHWC
  for (EdgeId edge : op.inputs) {
    const Place x = op.kind == OpKind::kWhere ? rescaled(edge, op) : place_of(edge);
    inputs.push_back(x.tensor);
    Layout line;
    line.c = static_cast<int32_t>(element_count(flow_.edge(edge).shape));
    permutation_into(x, line, static_cast<int64_t>(elements.size()), elements);
  }
  const Shape& shape = flow_.edge(op.output).shape;
  const Layout layout = shape.size() == 4 ? image_layout(shape) : rows_layout(shape);
  const TensorId y = add_tensor(op.output, layout);
  permutation_into({y, {{element_count(shape), 1}}}, layout, 0, order);
  Layer& layer = add_layer(LayerOp::kHostPermute, op.name, inputs, y);
  for (int32_t element : order) {
    const int32_t source = op.sources[static_cast<size_t>(element)];
    layer.permutation.push_back(elements[static_cast<size_t>(source)]);
  }
  set_place(op.output, y, layout.order);
}

void Lowering::pad(const Op& op) {
  const Shape& shape = flow_.edge(op.inputs[0]).shape;
  const size_t rank = shape.size();
  const bool image = rank >= 3 && rank <= 4 && op.pads[1] == 0;
  std::string order;
  const Place x =
      image ? in_layout(op.inputs[0], image_layout(shape)) : in_axes(op.inputs[0], order);
  if (image) order = "nchw";
  const auto axes = letters(x, shape);
  Layout layout = layout_of(x.tensor);
  layout.order = order;
  Window window;
  for (size_t d = 0; d < rank; ++d) {
    const auto begin = static_cast<int32_t>(op.pads[d]),
               end = static_cast<int32_t>(op.pads[d + rank]);
    if (begin == 0 && end == 0) continue;
    const std::string letter = image  ? std::string(1, d + 1 == rank ? 'w'
                                                       : d == 2      ? 'h'
                                                                     : 'n')
                               : axes ? (*axes)[d]
                                      : "";
    if (letter == "h") {
      window.pad_top = begin;
      window.pad_bottom = end;
      layout.h += begin + end;
    } else if (letter == "w") {
      window.pad_left = begin;
      window.pad_right = end;
      layout.w += begin + end;
    } else {
      throw Error("padding of other dimensions than height and width is not supported");
    }
  }
  const TensorId y = add_tensor(op.output, layout);
  add_layer(LayerOp::kRescale, op.name, {x.tensor}, y).window = window;
  set_place(op.output, y, order);
}

void Lowering::view(const Op& op) {
  Place x = place_of(op.inputs[0]);
  if (op.kind == OpKind::kTranspose) {
    const Shape& shape = flow_.edge(op.inputs[0]).shape;
    auto atoms = transposed(x.atoms, shape, op.axes);
    if (!atoms) {
      x = in_layout(op.inputs[0], rows_layout(shape));
      atoms = transposed(x.atoms, shape, op.axes);
    }
    x.atoms = *atoms;
  }
  set_place(op.output, x);
}

Lowering::Place Lowering::with_channels(EdgeId edge, const Shape& shape, size_t axis) {
  const Place x = place_of(edge);
  const auto axes = letters(x, shape);
  const bool fits =
      axes && ((*axes)[axis] == "c" || ((*axes)[axis].empty() && tensor(x.tensor).c == 1));
  return fits ? x : in_layout(edge, channel_layout(shape, axis));
}

void Lowering::softmax(const Op& op) {
  const EdgeId edge = op.inputs[0];
  Shape shape = flow_.edge(edge).shape;
  const auto axis = static_cast<size_t>(op.axis);
  if (op.softmax_rest) {
    const auto at = shape.begin() + op.axis;
    const int64_t rest = element_count(Shape(at, shape.end()));
    shape.erase(at, shape.end());
    shape.push_back(rest);
  }
  const Place x = with_channels(edge, shape, axis);
  Layout layout = layout_of(x.tensor);
  layout.order = complete_order(*letters_of(x.atoms, tensor(x.tensor)));
  const TensorId y = add_tensor(op.output, layout);
  Layer& layer =
      add_layer(op.kind == OpKind::kSoftmax ? LayerOp::kHostSoftmax : LayerOp::kHostQlinearSoftmax,
                op.name, {x.tensor}, y);
  layer.log = op.log;
  layer.softmax_zero_point_signed = flow_.edge(op.output).file_type == DataType::kInt8 ? 1 : 0;
  set_place(op.output, y, layout.order);
}

void Lowering::arg_max(const Op& op) {
  const Place x =
      with_channels(op.inputs[0], flow_.edge(op.inputs[0]).shape, static_cast<size_t>(op.axis));
  Layout layout = layout_of(x.tensor);
  layout.order = complete_order(*letters_of(x.atoms, tensor(x.tensor)));
  layout.c = 1;
  const TensorId y = add_tensor(op.output, layout);
  add_layer(LayerOp::kHostArgMax, op.name, {x.tensor}, y).takes_last = op.takes_last;
  set_place(op.output, y, layout.order);
}

void Lowering::lower_outputs() {
  for (size_t i = 0; i < flow_.outputs.size(); ++i) {
    const EdgeId edge = flow_.outputs[i];
    const bool dequantize = flow_.output_is_float[i] && !flow_.edge(edge).is_float;
    std::string order;
    try {
      const Place x = in_axes(edge, order);
      if (dequantize) {
        out_.network.outputs.push_back(
            dequantized(x.tensor, flow_.output_names[i], flow_.output_shapes[i], order, edge));
        continue;
      }
      NetTensor& t = out_.network.tensors[static_cast<size_t>(x.tensor)];
      t.name = flow_.output_names[i];
      t.onnx_shape = flow_.output_shapes[i];
      t.onnx_order = order;
      t.onnx_type = flow_.edge(edge).file_type;
      t.onnx_offset = flow_.edge(edge).file_offset;
      out_.network.outputs.push_back(x.tensor);
    } catch (const Error& error) {
      problems_.add("output " + flow_.output_names[i], error.what());
    }
  }
}

TensorId Lowering::dequantized(TensorId codes, const std::string& name, const Shape& shape,
                               const std::string& order, EdgeId edge) {
  Layout layout = layout_of(codes);
  layout.order = order;
  const TensorId y = add_tensor(edge, layout);
  NetTensor& t = out_.network.tensors.back();
  t.name = name;
  t.onnx_shape = shape;
  t.is_float = true;
  t.onnx_type = DataType::kFloat;
  t.onnx_offset = 0;
  NetTensor& from = out_.network.tensors[static_cast<size_t>(codes)];
  if (from.name == name) from.name += ":codes";
  add_layer(LayerOp::kHostDequantize, name + "/dequantize", {codes}, y);
  return y;
}

}  // namespace qsim
