// Sliding windows of convolution and pooling, read from a node's attributes: what their shape
// functions and checks need. Passes, which know the output's shape, use compiler/float/window.h.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/graph.h"

namespace qsim {

// One entry per spatial dimension. Window i of `output` starts at i * stride - pad_begin. With
// ceil_mode the last window may reach beyond input + pad_end; taps there are padding that
// count_include_pad does not count.
struct SlidingWindow {
  std::vector<int64_t> kernel;
  std::vector<int64_t> stride;
  std::vector<int64_t> dilation;
  std::vector<int64_t> pad_begin;
  std::vector<int64_t> pad_end;
  std::vector<int64_t> output;

  // (kernel - 1) * dilation + 1: the input positions that one window spans.
  int64_t extent(size_t i) const { return (kernel[i] - 1) * dilation[i] + 1; }
};

// Reads strides, dilations, pads, auto_pad and ceil_mode of `node`. `input` has the layout
// [N, C, spatial...]; `kernel` holds the kernel's spatial size. Throws Error without a place when
// an attribute is out of range, contradicts another, or leaves no output.
SlidingWindow read_window(const Node& node, const Shape& input, std::vector<int64_t> kernel);

// The same for ConvTranspose, with output_padding and output_shape; pads are as given, whatever
// auto_pad makes of them (compiler/float/window.h).
SlidingWindow read_transposed_window(const Node& node, const Shape& input,
                                     std::vector<int64_t> kernel);

}  // namespace qsim
