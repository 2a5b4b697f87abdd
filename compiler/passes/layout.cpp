#include "compiler/passes/layout.h"

#include <algorithm>
#include <map>
#include <optional>

#include "compiler/passes/view.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

int32_t narrow(int64_t dim) {
  if (dim > INT32_MAX) throw Error("dimension " + std::to_string(dim) + " is outside [1, 2^31)");
  return static_cast<int32_t>(dim);
}

void set(Layout& layout, char letter, int64_t extent) {
  int32_t& dim = letter == 'n'   ? layout.n
                 : letter == 'h' ? layout.h
                 : letter == 'w' ? layout.w
                                 : layout.c;
  dim = narrow(extent);
}

// The letters that a reader wants for the dimensions of the value it reads; empty: it does not
// mind.
std::string wanted_letters(const Op& op, size_t rank) {
  const std::string image = rank == 4 ? "nchw" : rank == 3 ? "ncw" : "";
  const std::string rows = rank == 4   ? "nhwc"
                           : rank == 3 ? "nwc"
                           : rank == 2 ? "nc"
                           : rank == 1 ? "c"
                                       : "";
  const auto last = static_cast<int64_t>(rank) - 1;
  switch (op.kind) {
    case OpKind::kConv:
    case OpKind::kMaxPool:
    case OpKind::kAveragePool:
    case OpKind::kPad:
    case OpKind::kSelect:
    case OpKind::kWhere:
    case OpKind::kInterpolate:
      return image;
    case OpKind::kMatMul:
      return rows;
    case OpKind::kAffine:
    case OpKind::kTable:
    case OpKind::kLrn:
    case OpKind::kArgMax:
    case OpKind::kConcat:
    case OpKind::kSoftmax:
    case OpKind::kQlinearSoftmax:
      return op.axis == last ? rows : op.axis == 1 ? image : "";
    case OpKind::kReduceMax:
    case OpKind::kReduceMean:
    case OpKind::kReduceSum:
      return std::count(op.axes.begin(), op.axes.end(), last) != 0 ? image : rows;
    default:
      return "";
  }
}

// `atoms` are in elements of the input's own ONNX order.
std::optional<Layout> fit(const Atoms& atoms, const Shape& shape, const std::string& letters) {
  const auto groups = group(atoms, shape);
  if (!groups || letters.size() != shape.size()) return std::nullopt;
  Layout layout;
  std::vector<std::pair<int64_t, char>> by_stride;
  for (size_t d = 0; d < shape.size(); ++d) {
    const Atoms part = canonical((*groups)[d]);
    if (part.size() > 1) return std::nullopt;
    set(layout, letters[d], shape[d]);
    if (part.size() == 1) by_stride.emplace_back(-part[0].stride, letters[d]);
  }
  std::sort(by_stride.begin(), by_stride.end());
  std::string order;
  for (const auto& [stride, letter] : by_stride) order += letter;
  layout.order = complete_order(order);
  return layout;
}

}  // namespace

Layout image_layout(const Shape& shape) {
  if (shape.size() != 3 && shape.size() != 4)
    throw Error("an input of " + to_text(shape) + " is not an image");
  const bool flat = shape.size() == 3;
  return {narrow(shape[0]), flat ? 1 : narrow(shape[2]), narrow(shape.back()), narrow(shape[1]),
          "nchw"};
}

Layout rows_layout(const Shape& shape) {
  Layout layout;
  layout.c = shape.empty() ? 1 : narrow(shape.back());
  const size_t rank = shape.size();
  if (rank == 3) layout.w = narrow(shape[1]);
  if (rank >= 4) {
    layout.w = narrow(shape[rank - 2]);
    layout.h = narrow(shape[rank - 3]);
  }
  const size_t before = rank >= 4 ? rank - 3 : rank >= 2 ? 1 : 0;
  layout.n = narrow(
      element_count(Shape(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(before))));
  return layout;
}

Layout channel_layout(const Shape& shape, size_t axis) {
  const auto at = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  return {narrow(element_count(Shape(shape.begin(), at))), 1,
          narrow(element_count(Shape(at + 1, shape.end()))), narrow(*at), "nchw"};
}

Layout choose_input_layout(const Flow& flow, EdgeId input) {
  std::map<EdgeId, Atoms> seen = {{input, {{element_count(flow.edge(input).shape), 1}}}};
  for (const Op& op : flow.ops) {
    const auto from = std::find_if(op.inputs.begin(), op.inputs.end(),
                                   [&](EdgeId id) { return seen.count(id) != 0; });
    if (from == op.inputs.end()) continue;
    const Shape& shape = flow.edge(*from).shape;
    const Atoms& atoms = seen[*from];
    const std::string letters = wanted_letters(op, shape.size());
    if (!letters.empty()) {
      const auto layout = fit(atoms, shape, letters);
      return layout ? *layout : rows_layout(flow.edge(input).shape);
    }
    if (op.kind == OpKind::kSelect || op.kind == OpKind::kWhere) continue;
    const bool moves = op.kind == OpKind::kTranspose;
    const auto after = moves ? transposed(atoms, shape, op.axes) : std::optional<Atoms>(atoms);
    if (after && element_count(flow.edge(op.output).shape) == element_count(shape))
      seen[op.output] = *after;
  }
  return rows_layout(flow.edge(input).shape);
}

}  // namespace qsim
