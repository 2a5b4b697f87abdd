// What a run is charged for, layer by layer: the events of sim/price/events.def, counted from the
// program's instructions and the engine's counters.
#pragma once

#include <optional>
#include <vector>

#include "sim/engines/engine.h"
#include "sim/price/energy.h"
#include "sim/report/account.h"
#include "sim/report/traffic.h"

namespace qsim {

// Throws Error when arch.prices asks for counts that there are not: `zeros`, `activity` say what
// the engine counts, or will.
void require_counts(const Arch& arch, bool zeros, bool activity);

struct RunEnergy {
  std::vector<EventCounts> layer_counts;  // parallel to Program::network.layers
  std::vector<EnergyAccount> layers;
  EventCounts counts;   // of the run: sums of the layers
  EnergyAccount total;  // the same
};

// `times` and `traffic` are those of account_for() and count_traffic(). What no instruction says
// (beats, commands of a DRAM, zero codes) goes to layers in proportion to the bytes they move or
// the multiply-accumulates they do; the sums are the counters, but for zero codes at the edge of a
// tile, which save nothing. `has_values`: the engine counted
// zero_operand_macs. Throws Error as require_counts() does, std::logic_error when instructions and
// counters disagree.
RunEnergy price_run(const Program& program, const RunResult& result, bool has_values,
                    const std::vector<LayerAccount>& times, const std::vector<Traffic>& traffic,
                    const PriceList& prices);

}  // namespace qsim
