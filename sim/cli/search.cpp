#include "sim/cli/search.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "hw/spec/error.h"
#include "sim/cli/bit_program.h"
#include "sim/report/text_table.h"

namespace qsim::cli {
namespace {

constexpr int kBudgets = 32;
constexpr double kLeastBudget = 1e-4;  // of the loss when everything is narrow

std::string percent(double share) { return number_text(100 * share, 2) + " %"; }

class Search {
 public:
  Search(const TrialBench& bench, const Recipe& recipe, const SearchOptions& options,
         const Progress& progress)
      : bench_(bench), recipe_(recipe), options_(options), progress_(progress) {}

  SearchResult run() {
    result_.choices = find_choices(bench_, recipe_);
    if (choices().weighted.empty())
      throw Error(bench_.graph().name +
                  ": the file quantizes all weights itself: there are no "
                  "bits to choose");
    if (choices().bits.size() < 2)
      throw Error(
          "array.pe_modes = 8: the machine multiplies 8-bit codes alone, so that fewer bits "
          "save nothing; expected 8-4 or 8-4-2");
    names_ = bench_.quantized(quick({}));
    result_.network = names_.name;
    for (size_t i : choices().weighted) result_.weighted.push_back(names_.layers[i].name);
    result_.has_labels = bench_.has_labels();
    divide();
    measure_costs();
    sensitivity_ = measure_sensitivity(bench_, recipe_, choices(), search_, choices().bits,
                                       [&](double share) { return progress_(0.3 * share); });
    build_program();
    Assignment bits = choose();
    bits = roll_back(bits);
    finish(bits);
    return std::move(result_);
  }

 private:
  const Choices& choices() const { return result_.choices; }
  void say(const std::string& text) { result_.trail.push_back(text); }
  double floor_of(const TrialPart& part) const {
    return options_.floor ? *options_.floor : *part.float_accuracy - *options_.drop;
  }

  // Bits alone: for costs.
  Recipe quick(const std::optional<Assignment>& bits) const {
    Recipe recipe = recipe_;
    recipe.is_sequential = false;
    recipe.weight_method = {};
    recipe.layers.clear();
    return bits ? with_bits(recipe, choices(), names_, *bits) : recipe;
  }
  TrialCost cost_of(const Assignment& bits) const {
    return bench_.cost(bench_.quantized(quick(bits)));
  }
  TrialScore score_of(const Assignment& bits, const TrialPart& part) const {
    return bench_.score(bench_.quantized(with_bits(recipe_, choices(), names_, bits)), part);
  }

  void divide() {
    const Samples& samples = bench_.samples();
    const std::vector<int64_t>& all = samples.scored;
    const auto count = static_cast<int64_t>(all.size());
    if (count < 8)
      throw Error(samples.data->path + ": " + std::to_string(count) +
                  " samples are too few to search, validate and score on different ones");
    const uint64_t seed = samples.options.seed;
    const Split first = split(count, count / 2, seed);
    const auto half = static_cast<int64_t>(first.calibration.size());
    const Split second = split(half, half / 2, seed + 1);
    const auto pick = [&](const std::vector<int64_t>& places) {
      std::vector<int64_t> indices;
      for (int64_t i : places)
        indices.push_back(all[static_cast<size_t>(first.calibration[static_cast<size_t>(i)])]);
      return indices;
    };
    search_ = bench_.part(pick(second.calibration));
    if (!search_.float_accuracy)
      throw Error(names_.name +
                  ": is no classifier, so that no accuracy can be held; expected an output with a "
                  "score for each class");
    validation_ = bench_.part(pick(second.scored));
    std::vector<int64_t> rest;
    for (int64_t i : first.scored) rest.push_back(all[static_cast<size_t>(i)]);
    scoring_ = bench_.part(std::move(rest));
    result_.searched = static_cast<int64_t>(search_.indices.size());
    result_.validated = static_cast<int64_t>(validation_.indices.size());
    say("samples, all different, by seed " + std::to_string(seed) + ": " +
        std::to_string(samples.calibrating.size()) + " calibrate, " +
        std::to_string(result_.searched) + " to search, " + std::to_string(result_.validated) +
        " to validate, " + std::to_string(scoring_.indices.size()) + " scored");
  }

  // Of every pair of bits, weights and codes, when the whole network has them.
  void measure_costs() {
    const size_t n = choices().bits.size();
    for (size_t w = 0; w < n; ++w) {
      for (size_t c = 0; c < n; ++c) {
        const Assignment bits = uniform(choices(), choices().bits[w], choices().bits[c]);
        const IntegerNetwork network = bench_.quantized(quick(bits));
        const TrialCost cost = bench_.cost(network);
        std::vector<double> layers;
        for (size_t i = 0; i < network.layers.size(); ++i)
          layers.push_back(options_.objective->of_layer(network, cost, i));
        layer_costs_.push_back(std::move(layers));
      }
    }
  }
  double layer_cost(size_t layer, size_t w, size_t c) const {
    return layer_costs_[w * choices().bits.size() + c][layer];
  }

