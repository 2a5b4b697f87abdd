// What a search knows of each choice alone: what it costs and what it harms. From this come
// candidates, by integer programs, and the order in which choices are taken back.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/bit_program.h"
#include "sim/cli/search.h"
#include "sim/cli/search_trials.h"

namespace qsim::cli {

struct SearchCandidate {
  Assignment bits;
  double loss = 0;  // as the choices' losses add up
  double cost = 0;  // of the objective, measured
};

class SearchProgram {
 public:
  // Measures what layers cost when the whole network has some bits: every pair of bits of weights
  // and codes once. `trials` and `objective` must outlive it.
  SearchProgram(const SearchTrials& trials, const Objective& objective, Sensitivity sensitivity);

  // The assignments of least cost for falling budgets of loss: costs rise from one to the next.
  std::vector<SearchCandidate> candidates() const;

  // Of all choices one step wider than in `bits` the one that gains most loss for its cost, and a
  // line about it in `what`; `bits` when there is none.
  Assignment best_step(const Assignment& bits, std::string& what) const;

 private:
  void measure_costs();
  void build();
  double layer_cost(size_t layer, size_t w, size_t c) const;
  int32_t group_read(const Layer& layer) const;
  int32_t place_of(int32_t group) const;
  size_t place_of_bits(int32_t bits) const;
  int32_t wider(int32_t bits) const;
  double loss_at(const std::vector<TrialScore>& scores, int32_t bits) const;
  double expected_cost(const Assignment& bits) const;
  Assignment assignment_of(const BitChoice& choice) const;

  const SearchTrials& trials_;
  const Choices& choices_;
  const Objective& objective_;
  Sensitivity sensitivity_;
  std::vector<std::vector<double>> layer_costs_;  // [weights * bits + codes][layer]
  BitProgram program_;
};

}  // namespace qsim::cli
