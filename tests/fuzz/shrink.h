// From a failing case to a small one that fails alike.
#pragma once

#include <functional>

#include "tests/fuzz/verdict.h"

namespace qsim::fuzz {

using Judge = std::function<Verdict(const CaseSpec& spec)>;

struct Shrunk {
  CaseSpec spec;
  Verdict verdict;
  int runs = 0;  // cases judged
};

// Greedy: drops layers, makes layers 1x1 convolutions, memory ideal, values plain, and every number
// smaller, as long as the judge gives the same kind of failure; stops when no single step does, or
// after `most_runs`. The structure of the machine stays, so that no RTL model need be built.
// Deterministic if the judge is.
Shrunk shrink(const CaseSpec& spec, const Verdict& verdict, const Judge& judge,
              int most_runs = 5000);

}  // namespace qsim::fuzz
