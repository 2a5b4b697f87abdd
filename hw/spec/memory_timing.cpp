#include "hw/spec/memory_timing.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

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
    latency_cycles_ = arch.memory.latency_cycles;
  }
}

BurstTiming MemoryTiming::read(int64_t cycle, uint64_t, int64_t beats) {
  take_turn(cycle);
  const int64_t start = std::max(read_free_, (cycle + latency_cycles_) * units_per_cycle_);
  read_free_ = start + beats * period_;
  return {start, period_, units_per_cycle_, latency_cycles_};
}

BurstTiming MemoryTiming::write(int64_t cycle, uint64_t, int64_t beats) {
  take_turn(cycle);
  const int64_t start = std::max(write_free_, cycle * units_per_cycle_);
  write_free_ = start + beats * period_;
  return {start, period_, units_per_cycle_, latency_cycles_};
}

void MemoryTiming::take_turn(int64_t cycle) {
  if (cycle < last_cycle_) throw std::logic_error("memory: requests out of cycle order");
  last_cycle_ = cycle;
}

}  // namespace qsim
