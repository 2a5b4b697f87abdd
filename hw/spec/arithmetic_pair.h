// Host layers of two activations (rules A36 to A38).
#pragma once

#include <vector>

#include "hw/spec/network.h"

namespace qsim {

// kHostAdd to kHostDiv; inputs and samples as for run_host_layer(), `out` one code for each element
// of the output. Throws Error when the ratio of two scales is beyond what A10 or A20 can express.
void run_pair_layer(const IntegerNetwork& network, const Layer& layer,
                    const std::vector<const Tensor*>& inputs, int64_t samples, int8_t* out);

}  // namespace qsim
