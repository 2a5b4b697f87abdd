// What a search can make small.
#include "hw/spec/packing.h"
#include "sim/cli/command.h"
#include "sim/cli/search.h"

namespace qsim::cli {
namespace {

constexpr Objective kObjectives[] = {
    {"cycles", "cycles", "of one inference, by the analytic engine", false,
     [](const TrialCost& cost) { return static_cast<double>(cost.cycles); },
     [](const IntegerNetwork&, const TrialCost& cost, size_t layer) {
       return static_cast<double>(cost.layer_cycles[layer]);
     }},
    {"bytes", "bytes", "of weights, packed as their bits ask for", false,
     [](const TrialCost& cost) { return static_cast<double>(cost.weight_bytes); },
     [](const IntegerNetwork& network, const TrialCost&, size_t layer) {
       const Layer& l = network.layers[layer];
       return static_cast<double>(
           packed_bytes(static_cast<int64_t>(l.weights.size()), pack_of_bits(l.weight_bits)));
     }},
    {"energy", "nJ", "of one inference", true, [](const TrialCost& cost) { return cost.energy_nj; },
     [](const IntegerNetwork&, const TrialCost& cost, size_t layer) {
       return cost.layer_energy_nj[layer];
     }},
};

}  // namespace

const Objective& find_objective(const std::string& name) {
  std::string names;
  for (const Objective& objective : kObjectives) {
    if (name == objective.name) return objective;
    names += (names.empty() ? "" : "|") + std::string(objective.name);
  }
  throw UsageError("--objective = " + name + " is not one of " + names);
}

}  // namespace qsim::cli
