// Where the weights of a layer lie in the file's tensor, private to compiler/passes.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/passes/flow.h"
#include "compiler/passes/lower.h"

namespace qsim {

// The stored weight of (output channel, tap) lies at start of the channel plus offset of the tap.
struct WeightIndex {
  int64_t channel_stride = 0;
  std::vector<int64_t> taps;  // in the order of Layer::weights: ky, kx, i
  std::vector<int64_t> rows;  // of each tap: its place in the order of ONNX, (i, ky, kx) or k
};

WeightIndex index_conv(const Operand& weight);

// The k-th row of the matrix belongs to the element of the window at the memory offset of k.
WeightIndex index_matmul(const Op& op, const LayerOrigin& origin, const NetTensor& in,
                         const Window& window);

}  // namespace qsim
