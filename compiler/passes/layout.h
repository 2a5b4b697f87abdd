// Where the NHWC axes of a tensor come from: layouts that operators ask for, and the one that a
// network input gets so that its first reader finds what it needs.
#pragma once

#include <string>

#include "compiler/passes/flow.h"

namespace qsim {

// Dimensions of a tensor, and the letters of its axes in the order of the ONNX value's elements.
struct Layout {
  int32_t n = 1, h = 1, w = 1, c = 1;
  std::string order = "nhwc";
  bool operator==(const Layout&) const = default;
};

// [N, C, W] or [N, C, H, W]: what convolution and pooling ask for.
Layout image_layout(const Shape& shape);

// Channels last: [C], [N, C], [N, W, C], [N, H, W, C]; of more dimensions, N is the product of all
// before the last three. What a matrix product asks for, and the layout of last resort.
Layout rows_layout(const Shape& shape);

// Dimension `axis` as channels, whatever lies before it as n, what follows as w.
Layout channel_layout(const Shape& shape, size_t axis);

// The layout of a graph input: that which its first reader asks for, as seen through Reshape,
// Transpose and element-wise operators (a TensorFlow model takes [N, H, W, C] and transposes it; a
// keyword model takes [N, H * W]); rows_layout() when no reader asks. The host writes the input in
// this layout, so none costs more than another.
Layout choose_input_layout(const Flow& flow, EdgeId input);

}  // namespace qsim
