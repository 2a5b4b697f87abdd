// Timing of the external memory (rule T9 of docs/reference/timing.md): one class, used by every
// timed engine. An answer depends only on earlier requests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include "hw/spec/arch.h"
#include "hw/spec/burst_timing.h"
#include "hw/spec/dram_timing.h"

namespace qsim {

class MemoryTiming {
 public:
  explicit MemoryTiming(const Arch& arch);

  // A burst of 1 to 16 beats, the first of which holds the byte at `address`, requested at `cycle`.
  // Calls must come in cycle order (equal cycles: fetch, load, store); an earlier cycle than the
  // last call's throws std::logic_error.
  BurstTiming read(int64_t cycle, uint64_t address, int64_t beats) {
    advance(cycle);
    if (dram_) return dram_->read(cycle, address, beats);
    return transfer(read_free_, cycle + latency_cycles_, beats);
  }
  BurstTiming write(int64_t cycle, uint64_t address, int64_t beats) {
    advance(cycle);
    if (dram_) return dram_->write(cycle, address, beats);
    return transfer(write_free_, cycle, beats);
  }

  // What a DRAM did in a run of `cycles` cycles (rule T24); all zero for other models. Ends the
  // run: nothing may be requested afterwards.
  DramCounts dram_counts(int64_t cycles) { return dram_ ? dram_->counts(cycles) : DramCounts{}; }

 private:
  // Here because the analytic engine asks a few hundred thousand times for each network.
  void advance(int64_t cycle) {
    if (cycle < last_cycle_) throw std::logic_error("memory: requests out of cycle order");
    last_cycle_ = cycle;
  }
  BurstTiming transfer(int64_t& channel_free, int64_t earliest, int64_t beats) {
    const int64_t start = std::max(channel_free, earliest * units_per_cycle_);
    channel_free = start + beats * period_;
    return {start, period_, units_per_cycle_, latency_cycles_};
  }

  int64_t units_per_cycle_ = 1;
  int64_t period_ = 1;
  int64_t latency_cycles_ = 0;
  int64_t read_free_ = 0;   // units
  int64_t write_free_ = 0;  // units
  int64_t last_cycle_ = 0;
  std::optional<DramTiming> dram_;
};

// Bytes that cross in a cycle at best, on the read or on the write channel (a DRAM's channels share
// one bus). Real, for bounds and reports: no rule depends on it.
double peak_bytes_per_cycle(const Arch& arch);

}  // namespace qsim
