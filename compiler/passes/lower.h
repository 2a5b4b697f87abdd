// Flow -> the layers and tensors of an IntegerNetwork, without values.
#pragma once

#include <vector>

#include "compiler/passes/rewrites.h"
#include "compiler/passes/view.h"

namespace qsim {

// Where the parameters of a layer come from.
struct LayerOrigin {
  int32_t op = -1;  // index into Flow::ops; -1 for a layer that only moves codes
  Atoms reduction;  // matrix products: how the reduction dimension runs over the input tensor
};

struct Lowered {
  IntegerNetwork network;            // has_values false, quantization unset
  std::vector<LayerOrigin> origins;  // parallel to network.layers
  std::vector<EdgeId> edges;         // parallel to network.tensors: whose quantization each has
};

// Every value gets a place in the NHWC memory of some tensor and is tracked there as a view:
// Reshape, Flatten and Transpose produce no layer. Flatten -> Gemm becomes a convolution whose
// kernel is the whole map; a matrix product over channels a 1x1 convolution; averages over space an
// average pool; an affine operator a depthwise 1x1 convolution. Where an operator needs another
// memory order than its input has, a kHostPermute comes before it. A Concat along anything but
// channels is one as well, and so is what selects elements. Problems: what none of this expresses.
Lowered lower(const Flow& flow, const SharedQuantization& shared, Problems& problems);

}  // namespace qsim
