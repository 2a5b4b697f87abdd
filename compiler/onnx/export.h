// IntegerNetwork -> ONNX file of float operators between QuantizeLinear and DequantizeLinear.
#pragma once

#include <string>

#include "hw/spec/network.h"

namespace qsim {

struct ExportOptions {
  // Weights of 4 bits as int4 or uint4, half the bytes; false: as bytes behind a Clip, which
  // onnxruntime fuses into its integer convolutions as it does 8-bit weights.
  bool packs_weights = false;
};

// Writes `network` such that import_onnx() and quantize() of the file give the same layers, with
// the same codes, scales and clamps. Only what the file needs for that is in it:
//
//   codes of a tensor   uint8, 2^(bits-1) more than ours, since onnxruntime on x86 has integer
//                       kernels for those alone; fewer than 8 bits: Clip(0, 2^bits - 1) between Q
//                       and DQ. Network inputs and outputs that are codes keep their type
//   values              [n, c, h, w]; Reshape and Transpose lead from and to the network's inputs
//                       and outputs, which keep their names, types and shapes
//   clamps              Relu, or Clip in reals, before QuantizeLinear
//   weights             int8 (uint8 where zero points are not 0), [o, i, kh, kw], DequantizeLinear
//                       along axis 0, or one scale when all are equal; fewer bits by Clip
//   bias                int32, DequantizeLinear at scale fl32(sx * sw)
//
// All operators are ai.onnx's, but for QLinearSoftmax, which only files that have it lead to. A
// product of matrices is a 1x1 convolution, as in the network; a batch normalization is in the
// weights. Opset 13, with packed weights 21; IR version 8 or 10. Throws one Error that names all
// layers that have no ONNX form here, when `network` has no values, or when the file cannot be
// written.
void export_onnx(const IntegerNetwork& network, const std::string& path,
                 const ExportOptions& options = {});

}  // namespace qsim
