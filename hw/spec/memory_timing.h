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
  // last call's throws std::logic_error. Where channels are independent, the order matters for each
  // channel alone.
  BurstTiming read(int64_t cycle, uint64_t address, int64_t beats) {
    advance(read_cycle_, cycle);
    if (dram_) return dram_->read(cycle, address, beats);
    return {transfer(read_free_, cycle + latency_cycles_, beats), period_, units_per_cycle_,
            latency_cycles_};
  }
  BurstTiming write(int64_t cycle, uint64_t address, int64_t beats) {
    advance(dram_ ? read_cycle_ : write_cycle_, cycle);
    if (dram_) return dram_->write(cycle, address, beats);
    return {transfer(write_free_, cycle, beats), period_, units_per_cycle_, latency_cycles_};
  }

  // A read or write channel that knows nothing of the other, and nothing of addresses: all models
  // but the DRAMs. What follows is for them alone.
  bool has_independent_channels() const { return !dram_; }

  // The cycle of the last beat of such a burst; a write's response comes latency_cycles() later.
  int64_t read_last_beat(int64_t cycle, int64_t beats) {
    advance(read_cycle_, cycle);
    return last_beat(transfer(read_free_, cycle + latency_cycles_, beats), beats);
  }
  int64_t write_last_beat(int64_t cycle, int64_t beats) {
    advance(write_cycle_, cycle);
    return last_beat(transfer(write_free_, cycle, beats), beats);
  }
  // Reads one after the other, each of `beats` beats: of as many as `next_cycle(last)` gives cycles
  // for, last being the cycle of the last beat of the read before it (-1 at first); it ends them
  // with -1.
  template <typename NextCycle>
  void read_last_beats(int64_t beats, NextCycle&& next_cycle) {
    // In registers: a network takes a few hundred thousand.
    int64_t free = read_free_, latest = read_cycle_;
    for (int64_t cycle = next_cycle(-1); cycle >= 0;) {
      advance(latest, cycle);
      const int64_t start = transfer(free, cycle + latency_cycles_, beats);
      cycle = next_cycle(last_beat(start, beats));
    }
    read_free_ = free;
    read_cycle_ = latest;
  }
  int64_t latency_cycles() const { return latency_cycles_; }

  // How long, in units of 1/U cycle, bursts so far keep each channel from one that is requested at
  // `cycle`. Two states with the same backlog give the same answers, shifted, to the same requests.
  struct Backlog {
    int64_t read = 0, write = 0;
    bool operator==(const Backlog&) const = default;
  };
  Backlog backlog(int64_t cycle) const {
    return {std::max<int64_t>(0, read_free_ - (cycle + latency_cycles_) * units_per_cycle_),
            std::max<int64_t>(0, write_free_ - cycle * units_per_cycle_)};
  }
  // As if all requests had been made so many cycles later.
  void delay(int64_t cycles) {
    read_free_ += cycles * units_per_cycle_;
    write_free_ += cycles * units_per_cycle_;
    read_cycle_ += cycles;
    write_cycle_ += cycles;
  }

  // What a DRAM did in a run of `cycles` cycles (rule T24); all zero for other models. Ends the
  // run: nothing may be requested afterwards.
  DramCounts dram_counts(int64_t cycles) { return dram_ ? dram_->counts(cycles) : DramCounts{}; }

 private:
  // Here because the analytic engine asks a few hundred thousand times for each network.
  static void advance(int64_t& last_cycle, int64_t cycle) {
    if (cycle < last_cycle) throw std::logic_error("memory: requests out of cycle order");
    last_cycle = cycle;
  }
  int64_t transfer(int64_t& channel_free, int64_t earliest, int64_t beats) const {
    const int64_t start = std::max(channel_free, earliest * units_per_cycle_);
    channel_free = start + beats * period_;
    return start;
  }
  int64_t last_beat(int64_t start, int64_t beats) const {
    const int64_t units = start + (beats - 1) * period_;
    return units_per_cycle_ == 1 ? units : (units + units_per_cycle_ - 1) / units_per_cycle_;
  }

  int64_t units_per_cycle_ = 1;
  int64_t period_ = 1;
  int64_t latency_cycles_ = 0;
  int64_t read_free_ = 0;   // units
  int64_t write_free_ = 0;  // units
  int64_t read_cycle_ = 0;  // of the latest request; a DRAM's channels share it
  int64_t write_cycle_ = 0;
  std::optional<DramTiming> dram_;
};

// Bytes that cross in a cycle at best, on the read or on the write channel (a DRAM's channels share
// one bus). Real, for bounds and reports: no rule depends on it.
double peak_bytes_per_cycle(const Arch& arch);

}  // namespace qsim
