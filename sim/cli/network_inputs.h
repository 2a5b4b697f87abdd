// Inputs for a network when there are no samples.
#pragma once

#include <cstdint>
#include <vector>

#include "hw/spec/network.h"

namespace qsim::cli {

// One batch per network input, as engines take it. Floats are uniform over what the network's own
// quantization of the input represents, a little beyond included; codes are uniform. The same seed
// gives the same values on every platform.
std::vector<Tensor> random_inputs(const IntegerNetwork& network, uint64_t seed);

}  // namespace qsim::cli
