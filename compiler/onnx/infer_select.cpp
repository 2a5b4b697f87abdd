// Operators whose output elements are copies of input elements. With all inputs constant (chains
// that compute shapes) they fold.
#include <algorithm>
#include <cmath>

#include "compiler/graph_select.h"
#include "compiler/onnx/fold.h"
#include "compiler/onnx/infer.h"

namespace qsim {
namespace {

// Activations are reals or codes.
void require_movable(const NodeView& view) {
  if (!view.all_constant())
    view.require_supported_type(0, {DataType::kFloat, DataType::kInt8, DataType::kUint8});
}

int64_t block_size(const NodeView& view) {
  const int64_t block = view.node().attr_int("blocksize", 0);
  constexpr int64_t kMost = 1 << 15;
  if (block < 1 || block > kMost) {
    view.fail("blocksize = " + std::to_string(block) + " is outside [1, " + std::to_string(kMost) +
              "]");
  }
  return block;
}

void require_multiple(const NodeView& view, int64_t size, int64_t of, const char* what) {
  if (size % of == 0) return;
  view.fail(std::to_string(size) + " " + what + " are not a multiple of " + std::to_string(of));
}

// Upsample and Resize of opset 10 are one operator; 11 added regions and sizes.
bool is_old_resize(const NodeView& view) {
  return view.op() == "Upsample" || view.node().opset < 11;
}

void check_resize_modes(const NodeView& view) {
  const Node& node = view.node();
  const auto require = [&](const char* name, const char* fallback,
                           std::initializer_list<const char*> known) {
    const std::string mode = node.attr_string(name, fallback);
    for (const char* each : known) {
      if (mode == each) return;
    }
    view.unsupported(std::string("with ") + name + " = " + printable(mode));
  };
  require("mode", "nearest", {"nearest", "linear"});
  if (is_linear(node)) view.require_supported_type(0, {DataType::kFloat});
  require(
      "coordinate_transformation_mode", "half_pixel",
      {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"});
  require("nearest_mode", "round_prefer_floor",
          {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
  require("keep_aspect_ratio_policy", "stretch", {"stretch", "not_larger", "not_smaller"});
  if (node.attr_int("antialias", 0) != 0) view.unsupported("with antialias = 1");
}

// The scales or sizes, one for each of `axes`: positive, and none makes a dimension too large.
void check_resize_factors(const NodeView& view, const std::vector<size_t>& axes) {
  const size_t scales_at = is_old_resize(view) ? 1 : 2;
  std::vector<double> sizes;  // of the result
  size_t given = 0;
  const auto take = [&](const std::vector<float>& values, bool are_scales) {
    if (values.empty()) return;
    ++given;
    if (values.size() != axes.size()) {
      view.fail(std::string(are_scales ? "scales" : "sizes") + " = " +
                std::to_string(values.size()) + " numbers is not " + std::to_string(axes.size()));
    }
    for (size_t i = 0; i < axes.size(); ++i) {
      const auto in = static_cast<float>(view.shape(0)[axes[i]]);
      const float value = values[i];
      const auto size = double{are_scales ? std::floor(in * value) : value};  // as resizing() does
      if (in >= 1 && size >= 1 && size <= double{kMaxDimension}) continue;
      view.fail(std::string(are_scales ? "scales" : "sizes") + " = " + std::to_string(value) +
                " makes a dimension of " + std::to_string(view.shape(0)[axes[i]]) +
                " empty or too large");
    }
  };
  if (const auto found = view.node().attributes.find("scales");
      found != view.node().attributes.end()) {
    take(std::get<std::vector<float>>(found->second), true);
  }
  if (view.has(scales_at)) {
    view.require_constant(scales_at, "scales");
    view.require_type(scales_at, DataType::kFloat);
    take(view.data(scales_at).as_floats(), true);
  }
  if (!is_old_resize(view) && view.has(3)) {
    std::vector<float> values;
    for (int64_t size : view.ints(3)) values.push_back(static_cast<float>(size));
    take(values, false);
  }
  if (given != 1) view.fail("scales and sizes = " + std::to_string(given) + " lists is not 1");
}

}  // namespace

void infer_gather(NodeView& view) {
  require_movable(view);
  const Shape& data = view.shape(0);
  if (view.type(1) != DataType::kInt64) view.require_type(1, DataType::kInt32);
  const size_t axis = view.axis(view.node().attr_int("axis", 0), data.size());
  view.require_constant(1, "indices");
  const int64_t size = data[axis];
  for (int64_t index : view.data(1).as_ints()) {
    if (index >= -size && index < size) continue;
    view.fail("index = " + std::to_string(index) + " is outside [" + std::to_string(-size) + ", " +
              std::to_string(size - 1) + "]");
  }
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
  require_movable(view);
  Shape shape;
  for (const SliceRange& range : slice_ranges(view)) shape.push_back(range.count);
  view.set_output(view.type(0), shape);
}

void infer_expand(NodeView& view) {
  require_movable(view);
  const std::vector<int64_t> wanted = view.ints(1);
  for (int64_t dim : wanted) {
    if (dim < 0) view.fail("shape = " + to_text(wanted) + " has a negative dimension");
  }
  view.set_output(view.type(0), broadcast(view, view.shape(0), wanted));
}

void infer_depth_to_space(NodeView& view) {
  require_movable(view);
  view.require_rank(0, 4);
  const std::string mode = view.node().attr_string("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") view.fail("mode = " + printable(mode) + " is not DCR or CRD");
  const Shape& in = view.shape(0);
  const int64_t block = block_size(view);
  require_multiple(view, in[1], block * block, "channels");
  view.set_output(view.type(0), {in[0], in[1] / (block * block), in[2] * block, in[3] * block});
}

void infer_space_to_depth(NodeView& view) {
  require_movable(view);
  view.require_rank(0, 4);
  const Shape& in = view.shape(0);
  const int64_t block = block_size(view);
  require_multiple(view, in[2], block, "rows");
  require_multiple(view, in[3], block, "columns");
  view.set_output(view.type(0), {in[0], in[1] * block * block, in[2] / block, in[3] / block});
}

void infer_resize(NodeView& view) {
  require_movable(view);
  check_resize_modes(view);
  const size_t rank = view.shape(0).size();
  std::vector<size_t> axes;
  for (size_t d = 0; d < rank; ++d) axes.push_back(d);
  if (view.node().attributes.contains("axes")) {
    axes.clear();
    for (int64_t axis : view.node().attr_ints("axes")) {
      axes.push_back(view.axis(axis, rank));
      if (std::count(axes.begin(), axes.end(), axes.back()) > 1)
        view.fail("axes = " + std::to_string(axis) + " appears twice");
    }
  }
  check_resize_factors(view, axes);
  const Shape shape = resizing_of(view.graph(), view.node()).shape;
  constexpr int64_t kMostInterpolated = 1 << 20;
  if (is_linear(view.node()) && *std::max_element(shape.begin(), shape.end()) > kMostInterpolated)
    view.unsupported("with mode = linear to a dimension above 2^20");
  view.set_output(view.type(0), shape);
}

// The sizes of the parts: attribute or input `split`, else as equal as can be.
std::vector<int64_t> split_sizes(const NodeView& view) {
  require_movable(view);
  const Node& node = view.node();
  const size_t axis = view.axis(node.attr_int("axis", 0), view.shape(0).size());
  const auto count = static_cast<int64_t>(node.outputs.size());
  const int64_t size = view.shape(0)[axis], asked = node.attr_int("num_outputs", count);
  std::vector<int64_t> sizes = view.ints("split", 1);
  if (sizes.empty()) {
    // From opset 18 on the last part may be smaller.
    if (node.opset < 18) require_multiple(view, size, count, "elements of the axis");
    const int64_t most = (size + count - 1) / count;
    for (int64_t i = 0; i < count; ++i)
      sizes.push_back(std::clamp<int64_t>(size - i * most, 0, most));
  }
  int64_t sum = 0;
  for (int64_t part : sizes) {
    if (part < 0 || part > size)
      view.fail("split = " + std::to_string(part) + " is outside [0, " + std::to_string(size) +
                "]");
    sum += part;
  }
  if (static_cast<int64_t>(sizes.size()) != count || asked != count || sum != size) {
    view.fail("split = " + to_text(sizes) + " for " + std::to_string(count) +
              " outputs does not add up to the " + std::to_string(size) + " elements of the axis");
  }
  return sizes;
}

void infer_split(NodeView& view) { split_sizes(view); }

// Which elements move is settled when the network is compiled.
void infer_where(NodeView& view) {
  view.require_type(0, DataType::kBool);
  view.require_type(2, view.type(1));
  if (!view.all_constant()) {
    view.require_supported_type(1, {DataType::kFloat});
    view.require_constant(0, "conditions");
  }
  view.set_output(view.type(1),
                  broadcast(view, view.shape(0), broadcast(view, view.shape(1), view.shape(2))));
}

}  // namespace qsim