  // The open group that a layer reads; -1: none.
  int32_t group_read(const Layer& layer) const {
    const int32_t group = choices().group_of_tensor[static_cast<size_t>(layer.inputs[0])];
    const bool is_open = group >= 0 && choices().groups[static_cast<size_t>(group)].is_open;
    return is_open ? group : -1;
  }
  // Its place in the program, which has open groups only.
  int32_t place_of(int32_t group) const {
    int32_t place = 0;
    for (int32_t g = 0; g < group; ++g) place += choices().groups[static_cast<size_t>(g)].is_open;
    return group < 0 ? -1 : place;
  }

  void build_program() {
    const size_t n = choices().bits.size();
    const auto added = [&](const TrialScore& score) {
      return std::max(score.loss - sensitivity_.widest.loss, 0.0);
    };
    for (size_t g = 0; g < choices().groups.size(); ++g) {
      if (!choices().groups[g].is_open) continue;
      BitProgram::Group group{.loss = {}, .cost = std::vector<double>(n, 0)};
      for (const TrialScore& score : sensitivity_.codes[g]) group.loss.push_back(added(score));
      program_.groups.push_back(std::move(group));
    }
    std::vector<bool> is_weighted(names_.layers.size(), false);
    for (size_t i = 0; i < choices().weighted.size(); ++i) {
      const size_t at = choices().weighted[i];
      is_weighted[at] = true;
      BitProgram::Layer layer;
      layer.group = place_of(group_read(names_.layers[at]));
      for (const TrialScore& score : sensitivity_.weights[i]) layer.loss.push_back(added(score));
      for (size_t w = 0; w < n; ++w) {
        layer.cost.emplace_back();
        for (size_t c = 0; c < (layer.group < 0 ? 1 : n); ++c)
          layer.cost[w].push_back(layer_cost(at, w, c));
      }
      program_.layers.push_back(std::move(layer));
    }
    for (size_t at = 0; at < names_.layers.size(); ++at) {
      const int32_t group = place_of(group_read(names_.layers[at]));
      if (is_weighted[at] || group < 0) continue;
      for (size_t c = 0; c < n; ++c)
        program_.groups[static_cast<size_t>(group)].cost[c] += layer_cost(at, 0, c);
    }
  }

  Assignment assignment_of(const BitChoice& choice) const {
    Assignment bits = uniform(choices(), 8, 8);
    for (size_t i = 0; i < choice.weights.size(); ++i)
      bits.weights[i] = choices().bits[choice.weights[i]];
    size_t place = 0;
    for (size_t g = 0; g < choices().groups.size(); ++g) {
      if (choices().groups[g].is_open) bits.codes[g] = choices().bits[choice.codes[place++]];
    }
    return bits;
  }

  struct Candidate {
    Assignment bits;
    double loss = 0, cost = 0;
  };

  std::vector<Candidate> candidates() const {
    double most = 0;
    for (const BitProgram::Layer& layer : program_.layers)
      most += *std::max_element(layer.loss.begin(), layer.loss.end());
    for (const BitProgram::Group& group : program_.groups)
      most += *std::max_element(group.loss.begin(), group.loss.end());
    std::vector<Candidate> found;
    for (int k = 0; k < kBudgets; ++k) {
      const double budget = most * std::pow(kLeastBudget, static_cast<double>(k) / (kBudgets - 1));
      const BitChoice choice = solve(program_, budget);
      Candidate candidate{assignment_of(choice), choice.loss, 0};
      candidate.cost = options_.objective->of(cost_of(candidate.bits));
      // Budgets fall, so that costs rise, but for what layers do to one another.
      while (!found.empty() && found.back().cost >= candidate.cost) found.pop_back();
      found.push_back(std::move(candidate));
    }
    return found;
  }

  std::string line_of(const Candidate& candidate, const TrialScore& score) const {
    return number_text(candidate.cost, 0) + " " + options_.objective->unit + ", loss " +
           number_text(score.loss, 4) + " (expected " + number_text(candidate.loss, 4) + "), " +
           percent(*score.accuracy);
  }

