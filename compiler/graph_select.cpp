#include "compiler/graph_select.h"

#include <algorithm>
#include <cmath>

namespace qsim {
namespace {

// Per dimension of the output, possibly split into several: what each index adds to the position
// in the input.
using Offsets = std::vector<std::vector<int64_t>>;

std::vector<int64_t> strides_of(const Shape& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

std::vector<int64_t> steps(int64_t count, int64_t stride) {
  std::vector<int64_t> result(static_cast<size_t>(count));
  for (size_t i = 0; i < result.size(); ++i) result[i] = static_cast<int64_t>(i) * stride;
  return result;
}

Tensor constant_input(const Graph& graph, const Node& node, size_t i) {
  if (i >= node.inputs.size() || node.inputs[i] == kNoValue) return {};
  return constant_tensor(graph.value(node.inputs[i]));
}

size_t wrap(int64_t axis, size_t rank) {
  return static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis);
}

Offsets whole(const Shape& shape) {
  const std::vector<int64_t> strides = strides_of(shape);
  Offsets offsets;
  for (size_t d = 0; d < shape.size(); ++d) offsets.push_back(steps(shape[d], strides[d]));
  return offsets;
}

Offsets slice(const Graph& graph, const Node& node, const Shape& in) {
  const std::vector<int64_t> starts = integer_parameter(graph, node, "starts", 1),
                             ends = integer_parameter(graph, node, "ends", 2),
                             by = integer_parameter(graph, node, "", 4), strides = strides_of(in);
  std::vector<int64_t> axes = integer_parameter(graph, node, "axes", 3);
  if (axes.empty()) axes = steps(static_cast<int64_t>(starts.size()), 1);
  Offsets offsets = whole(in);
  for (size_t i = 0; i < starts.size(); ++i) {
    const size_t d = wrap(axes[i], in.size());
    const SliceRange range = slice_range(starts[i], ends[i], by.empty() ? 1 : by[i], in[d]);
    offsets[d] = steps(range.count, range.step * strides[d]);
    for (int64_t& offset : offsets[d]) offset += range.start * strides[d];
  }
  return offsets;
}

Offsets gather(const Graph& graph, const Node& node, const Shape& in) {
  const size_t axis = wrap(node.attr_int("axis", 0), in.size());
  const int64_t stride = strides_of(in)[axis];
  Offsets offsets = whole(in);
  offsets[axis] = constant_input(graph, node, 1).as_ints();
  for (int64_t& index : offsets[axis]) index = (index < 0 ? index + in[axis] : index) * stride;
  return offsets;
}

Offsets expand(const Shape& in, const Shape& out) {
  const std::vector<int64_t> strides = strides_of(in);
  const size_t missing = out.size() - in.size();
  Offsets offsets;
  for (size_t d = 0; d < out.size(); ++d) {
    const bool repeats = d < missing || in[d - missing] == 1;
    offsets.push_back(steps(out[d], repeats ? 0 : strides[d - missing]));
  }
  return offsets;
}

// As Reshape to `parts` dimensions, then Transpose by `perm`.
Offsets permuted(const Shape& parts, const std::vector<size_t>& perm) {
  const Offsets from = whole(parts);
  Offsets offsets;
  for (size_t d : perm) offsets.push_back(from[d]);
  return offsets;
}

Offsets depth_to_space(const Node& node, const Shape& in) {
  const int64_t block = node.attr_int("blocksize", 1), depth = in[1] / (block * block);
  if (node.attr_string("mode", "DCR") == "CRD")
    return permuted({in[0], depth, block, block, in[2], in[3]}, {0, 1, 4, 2, 5, 3});
  return permuted({in[0], block, block, depth, in[2], in[3]}, {0, 3, 4, 1, 5, 2});
}

Offsets space_to_depth(const Node& node, const Shape& in) {
  const int64_t block = node.attr_int("blocksize", 1);
  return permuted({in[0], in[1], in[2] / block, block, in[3] / block, block}, {0, 3, 5, 1, 2, 4});
}

// Where output index `index` lies in the input, before it is rounded to an element.
// `to`: the output's size for align_corners: of interpolation, before it was made whole.
double position(const std::string& mode, int64_t index, double scale, int64_t in, int64_t out,
                double to) {
  const double at = static_cast<double>(index), from = static_cast<double>(in),
               half_pixel = (at + 0.5) / scale - 0.5;
  if (mode == "asymmetric") return at / scale;
  if (mode == "align_corners") return out == 1 ? 0 : at * (from - 1) / (to - 1);
  if (mode == "pytorch_half_pixel") return out == 1 ? 0 : half_pixel;
  if (mode == "half_pixel_symmetric")
    return from / 2 * (1 - static_cast<double>(out) / (scale * from)) + half_pixel;
  return half_pixel;
}

double rounded(const std::string& mode, double position) {
  if (mode == "floor") return std::floor(position);
  if (mode == "ceil") return std::ceil(position);
  return mode == "round_prefer_ceil" ? std::floor(position + 0.5) : std::ceil(position - 0.5);
}

bool is_old_resize(const Node& node) { return node.op == "Upsample" || node.opset < 11; }

// Upsample and Resize of opset 10 have no attribute for this.
std::string place_mode(const Node& node) {
  return is_old_resize(node) ? "asymmetric"
                             : node.attr_string("coordinate_transformation_mode", "half_pixel");
}

Offsets resize(const Graph& graph, const Node& node, const Shape& in) {
  const std::string place = place_mode(node),
                    rounding = is_old_resize(node)
                                   ? "floor"
                                   : node.attr_string("nearest_mode", "round_prefer_floor");
  const Resizing resizing = resizing_of(graph, node);
  const std::vector<int64_t> strides = strides_of(in);
  Offsets offsets = whole(in);
  for (size_t d = 0; d < in.size(); ++d) {
    if (resizing.shape[d] == in[d] && resizing.scale[d] == 1) continue;
    offsets[d].clear();
    for (int64_t i = 0; i < resizing.shape[d]; ++i) {
      const double at = position(place, i, resizing.scale[d], in[d], resizing.shape[d],
                                 static_cast<double>(resizing.shape[d]));
      const double element = std::clamp(rounded(rounding, at), 0.0, static_cast<double>(in[d] - 1));
      offsets[d].push_back(static_cast<int64_t>(element) * strides[d]);
    }
  }
  return offsets;
}

Offsets pad(const Graph& graph, const Node& node, const Shape& in) {
  const std::vector<int64_t> pads = integer_parameter(graph, node, "pads", 1),
                             strides = strides_of(in);
  std::vector<int64_t> axes = integer_parameter(graph, node, "", 3);
  if (axes.empty()) axes = steps(static_cast<int64_t>(in.size()), 1);
  const bool is_edge = node.attr_string("mode", "constant") == "edge";
  Offsets offsets = whole(in);
  for (size_t i = 0; i < axes.size(); ++i) {
    const size_t d = wrap(axes[i], in.size());
    const int64_t size = in[d], begin = pads[i];
    offsets[d] = steps(begin + size + pads[i + axes.size()], 1);
    for (int64_t& offset : offsets[d]) {
      int64_t at = offset - begin;
      if (is_edge) at = std::clamp<int64_t>(at, 0, size - 1);
      if (at < 0) at = -at;
      if (at >= size) at = 2 * (size - 1) - at;
      offset = at * strides[d];
    }
  }
  return offsets;
}

Offsets offsets_of(const Graph& graph, const Node& node) {
  const Shape& in = graph.value(node.inputs[0]).shape;
  if (node.op == "Slice") return slice(graph, node, in);
  if (node.op == "Gather") return gather(graph, node, in);
  if (node.op == "Expand") return expand(in, graph.value(node.outputs[0]).shape);
  if (node.op == "DepthToSpace") return depth_to_space(node, in);
  if (node.op == "SpaceToDepth") return space_to_depth(node, in);
  if (node.op == "Pad") return pad(graph, node, in);
  return resize(graph, node, in);
}

std::vector<int64_t> elements_at(const Offsets& offsets) {
  std::vector<int64_t> elements = {0};
  for (const std::vector<int64_t>& dimension : offsets) {
    std::vector<int64_t> next;
    next.reserve(elements.size() * dimension.size());
    for (const int64_t element : elements) {
      for (const int64_t offset : dimension) next.push_back(element + offset);
    }
    elements = std::move(next);
  }
  return elements;
}

// Where a bound of Slice falls: negative ones count from the end, then all are clamped.
int64_t clamp_bound(int64_t bound, int64_t size, int64_t low, int64_t high) {
  if (bound < 0) bound = bound < -size ? low : bound + size;
  return std::clamp(bound, low, high);
}

}  // namespace

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

Resizing resizing_of(const Graph& graph, const Node& node) {
  const Shape& in = graph.value(node.inputs[0]).shape;
  const bool is_old = is_old_resize(node);
  std::vector<float> scales;
  if (const auto found = node.attributes.find("scales"); found != node.attributes.end()) {
    scales = std::get<std::vector<float>>(found->second);
  } else if (const Tensor t = constant_input(graph, node, is_old ? 1 : 2);
             t.type != DataType::kUndefined) {
    scales = t.as_floats();
  }
  const std::vector<int64_t> sizes =
      is_old ? std::vector<int64_t>() : integer_parameter(graph, node, "", 3);
  const std::vector<int64_t> axes =
      node.attr_ints("axes", steps(static_cast<int64_t>(in.size()), 1));
  Resizing result{in, std::vector<double>(in.size(), 1.0)};
  const std::string policy = node.attr_string("keep_aspect_ratio_policy", "stretch");
  double common = policy == "not_larger" ? HUGE_VAL : 0;
  for (size_t i = 0; i < axes.size(); ++i) {
    const size_t d = wrap(axes[i], in.size());
    const auto size = static_cast<double>(in[d]);
    if (sizes.empty()) {
      result.scale[d] = double{scales[i]};
      // In float32, as runtimes do: 0.7 times 10 is 7.
      result.shape[d] = static_cast<int64_t>(std::floor(scales[i] * static_cast<float>(in[d])));
    } else {
      result.scale[d] = static_cast<double>(sizes[i]) / size;
      result.shape[d] = sizes[i];
      common = policy == "not_larger" ? std::min(common, result.scale[d])
                                      : std::max(common, result.scale[d]);
    }
  }
  if (sizes.empty() || policy == "stretch") return result;
  for (int64_t axis : axes) {
    const size_t d = wrap(axis, in.size());
    result.scale[d] = common;
    result.shape[d] = static_cast<int64_t>(std::floor(common * static_cast<double>(in[d]) + 0.5));
  }
  return result;
}

std::vector<int64_t> selected_elements(const Graph& graph, const Node& node) {
  return elements_at(offsets_of(graph, node));
}

std::vector<int64_t> repeated_elements(const Shape& in, const Shape& out) {
  return elements_at(expand(in, out));
}

bool is_linear(const Node& node) { return node.attr_string("mode", "nearest") == "linear"; }

std::vector<std::vector<LinearTap>> linear_taps(const Graph& graph, const Node& node) {
  const Shape& in = graph.value(node.inputs[0]).shape;
  const Resizing resizing = resizing_of(graph, node);
  std::vector<std::vector<LinearTap>> taps(in.size());
  for (size_t d = 0; d < in.size(); ++d) {
    const bool is_kept = resizing.shape[d] == in[d] && resizing.scale[d] == 1;
    for (int64_t i = 0; i < resizing.shape[d]; ++i) {
      const double at =
          is_kept ? static_cast<double>(i)
                  : position(place_mode(node), i, resizing.scale[d], in[d], resizing.shape[d],
                             resizing.scale[d] * static_cast<double>(in[d]));
      const double last = static_cast<double>(in[d] - 1), inside = std::clamp(at, 0.0, last);
      const auto first = static_cast<int64_t>(std::floor(inside));
      taps[d].push_back(
          {first, std::min(first + 1, in[d] - 1), inside - static_cast<double>(first)});
    }
  }
  return taps;
}

std::vector<float> interpolate(const Graph& graph, const Node& node, const float* x) {
  Shape shape = graph.value(node.inputs[0]).shape;
  std::vector<double> values(x, x + element_count(shape));
  const auto taps = linear_taps(graph, node);
  // Dimensions that shrink come first: so nothing is larger than both input and output.
  std::vector<size_t> order;
  for (const bool grows : {false, true}) {
    for (size_t d = 0; d < shape.size(); ++d) {
      if ((static_cast<int64_t>(taps[d].size()) > shape[d]) == grows) order.push_back(d);
    }
  }
  for (const size_t d : order) {
    const auto at = shape.begin() + static_cast<std::ptrdiff_t>(d);
    const int64_t outer = element_count(Shape(shape.begin(), at)),
                  inner = element_count(Shape(at + 1, shape.end()));
    std::vector<double> next;
    next.reserve(static_cast<size_t>(outer * inner) * taps[d].size());
    for (int64_t o = 0; o < outer; ++o) {
      const double* line = values.data() + o * shape[d] * inner;
      for (const LinearTap& tap : taps[d]) {
        const double *first = line + tap.first * inner, *second = line + tap.second * inner;
        for (int64_t i = 0; i < inner; ++i)
          next.push_back(first[i] * (1 - tap.weight) + second[i] * tap.weight);
      }
    }
    values = std::move(next);
    shape[d] = static_cast<int64_t>(taps[d].size());
  }
  return {values.begin(), values.end()};
}

}  // namespace qsim
