// The sliding window of a convolution or pooling node, with every ONNX default applied.
#pragma once

#include "compiler/graph.h"
#include "hw/spec/network.h"

namespace qsim {

// One spatial dimension is height 1. `window` holds the pads that the node asks for (auto_pad
// resolved). ceil_mode lets the last window reach past them by ceil_bottom rows and ceil_right
// columns, which are neither data nor padding; both are 0 without ceil_mode.
struct NodeWindow {
  Window window;
  int32_t ceil_bottom = 0, ceil_right = 0;
};

// `input` and `output` are shapes [N, C, W] or [N, C, H, W]; `kernel` is the node's kernel_shape,
// or the weights' last dimensions where it has none. Attributes of Conv, MaxPool, AveragePool, and
// of QLinearConv and QLinearAveragePool.
NodeWindow resolve_window(const Node& node, const Shape& input, const Shape& output,
                          std::vector<int64_t> kernel);

// Of ConvTranspose: input pixel i reaches output pixel i * stride + tap * dilation - pad_top (or
// pad_left) by every tap; what falls outside `output` is dropped. pad_bottom and pad_right stay 0.
Window resolve_transposed(const Node& node, const Shape& input, const Shape& output,
                          const std::vector<int64_t>& kernel);

// The window that covers the whole of [N, C, (H,) W]: global pooling.
NodeWindow global_window(const Shape& input);

}  // namespace qsim
