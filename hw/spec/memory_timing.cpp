#include "hw/spec/memory_timing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hw/spec/timing.h"

namespace qsim {

MemoryTiming::MemoryTiming(const Arch& arch) {
  if (arch.memory.model == MemoryModel::kIdeal) {
    units_per_cycle_ = 1;
    period_ = 1;
    latency_cycles_ = timing::kIdealLatencyCycles;
  } else {
    units_per_cycle_ = std::llround(arch.memory.bytes_per_cycle * 1000);
    period_ = std::max<int64_t>(units_per_cycle_, int64_t{1000} * arch.memory.bus_bytes);
    // The same instants in the largest unit that holds both.
    const int64_t common = std::gcd(units_per_cycle_, period_);
    units_per_cycle_ /= common;
    period_ /= common;
    latency_cycles_ = arch.memory.latency_cycles;
  }
}

}  // namespace qsim
