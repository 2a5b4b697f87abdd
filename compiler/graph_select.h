// Operators whose output elements are copies of input elements: Slice, Gather, Expand,
// DepthToSpace, SpaceToDepth, Pad of reflections and edges, and Resize and Upsample to the nearest
// neighbour.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/graph.h"

namespace qsim {

// The elements start, start + step, ... of one dimension.
struct SliceRange {
  int64_t start = 0;
  int64_t step = 1;
  int64_t count = 0;
};

// Slice's bounds on a dimension of `size` elements; step is not 0.
SliceRange slice_range(int64_t start, int64_t end, int64_t step, int64_t size);

// What Resize and Upsample make of input 0, one entry per dimension.
struct Resizing {
  Shape shape;
  std::vector<double> scale;
};

// Scales, sizes and axes of `node` must be constant and in range.
Resizing resizing_of(const Graph& graph, const Node& node);

// The element of input 0 that every element of output 0 is, both row-major. Shapes are known,
// parameters constant and checked, as the importer leaves them.
std::vector<int64_t> selected_elements(const Graph& graph, const Node& node);

// The element of a tensor of shape `in` that every element is of what it broadcasts to, both
// row-major.
std::vector<int64_t> repeated_elements(const Shape& in, const Shape& out);

// Whether `node`, Resize or Upsample, interpolates linearly instead of copying.
bool is_linear(const Node& node);

// One element of an axis of the output: (1 - weight) of the first, weight of the second of the
// input's axis. At the edges the outermost element goes on for ever.
struct LinearTap {
  int64_t first = 0, second = 0;
  double weight = 0;
};

// Per dimension, of a node that is_linear(). Parameters as for selected_elements().
std::vector<std::vector<LinearTap>> linear_taps(const Graph& graph, const Node& node);

// The result of a node that is_linear(), row-major, of input 0 as `x`.
std::vector<float> interpolate(const Graph& graph, const Node& node, const float* x);

}  // namespace qsim
