// Whole host layers (rules A30 to A41 and A24's table): what the host does between segments, the
// same in every engine.
#pragma once

#include <vector>

#include "hw/spec/network.h"

namespace qsim {

// The output of a layer with layer.is_host(), for one or more samples.
// Inputs: one tensor per layer input, float32 or int8 as the network's tensor says, NHWC, the
// samples one after the other; every input holds the same number of samples. Output: float32 or
// int8 likewise, shape [samples * n, h, w, c]. Throws std::logic_error for a layer that is not on
// the host.
Tensor run_host_layer(const IntegerNetwork& network, const Layer& layer,
                      const std::vector<const Tensor*>& inputs);

// The code of a real that is `steps` scales (A24, A38, A40): NaN gives the zero point.
int32_t code_of(double steps, int32_t zero_point, int32_t lo, int32_t hi);

}  // namespace qsim
