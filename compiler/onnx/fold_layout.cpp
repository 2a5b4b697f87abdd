// Constant folding of operators that move elements: bytes of any type.
#include <cstring>

#include "compiler/onnx/fold.h"

namespace qsim {
namespace {

// Room for output 0, paid for.
Tensor new_output(const NodeView& view) {
  const Value& value = view.out();
  view.spend(element_count(value.shape) * static_cast<int64_t>(size_of(value.type)));
  return Tensor(value.type, value.shape);
}

size_t count_of(Shape::const_iterator begin, Shape::const_iterator end) {
  return static_cast<size_t>(element_count(Shape(begin, end)));
}

// Elements between neighbours of each dimension.
std::vector<int64_t> strides_of(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// output[i0, i1, ...] = input[start + i0 * steps[0] + i1 * steps[1] + ...]
void copy_strided(const Tensor& from, int64_t start, const std::vector<int64_t>& steps,
                  Tensor& to) {
  const auto size = static_cast<int64_t>(size_of(from.type));
  std::vector<int64_t> index(to.shape.size(), 0);
  int64_t position = start;
  const int64_t count = to.size();
  for (int64_t done = 0; done < count; ++done) {
    std::memcpy(to.bytes.data() + done * size, from.bytes.data() + position * size,
                static_cast<size_t>(size));
    for (size_t i = index.size(); i-- > 0;) {
      position += steps[i];
      if (++index[i] < to.shape[i]) break;
      position -= steps[i] * to.shape[i];
      index[i] = 0;
    }
  }
}

bool is_filled_alike(const NodeView& view) {
  for (size_t i = 0; i < view.input_count(); ++i) {
    if (!view.in(i).is_filled || view.in(i).fill != view.in(0).fill) return false;
  }
  return true;
}

}  // namespace

void fold_view(NodeView& view) {
  if (view.in(0).is_filled) return view.set_filled(view.in(0).fill);
  Tensor tensor = view.data(0);
  tensor.shape = view.out().shape;
  view.set_data(std::move(tensor));
}

void fold_transpose(NodeView& view) {
  if (view.in(0).is_filled) return view.set_filled(view.in(0).fill);
  std::vector<int64_t> order;
  for (size_t i = view.shape(0).size(); i-- > 0;) order.push_back(static_cast<int64_t>(i));
  order = view.node().attr_ints("perm", order);
  const std::vector<int64_t> strides = strides_of(view.shape(0));
  std::vector<int64_t> steps;
  for (int64_t from : order) steps.push_back(strides[static_cast<size_t>(from)]);
  Tensor result = new_output(view);
  copy_strided(view.data(0), 0, steps, result);
  view.set_data(std::move(result));
}

void fold_concat(NodeView& view) {
  if (is_filled_alike(view)) return view.set_filled(view.in(0).fill);
  const size_t axis = view.axis(view.node().attr_int("axis", 0), view.shape(0).size());
  Tensor result = new_output(view);
  const auto split = [axis](const Shape& shape) {
    return shape.begin() + static_cast<int64_t>(axis);
  };
  const Shape& shape = result.shape;
  const size_t rows = count_of(shape.begin(), split(shape));
  const size_t row_bytes = count_of(split(shape), shape.end()) * size_of(result.type);
  size_t offset = 0;
  for (size_t i = 0; i < view.input_count(); ++i) {
    const Tensor part = view.data(i);
    const size_t bytes = count_of(split(part.shape), part.shape.end()) * size_of(part.type);
    for (size_t row = 0; row < rows && bytes > 0; ++row) {
      std::memcpy(&result.bytes[row * row_bytes + offset], &part.bytes[row * bytes], bytes);
    }
    offset += bytes;
  }
  view.set_data(std::move(result));
}

void fold_slice(NodeView& view) {
  if (view.in(0).is_filled) return view.set_filled(view.in(0).fill);
  const std::vector<SliceRange> ranges = slice_ranges(view);
  const std::vector<int64_t> strides = strides_of(view.shape(0));
  std::vector<int64_t> steps;
  int64_t start = 0;
  for (size_t i = 0; i < ranges.size(); ++i) {
    start += ranges[i].start * strides[i];
    steps.push_back(ranges[i].step * strides[i]);
  }
  Tensor result = new_output(view);
  copy_strided(view.data(0), start, steps, result);
  view.set_data(std::move(result));
}

void fold_gather(NodeView& view) {
  const Shape& shape = view.shape(0);
  const size_t axis = view.axis(view.node().attr_int("axis", 0), shape.size());
  const auto split = shape.begin() + static_cast<int64_t>(axis);
  const int64_t size = *split;
  const size_t rows = count_of(shape.begin(), split);
  const size_t block = count_of(split + 1, shape.end()) * size_of(view.type(0));
  Tensor result = new_output(view);
  const Tensor from = view.data(0);
  const std::vector<int64_t> indices = view.data(1).as_ints();
  size_t done = 0;
  for (size_t row = 0; row < rows; ++row) {
    for (int64_t index : indices) {
      const auto place = static_cast<size_t>(index < 0 ? index + size : index);
      if (block > 0) {
        std::memcpy(&result.bytes[done],
                    &from.bytes[(row * static_cast<size_t>(size) + place) * block], block);
      }
      done += block;
    }
  }
  view.set_data(std::move(result));
}

void fold_select(NodeView& view) {
  if (view.in(0).is_filled) return view.set_filled(view.in(0).fill);
  Tensor result = new_output(view);
  view.spend(result.size() * static_cast<int64_t>(sizeof(int64_t)));
  const Tensor from = view.data(0);
  const bool is_resize = view.op() == "Resize" || view.op() == "Upsample";
  if (is_resize && is_linear(view.node())) {
    const auto values = interpolate(view.graph(), view.node(), from.data<float>());
    std::copy(values.begin(), values.end(), result.data<float>());
    return view.set_data(std::move(result));
  }
  const size_t size = size_of(from.type);
  uint8_t* to = result.bytes.data();
  for (int64_t element : selected_elements(view.graph(), view.node())) {
    std::memcpy(to, from.bytes.data() + static_cast<size_t>(element) * size, size);
    to += size;
  }
  view.set_data(std::move(result));
}

void fold_where(NodeView& view) {
  Tensor result = new_output(view);
  const Tensor condition = view.data(0), parts[] = {view.data(1), view.data(2)};
  const Shape& shape = view.out().shape;
  view.spend(3 * result.size() * static_cast<int64_t>(sizeof(int64_t)));
  const std::vector<int64_t> takes = repeated_elements(condition.shape, shape),
                             elements[] = {repeated_elements(parts[0].shape, shape),
                                           repeated_elements(parts[1].shape, shape)};
  const size_t size = size_of(result.type);
  for (size_t i = 0; i < takes.size(); ++i) {
    const size_t part = condition.bytes[static_cast<size_t>(takes[i])] != 0 ? 0 : 1;
    const auto from = static_cast<size_t>(elements[part][i]);
    std::memcpy(result.bytes.data() + i * size, parts[part].bytes.data() + from * size, size);
  }
  view.set_data(std::move(result));
}

}  // namespace qsim
