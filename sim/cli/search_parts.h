// The samples of a search, divided: what chooses never scores.
#pragma once

#include "sim/cli/trial.h"

namespace qsim::cli {

struct SearchParts {
  TrialPart search, validation, scoring;  // a quarter, a quarter, half
};

// Of the samples that do not calibrate, by their seed. Throws Error when there are fewer than 8, or
// the network, `name`, is no classifier.
SearchParts divide_samples(const TrialBench& bench, const std::string& name);

}  // namespace qsim::cli
