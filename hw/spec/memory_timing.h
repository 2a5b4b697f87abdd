// Timing of the external memory (rule T9 of docs/reference/timing.md): one class, used by every
// timed engine. An answer depends only on earlier requests.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>

#include "hw/spec/arch.h"
#include "hw/spec/burst_timing.h"
#include "hw/spec/dram_timing.h"

namespace qsim {

class MemoryTiming {
  // An instant or a distance in time: `cycles` less `early` units of 1/U cycle, 0 <= early < U. So
  // the first cycle that is not before an instant is `cycles`.
  struct Time {
    int64_t cycles = 0, early = 0;

    void add(const Time& distance, int64_t units_per_cycle) {
      cycles += distance.cycles;
      early += distance.early;
      if (early >= units_per_cycle) {
        early -= units_per_cycle;
        --cycles;
      }
    }
  };

  // How fast a channel is.
  struct Pace {
    Pace() : Pace(1, 1, 0) {}
    // `period`: units from beat to beat, >= units_per_cycle.
    Pace(int64_t units_per_cycle, int64_t period, int64_t latency_cycles);

    int64_t units_per_cycle, period, latency_cycles;
    // By the beats of a burst: from its first beat to its last, and to the first beat of the next.
    struct Distances {
      Time last, next;
    };
    std::array<Distances, timing::kMaxBurstBeats + 1> of_beats;
  };

  struct Channel {
    Time free;
    int64_t latest = 0;  // cycle of the latest request

    // Takes the channel for a burst whose first beat may cross at cycle `earliest`. Returns the
    // cycle of its last beat.
    int64_t take(int64_t earliest, const Pace::Distances& distances, int64_t units_per_cycle) {
      start(earliest);
      if (units_per_cycle == 1) {  // nothing is ever early
        const int64_t last = free.cycles + distances.last.cycles;
        free.cycles += distances.next.cycles;
        return last;
      }
      const int64_t last = free.cycles + distances.last.cycles -
                           (free.early + distances.last.early >= units_per_cycle);
      free.add(distances.next, units_per_cycle);
      return last;
    }
    void start(int64_t earliest) {
      if (earliest < free.cycles) return;
      free.cycles = earliest;
      free.early = 0;
    }
  };

 public:
  explicit MemoryTiming(const Arch& arch);

  // A burst of 1 to 16 beats, the first of which holds the byte at `address`, requested at `cycle`.
  // Calls must come in cycle order (equal cycles: fetch, load, store); an earlier cycle than the
  // last call's throws std::logic_error. Where channels are independent, the order matters for each
  // channel alone.
  BurstTiming read(int64_t cycle, uint64_t address, int64_t beats) {
    if (!dram_) return transfer(read_, cycle, cycle + pace_.latency_cycles, beats);
    advance(read_.latest, cycle);
    return dram_->read(cycle, address, beats);
  }
  BurstTiming write(int64_t cycle, uint64_t address, int64_t beats) {
    if (!dram_) return transfer(write_, cycle, cycle, beats);
    advance(read_.latest, cycle);
    return dram_->write(cycle, address, beats);
  }

  // A read or write channel that knows nothing of the other, and nothing of addresses: all models
  // but the DRAMs. What follows is for them alone.
  bool has_independent_channels() const { return !dram_; }

  // The cycle of the last beat of such a burst; a write's response comes latency_cycles() later.
  int64_t read_last_beat(int64_t cycle, int64_t beats) {
    advance(read_.latest, cycle);
    return read_.take(cycle + pace_.latency_cycles, distances(beats), pace_.units_per_cycle);
  }
  int64_t write_last_beat(int64_t cycle, int64_t beats) {
    advance(write_.latest, cycle);
    return write_.take(cycle, distances(beats), pace_.units_per_cycle);
  }
  // Many reads one after the other, in registers, while nobody else reads: a network takes a few
  // hundred thousand.
  class Reads {
   public:
    // The first is requested at `cycle` or later.
    Reads(MemoryTiming& memory, int64_t cycle)
        : memory_(memory),
          of_beats_(memory.pace_.of_beats.data()),
          units_per_cycle_(memory.pace_.units_per_cycle),
          latency_cycles_(memory.pace_.latency_cycles),
          channel_(memory.read_) {
      advance(channel_.latest, cycle);
    }
    Reads(const Reads&) = delete;
    Reads& operator=(const Reads&) = delete;
    ~Reads() { memory_.read_ = channel_; }

    // Cycles must not go down.
    int64_t last_beat(int64_t cycle, int64_t beats) {
      channel_.latest = cycle;
      return channel_.take(cycle + latency_cycles_, of_beats_[beats], units_per_cycle_);
    }

   private:
    MemoryTiming& memory_;
    const Pace::Distances* of_beats_;
    int64_t units_per_cycle_, latency_cycles_;
    Channel channel_;
  };
  int64_t latency_cycles() const { return pace_.latency_cycles; }

  // How long, in units of 1/U cycle, bursts so far keep each channel from one that is requested at
  // `cycle`. Two states with the same backlog give the same answers, shifted, to the same requests.
  struct Backlog {
    int64_t read = 0, write = 0;
    bool operator==(const Backlog&) const = default;
  };
  Backlog backlog(int64_t cycle) const {
    const auto behind = [&](const Channel& channel, int64_t earliest) {
      return std::max<int64_t>(
          0, (channel.free.cycles - earliest) * pace_.units_per_cycle - channel.free.early);
    };
    return {behind(read_, cycle + pace_.latency_cycles), behind(write_, cycle)};
  }
  // As if all requests had been made so many cycles later.
  void delay(int64_t cycles) {
    for (Channel* channel : {&read_, &write_}) {
      channel->free.cycles += cycles;
      channel->latest += cycles;
    }
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
  const Pace::Distances& distances(int64_t beats) const {
    return pace_.of_beats[static_cast<size_t>(beats)];
  }
  BurstTiming transfer(Channel& channel, int64_t cycle, int64_t earliest, int64_t beats) const {
    advance(channel.latest, cycle);
    channel.start(earliest);
    const int64_t start = channel.free.cycles * pace_.units_per_cycle - channel.free.early;
    channel.take(earliest, distances(beats), pace_.units_per_cycle);
    return {start, pace_.period, pace_.units_per_cycle, pace_.latency_cycles};
  }

  Pace pace_;
  Channel read_, write_;  // a DRAM's share read_.latest, and use nothing else of them
  std::optional<DramTiming> dram_;
};

// Bytes that cross in a cycle at best, on the read or on the write channel (a DRAM's channels share
// one bus). Real, for bounds and reports: no rule depends on it.
double peak_bytes_per_cycle(const Arch& arch);

}  // namespace qsim
