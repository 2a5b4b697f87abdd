// Seeded random networks of one layer: every operator of network.h, geometry, groups, zero points
// and extreme data included.
#pragma once

#include <random>
#include <vector>

#include "hw/spec/network.h"

namespace qsim::testing {

struct RandomLayer {
  IntegerNetwork network;      // passes check(); one layer
  std::vector<Tensor> inputs;  // one per network input, `samples` samples each
};

// Sizes stay small: at most about a million multiply-accumulates a sample.
RandomLayer random_layer(LayerOp op, int64_t samples, std::mt19937& random);

}  // namespace qsim::testing
