// Cross-layer equalization of weights, before calibration.
#pragma once

#include "compiler/graph.h"

namespace qsim {

// The same float function, up to float32's rounding, with weights whose ranges are alike: where
// relu(s * x) = s * relu(x), output channel i of a layer is divided by
//
//   s_i = sqrt(r1_i / r2_i),   r1_i, r2_i the greatest weights of output channel i and of the next
//                              layer's input channel i
//
// and input channel i of the next layer multiplied with it; over all pairs until nothing moves
// (Nagel et al., "Data-free quantization through weight equalization and bias correction", ICCV
// 2019, section 4.1). The paper then absorbs great biases into the next layer; that needs
// statistics and is not done: a channel of small weights beside an ordinary bias gets a greater
// one, which can cost the codes of the layer most of their range. Layers are Conv, depthwise and
// grouped ones too, Gemm, and MatMul of rank 2, with float constants, and the batch normalization
// and additions of constants per channel that follow. Between two of them may lie Relu, MaxPool,
// AveragePool, GlobalAveragePool, Identity, Flatten or Reshape to [N, C * rest]; nothing else may
// read what lies between. Clip (ReLU6) stays what it is, so layers around it are no pair. Values
// between the layers keep their names.
Graph equalize(const Graph& graph);

}  // namespace qsim
