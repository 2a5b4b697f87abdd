#include "hw/spec/memory_timing.h"

#include <cmath>
#include <numeric>

#include "hw/spec/timing.h"

namespace qsim {

MemoryTiming::MemoryTiming(const Arch& arch) {
  if (const DramPart* part = dram_part(arch.memory.model)) {
    dram_.emplace(arch, *part);
  } else if (arch.memory.model == MemoryModel::kIdeal) {
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

double peak_bytes_per_cycle(const Arch& arch) {
  const double bus = arch.memory.bus_bytes;
  if (arch.memory.model == MemoryModel::kIdeal) return bus;
  if (const DramPart* part = dram_part(arch.memory.model)) {
    const auto column = static_cast<double>(part->column_bytes(arch.channel_bits()));
    const double clocks = static_cast<double>(part->clock_mhz) / arch.clock.mhz;
    return std::min(bus, column / static_cast<double>(part->burst_clocks) * clocks);
  }
  return std::min(bus, arch.memory.bytes_per_cycle);
}

}  // namespace qsim
