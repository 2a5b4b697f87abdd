#include "hw/spec/memory_timing.h"

#include <cmath>
#include <numeric>

#include "hw/spec/timing.h"

namespace qsim {

MemoryTiming::Pace::Pace(int64_t units, int64_t beat_period, int64_t latency)
    : units_per_cycle(units), period(beat_period), latency_cycles(latency) {
  const auto distance = [&](int64_t beats) -> Time {
    const int64_t cycles = (beats * period + units - 1) / units;
    return {cycles, cycles * units - beats * period};
  };
  for (int64_t beats = 1; beats <= timing::kMaxBurstBeats; ++beats) {
    of_beats[static_cast<size_t>(beats)] = {distance(beats - 1), distance(beats)};
  }
}

MemoryTiming::MemoryTiming(const Arch& arch) {
  if (const DramPart* part = dram_part(arch.memory.model)) {
    dram_.emplace(arch, *part);
  } else if (arch.memory.model == MemoryModel::kIdeal) {
    pace_ = Pace(1, 1, timing::kIdealLatencyCycles);
  } else {
    const int64_t units = std::llround(arch.memory.bytes_per_cycle * 1000);
    const int64_t period = std::max<int64_t>(units, int64_t{1000} * arch.memory.bus_bytes);
    // The same instants in the largest unit that holds both.
    const int64_t common = std::gcd(units, period);
    pace_ = Pace(units / common, period / common, arch.memory.latency_cycles);
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
