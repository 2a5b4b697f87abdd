#include "compiler/float/window.h"

#include <algorithm>

namespace qsim {
namespace {

struct Axis {
  int32_t kernel = 1, stride = 1, dilation = 1, begin = 0, end = 0, beyond = 0;
};

Axis resolve_axis(const Node& node, size_t axis, size_t rank, int64_t in, int64_t out,
                  int64_t kernel) {
  auto entry = [&](const char* name, size_t index, int64_t fallback) {
    const std::vector<int64_t> list = node.attr_ints(name);
    return static_cast<int32_t>(index < list.size() ? list[index] : fallback);
  };
  Axis a;
  a.kernel = static_cast<int32_t>(kernel);
  a.stride = entry("strides", axis, 1);
  a.dilation = entry("dilations", axis, 1);
  const int64_t reach = (out - 1) * a.stride + int64_t{a.dilation} * (a.kernel - 1) + 1;
  const std::string auto_pad = node.attr_string("auto_pad", "NOTSET");
  if (auto_pad == "NOTSET") {
    a.begin = entry("pads", axis, 0);
    a.end = entry("pads", axis + rank, 0);
  } else if (auto_pad != "VALID") {
    const auto total = static_cast<int32_t>(std::max<int64_t>(reach - in, 0));
    a.begin = auto_pad == "SAME_LOWER" ? (total + 1) / 2 : total / 2;
    a.end = total - a.begin;
  }
  a.beyond = static_cast<int32_t>(std::max<int64_t>(reach - in - a.begin - a.end, 0));
  return a;
}

}  // namespace

NodeWindow resolve_window(const Node& node, const Shape& input, const Shape& output,
                          std::vector<int64_t> kernel) {
  kernel = node.attr_ints("kernel_shape", std::move(kernel));
  const size_t rank = kernel.size();
  const Axis x = resolve_axis(node, rank - 1, rank, input.back(), output.back(), kernel.back());
  Axis y;
  if (rank == 2) y = resolve_axis(node, 0, rank, input[2], output[2], kernel[0]);
  NodeWindow result;
  result.window = {y.kernel,   x.kernel, y.stride, x.stride, y.dilation,
                   x.dilation, y.begin,  x.begin,  y.end,    x.end};
  result.ceil_bottom = y.beyond;
  result.ceil_right = x.beyond;
  return result;
}

Window resolve_transposed(const Node& node, const Shape& input, const Shape& output,
                          const std::vector<int64_t>& kernel) {
  const size_t rank = kernel.size();
  const std::string auto_pad = node.attr_string("auto_pad", "NOTSET");
  const bool follows = node.attributes.count("output_shape") != 0 || auto_pad.starts_with("SAME");
  auto axis = [&](size_t d) {
    auto entry = [&](const char* name, int64_t fallback) {
      const std::vector<int64_t> list = node.attr_ints(name);
      return d < list.size() ? list[d] : fallback;
    };
    const int64_t stride = entry("strides", 1), dilation = entry("dilations", 1);
    const int64_t reach = stride * (input[d + 2] - 1) + dilation * (kernel[d] - 1) + 1;
    int64_t begin = auto_pad == "NOTSET" ? entry("pads", 0) : 0;
    if (follows) {
      const int64_t total =
          std::max<int64_t>(reach + entry("output_padding", 0) - output[d + 2], 0);
      begin = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
    }
    return Axis{static_cast<int32_t>(kernel[d]),
                static_cast<int32_t>(stride),
                static_cast<int32_t>(dilation),
                static_cast<int32_t>(begin),
                0,
                0};
  };
  const Axis x = axis(rank - 1), y = rank == 2 ? axis(0) : Axis();
  return {y.kernel, x.kernel, y.stride, x.stride, y.dilation, x.dilation, y.begin, x.begin, 0, 0};
}

NodeWindow global_window(const Shape& input) {
  NodeWindow result;
  result.window.kw = static_cast<int32_t>(input.back());
  if (input.size() == 4) result.window.kh = static_cast<int32_t>(input[2]);
  return result;
}

}  // namespace qsim
