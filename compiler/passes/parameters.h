// Weights and biases of one layer as integers.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/passes/flow.h"
#include "compiler/passes/lower.h"
#include "compiler/passes/methods.h"
#include "compiler/passes/moments.h"
#include "compiler/passes/recipe.h"

namespace qsim {

struct ParameterMethod {
  WeightMethod weights = {};
  const InputMoments* moments = nullptr;  // of what the layer reads; null: rounds to nearest, and
                                          // leaves biases as they are
  const StatedWeights* stated = nullptr;  // taken as they are, whatever else stands here
};

// Fills weights, weight_zero_point, weight_scale and bias of `layer`, the lowering of `op` (kConv,
// kMatMul or kAffine), whose input tensor is `input`.
//
// Float weights, after folded affine factors, become symmetric codes of layer.weight_bits = n bits
// per output channel: with m = 2^(n-1) - 1, scale = fl32(max |w| / m), code = RNE(w / scale) in
// [-m, m]; `method` can ask for other scales, codes and biases. Where a bias would leave int32 the
// scale grows to make it fit in 30 bits; a channel of zeros takes a scale that holds its bias to 20
// bits. Weights that are codes in the file keep codes, scale and zero point, less an offset (A8); a
// folded factor multiplies their scale (or, when negative, makes them float). Bias = RNE(b / (sx *
// sw)) in double; int32 codes whose scale is that product (within 1e-6) stay. An affine operator
// alone is y = k * (x - zx) + bias with a weight code k in [(m + 1) / 2, m] per channel, the one
// that represents the offset best. Throws Error, naming layer and channel, when a bias does not fit
// int32 or a weight is not finite.
void fill_parameters(const Op& op, const LayerOrigin& origin, const NetTensor& input,
                     const ParameterMethod& method, Layer& layer);

}  // namespace qsim
