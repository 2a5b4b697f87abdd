// Assignments of bits as a search tries them: as recipes, with what they cost and how well they do.
#pragma once

#include "sim/cli/decisions.h"

namespace qsim::cli {

class SearchTrials {
 public:
  // `bench` and `recipe` must outlive it. Throws Error when the file leaves nothing to choose, or
  // the machine has no narrow products.
  SearchTrials(const TrialBench& bench, const Recipe& recipe);

  const Choices& choices() const { return choices_; }
  const IntegerNetwork& network() const { return network_; }  // whose layers the choices name

  Recipe recipe_for(const Assignment& bits) const;  // by the methods of the recipe
  // By no method, which costs do not depend on.
  IntegerNetwork quick_network(const Assignment& bits) const;
  TrialCost cost_of(const IntegerNetwork& network) const { return bench_.cost(network); }
  TrialCost cost_of(const Assignment& bits) const { return cost_of(quick_network(bits)); }
  TrialScore score_of(const Assignment& bits, const TrialPart& part) const;

 private:
  const TrialBench& bench_;
  const Recipe& recipe_;
  Recipe quick_;  // bits alone
  Choices choices_;
  IntegerNetwork network_;
};

}  // namespace qsim::cli
