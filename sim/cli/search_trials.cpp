#include "sim/cli/search_trials.h"

#include "hw/spec/error.h"

namespace qsim::cli {

SearchTrials::SearchTrials(const TrialBench& bench, const Recipe& recipe)
    : bench_(bench), recipe_(recipe), quick_(recipe), choices_(find_choices(bench, recipe)) {
  if (choices_.weighted.empty())
    throw Error(bench_.graph().name +
                ": the file quantizes all weights itself: there are no bits to choose");
  if (choices_.bits.size() < 2)
    throw Error(
        "array.pe_modes = 8: the machine multiplies 8-bit codes alone, so that fewer bits save "
        "nothing; expected 8-4 or 8-4-2");
  quick_.is_sequential = false;
  quick_.weight_method = {};
  quick_.layers.clear();
  network_ = bench_.quantized(quick_);
}

Recipe SearchTrials::recipe_for(const Assignment& bits) const {
  return with_bits(recipe_, choices_, network_, bits);
}

IntegerNetwork SearchTrials::quick_network(const Assignment& bits) const {
  return bench_.quantized(with_bits(quick_, choices_, network_, bits));
}

TrialScore SearchTrials::score_of(const Assignment& bits, const TrialPart& part) const {
  return bench_.score(bench_.quantized(recipe_for(bits)), part);
}

}  // namespace qsim::cli
