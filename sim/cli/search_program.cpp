#include "sim/cli/search_program.h"

#include <algorithm>
#include <cmath>

namespace qsim::cli {
namespace {

constexpr int kBudgets = 32;
constexpr double kLeastBudget = 1e-4;  // of the loss when everything is narrow

}  // namespace

SearchProgram::SearchProgram(const SearchTrials& trials, const Objective& objective,
                             Sensitivity sensitivity)
    : trials_(trials),
      choices_(trials.choices()),
      objective_(objective),
      sensitivity_(std::move(sensitivity)) {
  measure_costs();
  build();
}

// Of every pair of bits, weights and codes, when the whole network has them.
void SearchProgram::measure_costs() {
  const size_t n = choices_.bits.size();
  for (size_t w = 0; w < n; ++w) {
    for (size_t c = 0; c < n; ++c) {
      const Assignment bits = uniform(choices_, choices_.bits[w], choices_.bits[c]);
      const IntegerNetwork network = trials_.quick_network(bits);
      const TrialCost cost = trials_.cost_of(network);
      std::vector<double> layers;
      for (size_t i = 0; i < network.layers.size(); ++i)
        layers.push_back(objective_.of_layer(network, cost, i));
      layer_costs_.push_back(std::move(layers));
    }
  }
}

double SearchProgram::layer_cost(size_t layer, size_t w, size_t c) const {
  return layer_costs_[w * choices_.bits.size() + c][layer];
}

// The open group that a layer reads; -1: none.
int32_t SearchProgram::group_read(const Layer& layer) const {
  const int32_t group = choices_.group_of_tensor[static_cast<size_t>(layer.inputs[0])];
  const bool is_open = group >= 0 && choices_.groups[static_cast<size_t>(group)].is_open;
  return is_open ? group : -1;
}

// Its place in the program, which has open groups only.
int32_t SearchProgram::place_of(int32_t group) const {
  int32_t place = 0;
  for (int32_t g = 0; g < group; ++g) place += choices_.groups[static_cast<size_t>(g)].is_open;
  return group < 0 ? -1 : place;
}

void SearchProgram::build() {
  const size_t n = choices_.bits.size();
  const auto added = [&](const TrialScore& score) {
    return std::max(score.loss - sensitivity_.widest.loss, 0.0);
  };
  for (size_t g = 0; g < choices_.groups.size(); ++g) {
    if (!choices_.groups[g].is_open) continue;
    BitProgram::Group group{.loss = {}, .cost = std::vector<double>(n, 0)};
    for (const TrialScore& score : sensitivity_.codes[g]) group.loss.push_back(added(score));
    program_.groups.push_back(std::move(group));
  }
  std::vector<bool> is_weighted(trials_.network().layers.size(), false);
  for (size_t i = 0; i < choices_.weighted.size(); ++i) {
    const size_t at = choices_.weighted[i];
    is_weighted[at] = true;
    BitProgram::Layer layer;
    layer.group = place_of(group_read(trials_.network().layers[at]));
    for (const TrialScore& score : sensitivity_.weights[i]) layer.loss.push_back(added(score));
    for (size_t w = 0; w < n; ++w) {
      layer.cost.emplace_back();
      for (size_t c = 0; c < (layer.group < 0 ? 1 : n); ++c)
        layer.cost[w].push_back(layer_cost(at, w, c));
    }
    program_.layers.push_back(std::move(layer));
  }
  for (size_t at = 0; at < trials_.network().layers.size(); ++at) {
    const int32_t group = place_of(group_read(trials_.network().layers[at]));
    if (is_weighted[at] || group < 0) continue;
    for (size_t c = 0; c < n; ++c)
      program_.groups[static_cast<size_t>(group)].cost[c] += layer_cost(at, 0, c);
  }
}

Assignment SearchProgram::assignment_of(const BitChoice& choice) const {
  Assignment bits = uniform(choices_, 8, 8);
  for (size_t i = 0; i < choice.weights.size(); ++i)
    bits.weights[i] = choices_.bits[choice.weights[i]];
  size_t place = 0;
  for (size_t g = 0; g < choices_.groups.size(); ++g) {
    if (choices_.groups[g].is_open) bits.codes[g] = choices_.bits[choice.codes[place++]];
  }
  return bits;
}

std::vector<SearchCandidate> SearchProgram::candidates() const {
  double most = 0;
  for (const BitProgram::Layer& layer : program_.layers)
    most += *std::max_element(layer.loss.begin(), layer.loss.end());
  for (const BitProgram::Group& group : program_.groups)
    most += *std::max_element(group.loss.begin(), group.loss.end());
  std::vector<SearchCandidate> found;
  for (int k = 0; k < kBudgets; ++k) {
    const double budget = most * std::pow(kLeastBudget, static_cast<double>(k) / (kBudgets - 1));
    const BitChoice choice = solve(program_, budget);
    SearchCandidate candidate{assignment_of(choice), choice.loss, 0};
    candidate.cost = objective_.of(trials_.cost_of(candidate.bits));
    // Budgets fall, so that costs rise, but for what layers do to one another.
    while (!found.empty() && found.back().cost >= candidate.cost) found.pop_back();
    found.push_back(std::move(candidate));
  }
  return found;
}

size_t SearchProgram::place_of_bits(int32_t bits) const {
  return static_cast<size_t>(std::find(choices_.bits.begin(), choices_.bits.end(), bits) -
                             choices_.bits.begin());
}

double SearchProgram::expected_cost(const Assignment& bits) const {
  std::vector<size_t> codes;
  double cost = 0;
  for (size_t g = 0; g < choices_.groups.size(); ++g) {
    if (!choices_.groups[g].is_open) continue;
    cost += program_.groups[codes.size()].cost[place_of_bits(bits.codes[g])];
    codes.push_back(place_of_bits(bits.codes[g]));
  }
  for (size_t i = 0; i < program_.layers.size(); ++i) {
    const BitProgram::Layer& layer = program_.layers[i];
    cost += layer.cost[place_of_bits(bits.weights[i])]
                      [layer.group < 0 ? 0 : codes[static_cast<size_t>(layer.group)]];
  }
  return cost;
}

int32_t SearchProgram::wider(int32_t bits) const {
  const size_t at = place_of_bits(bits);
  return at == 0 ? bits : choices_.bits[at - 1];
}

double SearchProgram::loss_at(const std::vector<TrialScore>& scores, int32_t bits) const {
  return scores[place_of_bits(bits)].loss;
}

Assignment SearchProgram::best_step(const Assignment& bits, std::string& what) const {
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
             "weights of " + trials_.network().layers[choices_.weighted[i]].name + " " +
                 std::to_string(bits.weights[i]) + " -> " + std::to_string(next.weights[i]));
  }
  for (size_t g = 0; g < bits.codes.size(); ++g) {
    Assignment next = bits;
    if (bits.codes[g] == 0) continue;
    next.codes[g] = wider(bits.codes[g]);
    if (next == bits) continue;
    consider(next,
             loss_at(sensitivity_.codes[g], bits.codes[g]) -
                 loss_at(sensitivity_.codes[g], next.codes[g]),
             "codes of " + choices_.groups[g].name + " " + std::to_string(bits.codes[g]) + " -> " +
                 std::to_string(next.codes[g]));
  }
  return best;
}

}  // namespace qsim::cli
