// Energy of what happened: counts x prices, in whole femtojoules, so that every breakdown adds up
// exactly.
#pragma once

#include <array>
#include <cstdint>

#include "sim/price/price_list.h"

namespace qsim {

// Sums that end beyond the range throw Error.
struct Energy {
  int64_t fj = 0;             // femtojoules; int64 ends at 9 kJ
  int64_t low = 0, high = 0;  // with all prices at that end of their intervals at once

  double nj() const { return static_cast<double>(fj) / 1e6; }
  Energy& operator+=(const Energy& other);
  bool operator==(const Energy&) const = default;
};

struct EnergyAccount {
  std::array<Energy, kComponents> by_component{};

  const Energy& operator[](Component component) const {
    return by_component[static_cast<size_t>(component)];
  }
  Energy total() const;
  EnergyAccount& operator+=(const EnergyAccount& other);
  bool operator==(const EnergyAccount&) const = default;
};

// Each event's count x price, rounded to a femtojoule. Throws Error when one does not fit.
EnergyAccount energy_of(const EventCounts& counts, const PriceList& prices);

// The weakest origin among the prices of a component's events.
Origin origin_of(const PriceList& prices, Component component);

// `total` in parts that are in proportion to `weights` and add up to it exactly; everything to the
// first when all weights are 0.
std::vector<int64_t> apportion(int64_t total, const std::vector<int64_t>& weights);

}  // namespace qsim