  // The cheapest candidate that holds the floor on the samples to search on.
  Assignment choose() {
    const double floor = floor_of(search_);
    const Assignment wide = uniform(choices(), 8, 8);
    const TrialScore widest = score_of(wide, search_);
    say("8 bits everywhere: " + number_text(options_.objective->of(cost_of(wide)), 0) + " " +
        options_.objective->unit + ", " + percent(*widest.accuracy) + "; float " +
        percent(*search_.float_accuracy) + "; floor " + percent(floor));
    if (widest.accuracy < floor)
      throw Error(std::string(options_.floor ? "--floor" : "--drop") +
                  ": even 8 bits everywhere reach " + percent(*widest.accuracy) +
                  " on the samples to search on, below " + percent(floor));
    const std::vector<Candidate> found = candidates();
    say(std::to_string(found.size()) + " candidates from the integer program");
    size_t low = 0, high = found.size();  // the first that holds is in [low, high]
    while (low < high) {
      const size_t middle = (low + high) / 2;
      const TrialScore score = score_of(found[middle].bits, search_);
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

  double expected_cost(const Assignment& bits) const {
    const auto place = [&](int32_t b) {
      return static_cast<size_t>(std::find(choices().bits.begin(), choices().bits.end(), b) -
                                 choices().bits.begin());
    };
    std::vector<size_t> codes;
    double cost = 0;
    for (size_t g = 0; g < choices().groups.size(); ++g) {
      if (!choices().groups[g].is_open) continue;
      cost += program_.groups[codes.size()].cost[place(bits.codes[g])];
      codes.push_back(place(bits.codes[g]));
    }
    for (size_t i = 0; i < program_.layers.size(); ++i) {
      const BitProgram::Layer& layer = program_.layers[i];
      cost += layer.cost[place(bits.weights[i])]
                        [layer.group < 0 ? 0 : codes[static_cast<size_t>(layer.group)]];
    }
    return cost;
  }

  int32_t wider(int32_t bits) const {
    const auto at = std::find(choices().bits.begin(), choices().bits.end(), bits);
    return at == choices().bits.begin() ? bits : *(at - 1);
  }
  double loss_at(const std::vector<TrialScore>& scores, int32_t bits) const {
    const auto at = std::find(choices().bits.begin(), choices().bits.end(), bits);
    return scores[static_cast<size_t>(at - choices().bits.begin())].loss;
  }

  // Of all choices one step wider the one that gains most loss for its cost.
  Assignment best_step(const Assignment& bits, std::string& what) const {
    const double before = expected_cost(bits);
    Assignment best = bits;
    double most = -1;
    const auto consider = [&](Assignment next, double gain, const std::string& text) {
      const double rate = gain / std::max(expected_cost(next) - before, 1.0);
      if (rate <= most) return;
      most = rate;
      best = std::move(next);
      what = text;
    };
    for (size_t i = 0; i < bits.weights.size(); ++i) {
      Assignment next = bits;
      next.weights[i] = wider(bits.weights[i]);
      if (next == bits) continue;
      consider(next,
               loss_at(sensitivity_.weights[i], bits.weights[i]) -
                   loss_at(sensitivity_.weights[i], next.weights[i]),
               "weights of " + result_.weighted[i] + " " + std::to_string(bits.weights[i]) +
                   " -> " + std::to_string(next.weights[i]));
    }
    for (size_t g = 0; g < bits.codes.size(); ++g) {
      Assignment next = bits;
      if (bits.codes[g] == 0) continue;
      next.codes[g] = wider(bits.codes[g]);
      if (next == bits) continue;
      consider(next,
               loss_at(sensitivity_.codes[g], bits.codes[g]) -
                   loss_at(sensitivity_.codes[g], next.codes[g]),
               "codes of " + choices().groups[g].name + " " + std::to_string(bits.codes[g]) +
                   " -> " + std::to_string(next.codes[g]));
    }
    return best;
  }

  Assignment roll_back(Assignment bits) {
    const double floor = floor_of(validation_);
    for (;;) {
      const TrialScore score = score_of(bits, validation_);
      const bool holds = score.accuracy >= floor;
      say("validation: " + percent(*score.accuracy) + ", floor " + percent(floor) +
          (holds ? ": holds" : ": does not hold"));
      if (holds) return bits;
      std::string what;
      Assignment next = best_step(bits, what);
      if (next == bits) {
        say("nothing is left to take back");
        return bits;
      }
      say("taken back: " + what);
      bits = std::move(next);
    }
  }

  SearchPoint point(const std::string& what, const Assignment& bits) const {
    return {what, bits, cost_of(bits), score_of(bits, scoring_)};
  }

  void finish(const Assignment& bits) {
    result_.recipe = with_bits(recipe_, choices(), names_, bits);
    result_.floor = floor_of(scoring_);
    result_.float_accuracy = *scoring_.float_accuracy;
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
  const Recipe& recipe_;
  const SearchOptions& options_;
  const Progress& progress_;
  SearchResult result_;
  IntegerNetwork names_;
  TrialPart search_, validation_, scoring_;
  std::vector<std::vector<double>> layer_costs_;  // [weights * n + codes][layer]
  Sensitivity sensitivity_;
  BitProgram program_;
};

}  // namespace

SearchResult search_bits(const TrialBench& bench, const Recipe& recipe,
                         const SearchOptions& options, const Progress& progress) {
  return Search(bench, recipe, options, progress).run();
}

}  // namespace qsim::cli
