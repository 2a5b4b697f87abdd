// What a random case exercises, by name: coverage that a fuzzer prints and that must not be zero.
#pragma once

#include <map>
#include <string>

#include "hw/spec/program.h"
#include "tests/support/random_case.h"

namespace qsim {

// How often each feature occurred; every name is present, with 0 if it never did.
using FeatureCounts = std::map<std::string, int>;

// All features, with 0.
FeatureCounts no_features();

// One character a feature in the order of FeatureCounts, '1' or '0'. `program` is the compiled
// case, `token_full_cycles` that counter of its run.
std::string features_of(const CaseSpec& spec, const Program& program, int64_t token_full_cycles);

// Adds what features_of() returned.
void add_features(const std::string& found, FeatureCounts& counts);

}  // namespace qsim
