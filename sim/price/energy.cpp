#include "sim/price/energy.h"

#include <cmath>
#include <string>

#include "hw/spec/error.h"

namespace qsim {
namespace {

[[noreturn]] void fail_beyond_range(const std::string& what) {
  throw Error("energy of " + what +
              " is above 9 kJ, the most that is counted: host.step_cycles, clock.mhz or prices "
              "are far from any chip");
}

int64_t femtojoules(int64_t count, double pj, const char* event) {
  const double fj = static_cast<double>(count) * pj * 1e3;
  if (!(std::fabs(fj) < 9e18)) fail_beyond_range(event);
  return std::llround(fj);
}

void add(int64_t& sum, int64_t fj) {
  if (__builtin_add_overflow(sum, fj, &sum)) fail_beyond_range("the run");
}

}  // namespace

Energy& Energy::operator+=(const Energy& other) {
  add(fj, other.fj);
  add(low, other.low);
  add(high, other.high);
  return *this;
}

Energy EnergyAccount::total() const {
  Energy sum;
  for (const Energy& energy : by_component) sum += energy;
  return sum;
}

EnergyAccount& EnergyAccount::operator+=(const EnergyAccount& other) {
  for (size_t i = 0; i < kComponents; ++i) by_component[i] += other.by_component[i];
  return *this;
}

EnergyAccount energy_of(const EventCounts& counts, const PriceList& prices) {
  EnergyAccount account;
  for (size_t i = 0; i < kEvents; ++i) {
    const int64_t count = counts.counts[i];
    if (count == 0) continue;
    const EventInfo& event = info_of(Event{static_cast<uint8_t>(i)});
    const Estimate& pj = prices.pj[i];
    account.by_component[static_cast<size_t>(event.component)] +=
        Energy{femtojoules(count, pj.value, event.name), femtojoules(count, pj.low, event.name),
               femtojoules(count, pj.high, event.name)};
  }
  return account;
}

Origin origin_of(const PriceList& prices, Component component) {
  Origin origin = Origin::kMeasured;
  for (size_t i = 0; i < kEvents; ++i) {
    if (info_of(Event{static_cast<uint8_t>(i)}).component != component) continue;
    if (prices.pj[i].high != 0) origin = weaker(origin, prices.pj[i].origin);
  }
  // A measured price times a measured count is no measurement of the machine.
  return weaker(origin, Origin::kDerived);
}

std::vector<int64_t> apportion(int64_t total, const std::vector<int64_t>& weights) {
  std::vector<int64_t> parts(weights.size(), 0);
  if (parts.empty()) return parts;
  long double all = 0;
  for (int64_t weight : weights) all += static_cast<long double>(weight);
  if (all == 0) {
    parts[0] = total;
    return parts;
  }
  // What stands before the end of each part, rounded down, so that rounding never adds up.
  long double sum = 0;
  int64_t before = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    sum += static_cast<long double>(weights[i]);
    const auto end =
        sum == all
            ? total
            : static_cast<int64_t>(std::floor(static_cast<long double>(total) * (sum / all)));
    parts[i] = end - before;
    before = end;
  }
  return parts;
}

}  // namespace qsim
