// Timing of the external memory (rule T9 of docs/reference/timing.md): one class, used by every
// timed engine. An answer depends only on earlier requests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "hw/spec/arch.h"

namespace qsim {

// When the beats of one burst cross the bus. Time inside is in units of 1/units_per_cycle cycle.
struct BurstTiming {
  int64_t start = 0;   // units
  int64_t period = 1;  // units from beat to beat, >= units_per_cycle
  int64_t units_per_cycle = 1;
  int64_t latency_cycles = 0;  // writes: from the last beat to the response

  // Cycle in which beat k (from 0) of a read arrives, or of a write is accepted.
  int64_t beat_cycle(int64_t k) const {
    const int64_t units = start + k * period;
    // Whole beats a cycle are the usual case, and a division is not free.
    return units_per_cycle == 1 ? units : (units + units_per_cycle - 1) / units_per_cycle;
  }
  int64_t response_cycle(int64_t beats) const { return beat_cycle(beats - 1) + latency_cycles; }
};

class MemoryTiming {
 public:
  explicit MemoryTiming(const Arch& arch);

  // A burst of `beats` >= 1 beats requested at `cycle`. Calls must come in cycle order (equal
  // cycles: fetch, load, store); an earlier cycle than the last call's throws std::logic_error.
  BurstTiming read(int64_t cycle, uint64_t address, int64_t beats) {
    return transfer(read_free_, cycle, cycle + latency_cycles_, address, beats);
  }
  BurstTiming write(int64_t cycle, uint64_t address, int64_t beats) {
    return transfer(write_free_, cycle, cycle, address, beats);
  }

 private:
  // Here because the analytic engine asks a few hundred thousand times for each network.
  BurstTiming transfer(int64_t& channel_free, int64_t cycle, int64_t earliest, uint64_t,
                       int64_t beats) {
    if (cycle < last_cycle_) throw std::logic_error("memory: requests out of cycle order");
    last_cycle_ = cycle;
    const int64_t start = std::max(channel_free, earliest * units_per_cycle_);
    channel_free = start + beats * period_;
    return {start, period_, units_per_cycle_, latency_cycles_};
  }

  int64_t units_per_cycle_;
  int64_t period_;
  int64_t latency_cycles_;
  int64_t read_free_ = 0;   // units
  int64_t write_free_ = 0;  // units
  int64_t last_cycle_ = 0;
};

}  // namespace qsim
