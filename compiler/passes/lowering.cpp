#include "compiler/passes/lowering.h"

#include <algorithm>

#include "hw/spec/error.h"

namespace qsim {
namespace {

Atoms dense_atoms(const Layout& layout) {
  NetTensor t;
  t.n = layout.n;
  t.h = layout.h;
  t.w = layout.w;
  t.c = layout.c;
  return atoms_of(t, layout.order);
}

// Memory index of every element of a view, in the order of its elements.
std::vector<int32_t> memory_order(const Atoms& atoms, int64_t base) {
  std::vector<int32_t> indices = {static_cast<int32_t>(base)};
  for (const Atom& atom : atoms) {
    std::vector<int32_t> next;
    next.reserve(indices.size() * static_cast<size_t>(atom.extent));
    for (const int32_t index : indices) {
      for (int64_t i = 0; i < atom.extent; ++i) {
        next.push_back(index + static_cast<int32_t>(i * atom.stride));
      }
    }
    indices = std::move(next);
  }
  return indices;
}

}  // namespace

Lowered Lowering::run() {
  out_.network.name = flow_.name;
  lower_inputs();
  for (const Op& op : flow_.ops) {
    op_index_ = static_cast<int32_t>(&op - flow_.ops.data());
    try {
      lower_op(op);
    } catch (const Error& error) {
      problems_.add("node " + op.name, error.what());
      if (places_.count(op.output) == 0) set_unknown_place(op.output);
    }
  }
  op_index_ = -1;
  lower_outputs();
  return std::move(out_);
}

void Lowering::lower_inputs() {
  for (EdgeId id : flow_.inputs) {
    const Layout layout = choose_input_layout(flow_, id);
    const TensorId tensor = add_tensor(id, layout);
    out_.network.inputs.push_back(tensor);
    set_place(id, tensor, layout.order);
  }
}

void Lowering::lower_op(const Op& op) {
  switch (op.kind) {
    case OpKind::kConv:
      return conv(op);
    case OpKind::kConvTranspose:
      return set_unknown_place(op.output);  // expand_transposed() has said why it is still there
    case OpKind::kMatMul:
      return matmul(op);
    case OpKind::kAffine: {  // a depthwise 1x1 convolution
      Layer& layer = channelwise(op, LayerOp::kConv);
      layer.groups = tensor(layer.output).c;
      return;
    }
    case OpKind::kTable:
      channelwise(op, LayerOp::kHostTable);
      return;
    case OpKind::kSub:
      return pair(op, LayerOp::kHostSub);
    case OpKind::kMul:
      return pair(op, LayerOp::kHostMul);
    case OpKind::kDiv:
      return pair(op, LayerOp::kHostDiv);
    case OpKind::kAdd:
      return add(op);
    case OpKind::kMaxPool:
    case OpKind::kAveragePool:
      return pool(op);
    case OpKind::kReduceMax:
    case OpKind::kReduceMean:
    case OpKind::kReduceSum:
      return reduce(op);
    case OpKind::kInterpolate:
      return interpolate(op);
    case OpKind::kLrn:
      channelwise(op, LayerOp::kHostLrn).normalization = op.normalization;
      return;
    case OpKind::kArgMax:
      return arg_max(op);
    case OpKind::kClamp:
    case OpKind::kRequantize:
      return elementwise(op, LayerOp::kRescale);
    case OpKind::kQuantize:
      return elementwise(op, LayerOp::kHostQuantize);
    case OpKind::kConcat:
      return concat(op);
    case OpKind::kPad:
      return pad(op);
    case OpKind::kReshape:
    case OpKind::kTranspose:
      return view(op);
    case OpKind::kSelect:
    case OpKind::kWhere:
      return select(op);
    case OpKind::kSoftmax:
    case OpKind::kQlinearSoftmax:
      return softmax(op);
  }
}

Layout Lowering::layout_of(TensorId id) const {
  const NetTensor& t = tensor(id);
  return {t.n, t.h, t.w, t.c, t.onnx_order};
}

TensorId Lowering::add_tensor(EdgeId edge_id, const Layout& layout) {
  const Edge& edge = flow_.edge(edge_id);
  NetTensor t;
  t.name = edge.name;
  t.n = layout.n;
  t.h = layout.h;
  t.w = layout.w;
  t.c = layout.c;
  t.is_float = edge.is_float;
  t.onnx_shape = edge.shape;
  t.onnx_order = layout.order;
  t.onnx_type = edge.file_type;
  t.onnx_offset = edge.file_offset;
  out_.network.tensors.push_back(t);
  out_.edges.push_back(edge_id);
  return static_cast<TensorId>(out_.network.tensors.size()) - 1;
}

Layer& Lowering::add_layer(LayerOp op, const std::string& name, std::vector<TensorId> inputs,
                           TensorId output) {
  Layer layer;
  layer.name = name;
  layer.op = op;
  layer.inputs = std::move(inputs);
  layer.output = output;
  out_.network.layers.push_back(std::move(layer));
  out_.origins.push_back({op_index_, {}});
  return out_.network.layers.back();
}

void Lowering::set_place(EdgeId edge, Place place) { places_[edge].push_back(std::move(place)); }

void Lowering::set_place(EdgeId edge, TensorId id, const std::string& order) {
  set_place(edge, {id, atoms_of(tensor(id), order)});
}

void Lowering::set_unknown_place(EdgeId edge) {
  const Layout layout = rows_layout(flow_.edge(edge).shape);
  set_place(edge, add_tensor(edge, layout), layout.order);
}

Lowering::Place Lowering::place_of(EdgeId edge) const { return places_.at(edge).front(); }

Lowering::Place Lowering::in_layout(EdgeId edge, const Layout& layout) {
  const Atoms wanted = dense_atoms(layout);
  for (const Place& place : places_.at(edge)) {
    const Layout have = layout_of(place.tensor);
    if (place.atoms == wanted && have.n == layout.n && have.h == layout.h && have.w == layout.w &&
        have.c == layout.c) {
      return place;
    }
  }
  const Place from = place_of(edge);
  if (tensor(from.tensor).is_float)
    throw Error("reorders float values after softmax or ArgMax, not supported");
  const TensorId moved = add_tensor(edge, layout);
  out_.network.tensors.back().name += ":permuted";
  Layer& layer =
      add_layer(LayerOp::kHostPermute, flow_.edge(edge).name + "/permute", {from.tensor}, moved);
  out_.origins.back().op = -1;
  permutation_into(from, layout, 0, layer.permutation);
  set_place(edge, moved, layout.order);
  return places_[edge].back();
}

Lowering::Place Lowering::in_axes(EdgeId edge, std::string& order) {
  const Place place = place_of(edge);
  const auto axes = letters_of(place.atoms, tensor(place.tensor));
  if (axes) {
    order = complete_order(*axes);
    return place;
  }
  const Layout layout = rows_layout(flow_.edge(edge).shape);
  order = layout.order;
  return in_layout(edge, layout);
}

std::optional<std::vector<std::string>> Lowering::letters(const Place& place,
                                                          const Shape& shape) const {
  const auto groups = group(place.atoms, shape);
  if (!groups) return std::nullopt;
  std::vector<std::string> result;
  for (const Atoms& part : *groups) {
    const auto axes = letters_of(part, tensor(place.tensor));
    if (!axes) return std::nullopt;
    result.push_back(*axes);
  }
  return result;
}

void Lowering::permutation_into(const Place& from, const Layout& layout, int64_t base,
                                std::vector<int32_t>& permutation) const {
  constexpr int64_t kMost = 1 << 26;
  const int64_t elements = int64_t{1} * layout.n * layout.h * layout.w * layout.c;
  if (elements > kMost || base + tensor(from.tensor).elements() > kMost) {
    throw Error("moving more than 2^26 elements on the host is not supported");
  }
  const std::vector<int32_t> memory = memory_order(from.atoms, base);
  int64_t stride[4] = {};  // of n, h, w, c in the value's element order
  const auto set = [&](size_t axis, int32_t extent, int64_t& size) {
    stride[axis] = size;
    size *= extent;
  };
  int64_t size = 1;
  for (size_t i = 4; i-- > 0;) {
    switch (layout.order[i]) {
      case 'n':
        set(0, layout.n, size);
        break;
      case 'h':
        set(1, layout.h, size);
        break;
      case 'w':
        set(2, layout.w, size);
        break;
      default:
        set(3, layout.c, size);
        break;
    }
  }
  permutation.reserve(permutation.size() + memory.size());
  for (int64_t n = 0; n < layout.n; ++n) {
    for (int64_t h = 0; h < layout.h; ++h) {
      for (int64_t w = 0; w < layout.w; ++w) {
        const int32_t* element = memory.data() + n * stride[0] + h * stride[1] + w * stride[2];
        for (int64_t c = 0; c < layout.c; ++c) permutation.push_back(element[c * stride[3]]);
      }
    }
  }
}

Lowered lower(const Flow& flow, const SharedQuantization& shared, Problems& problems) {
  return Lowering(flow, shared, problems).run();
}

}  // namespace qsim
