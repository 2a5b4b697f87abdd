// Seeded random (network, machine) pairs: what the engines are compared on.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "hw/spec/arch.h"
#include "hw/spec/network.h"

namespace qsim {

// How often each feature occurred, by name; every name that coverage counts is present, with 0 if
// it never did.
using FeatureCounts = std::map<std::string, int>;

struct RandomCase {
  IntegerNetwork
      network;  // one to five layers between a quantize and a dequantize step, with values
  Arch arch;
};

// The same seed gives the same case on every platform. Adds what the case exercises to `features`.
RandomCase random_case(uint32_t seed, FeatureCounts& features);

// Features that come from the compiled program and its run, not from the draw.
void count_program_features(const struct Program& program, int64_t token_full_cycles,
                            FeatureCounts& features);

}  // namespace qsim
