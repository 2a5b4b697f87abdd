#include "sim/cli/search.h"

#include "hw/spec/error.h"
#include "sim/cli/search_parts.h"
#include "sim/cli/search_program.h"
#include "sim/cli/search_trials.h"
#include "sim/report/manifest.h"
#include "sim/report/text_table.h"

namespace qsim::cli {
namespace {

std::string percent(double share) { return number_text(100 * share, 2) + " %"; }

class Search {
 public:
  Search(const TrialBench& bench, const Recipe& recipe, const SearchOptions& options,
         const Progress& progress)
      : bench_(bench),
        options_(options),
        progress_(progress),
        trials_(bench, recipe),
        parts_(divide_samples(bench, trials_.network().name)),
        program_(trials_, *options.objective,
                 measure_sensitivity(bench, recipe, choices(), parts_.search, choices().bits,
                                     [&](double share) { return progress(0.3 * share); })) {}

  SearchResult run() {
    const PriceTable& prices = bench_.prices();
    result_.network = trials_.network().name;
    result_.choices = choices();
    for (size_t i : choices().weighted)
      result_.weighted.push_back(trials_.network().layers[i].name);
    result_.has_labels = bench_.has_labels();
    result_.prices = prices.name;
    result_.prices_sha256 = sha256_of(prices.text);
    describe_parts();
    finish(roll_back(choose()));
    return std::move(result_);
  }

 private:
  const Choices& choices() const { return trials_.choices(); }
  void say(const std::string& text) { result_.trail.push_back(text); }
  double floor_of(const TrialPart& part) const {
    return options_.floor ? *options_.floor : *part.float_accuracy - *options_.drop;
  }

  double cost_of(const Assignment& bits) const {
    return options_.objective->of(trials_.cost_of(bits));
  }

  void describe_parts() {
    const Samples& samples = bench_.samples();
    result_.searched = static_cast<int64_t>(parts_.search.indices.size());
    result_.validated = static_cast<int64_t>(parts_.validation.indices.size());
    say("samples, all different, by seed " + std::to_string(samples.options.seed) + ": " +
        std::to_string(samples.calibrating.size()) + " calibrate, " +
        std::to_string(result_.searched) + " to search, " + std::to_string(result_.validated) +
        " to validate, " + std::to_string(parts_.scoring.indices.size()) + " scored");
  }

  std::string line_of(const SearchCandidate& candidate, const TrialScore& score) const {
    return number_text(candidate.cost, 0) + " " + options_.objective->unit + ", loss " +
           number_text(score.loss, 4) + " (expected " + number_text(candidate.loss, 4) + "), " +
           percent(*score.accuracy);
  }

  // The cheapest candidate that holds the floor on the samples to search on.
  Assignment choose() {
    const double floor = floor_of(parts_.search);
    const Assignment wide = uniform(choices(), 8, 8);
    const TrialScore widest = trials_.score_of(wide, parts_.search);
    say("8 bits everywhere: " + number_text(cost_of(wide), 0) + " " + options_.objective->unit +
        ", " + percent(*widest.accuracy) + "; float " + percent(*parts_.search.float_accuracy) +
        "; floor " + percent(floor));
    if (widest.accuracy < floor)
      throw Error(std::string(options_.floor ? "--floor" : "--drop") +
                  ": even 8 bits everywhere reach " + percent(*widest.accuracy) +
                  " on the samples to search on, below " + percent(floor));
    const std::vector<SearchCandidate> found = program_.candidates();
    say(std::to_string(found.size()) + " candidates from the integer program");
    size_t low = 0, high = found.size();  // the first that holds is in [low, high]
    while (low < high) {
      const size_t middle = (low + high) / 2;
      const TrialScore score = trials_.score_of(found[middle].bits, parts_.search);
      const bool holds = score.accuracy >= floor;
      say("candidate " + std::to_string(middle + 1) + ": " + line_of(found[middle], score) +
          (holds ? ": holds" : ": does not hold"));
      progress_(0.3 +
                0.4 * (1 - static_cast<double>(high - low) / static_cast<double>(found.size())));
      if (holds) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    if (low == found.size()) {
      say("no candidate holds: 8 bits everywhere");
      return wide;
    }
    say("taken: candidate " + std::to_string(low + 1));
    return found[low].bits;
  }

  Assignment roll_back(Assignment bits) {
    const double floor = floor_of(parts_.validation);
    for (;;) {
      const TrialScore score = trials_.score_of(bits, parts_.validation);
      const bool holds = score.accuracy >= floor;
      say("validation: " + percent(*score.accuracy) + ", floor " + percent(floor) +
          (holds ? ": holds" : ": does not hold"));
      if (holds) return bits;
      std::string what;
      Assignment next = program_.best_step(bits, what);
      if (next == bits) {
        say("nothing is left to take back");
        return bits;
      }
      say("taken back: " + what);
      bits = std::move(next);
    }
  }

  SearchPoint point(const std::string& what, const Assignment& bits) const {
    return {what, bits, trials_.cost_of(bits), trials_.score_of(bits, parts_.scoring)};
  }

  void finish(const Assignment& bits) {
    result_.recipe = trials_.recipe_for(bits);
    result_.floor = floor_of(parts_.scoring);
    result_.float_accuracy = *parts_.scoring.float_accuracy;
    result_.chosen = point("mixed", bits);
    result_.holds_floor = result_.chosen.score.accuracy >= result_.floor;
    result_.is_unmatched = true;
    const double cost = options_.objective->of(result_.chosen.cost);
    for (int32_t w : choices().bits) {
      for (int32_t c : choices().bits) {
        const SearchPoint one = point("uniform " + std::to_string(w) + "/" + std::to_string(c),
                                      uniform(choices(), w, c));
        const bool matches = one.score.accuracy >= result_.chosen.score.accuracy &&
                             options_.objective->of(one.cost) <= cost;
        result_.is_unmatched = result_.is_unmatched && !matches;
        result_.uniform.push_back(one);
        progress_(0.8 + 0.03 * static_cast<double>(result_.uniform.size()));
      }
    }
  }

  const TrialBench& bench_;
  const SearchOptions& options_;
  const Progress& progress_;
  const SearchTrials trials_;
  const SearchParts parts_;
  const SearchProgram program_;
  SearchResult result_;
};

}  // namespace

SearchResult search_bits(const TrialBench& bench, const Recipe& recipe,
                         const SearchOptions& options, const Progress& progress) {
  return Search(bench, recipe, options, progress).run();
}

}  // namespace qsim::cli
