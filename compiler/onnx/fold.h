// Values of operators whose inputs are constant. Output type and shape are known when these run.
// Results that are one value throughout stay Value::is_filled where that costs nothing.
#pragma once

#include "compiler/graph_select.h"
#include "compiler/onnx/node_view.h"

namespace qsim {

// fold_layout.cpp
void fold_view(NodeView& view);  // same elements, another shape: Reshape, Squeeze, Identity ...
void fold_transpose(NodeView& view);
void fold_concat(NodeView& view);
void fold_slice(NodeView& view);
void fold_gather(NodeView& view);
void fold_select(NodeView& view);  // Expand, DepthToSpace, SpaceToDepth, Resize, Upsample
void fold_where(NodeView& view);

// fold_arithmetic.cpp
void fold_shape(NodeView& view);
void fold_constant(NodeView& view);
void fold_constant_of_shape(NodeView& view);
void fold_arithmetic(NodeView& view);  // Add, Sub, Mul, Div
void fold_unary(NodeView& view);       // compiler/graph_unary.h
void fold_pow(NodeView& view);
void fold_cast(NodeView& view);

// Slice's parameters with every default and bound applied, one entry per axis of the input.
std::vector<SliceRange> slice_ranges(const NodeView& view);

}  // namespace qsim
