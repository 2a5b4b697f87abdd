// Whole host layers (rules A30 to A34): what the host does between segments, the same in every
// engine.
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

}  // namespace qsim
