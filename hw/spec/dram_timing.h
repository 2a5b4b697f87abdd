// A DRAM channel and its controller (rules T19 to T24 of docs/reference/timing.md): open pages, no
// reordering. MemoryTiming (hw/spec/memory_timing.h) is what engines use; this is its inside for
// the memory models that are a DRAM.
//
// Commands are scheduled when a burst is requested, from the state that earlier bursts left: column
// commands in the order of the requests, row commands as early as their bank and the request allow.
// All times inside are clocks of the DRAM, integers; cycles of the machine are converted at the
// edge.
#pragma once

#include <array>
#include <cstdint>

#include "hw/spec/burst_timing.h"
#include "hw/spec/dram_part.h"

namespace qsim {

// Commands so far (rule T24): the memory's counters of counters.def.
struct DramCounts {
#define QSIM_COUNTER(name, kind, unit, meaning)
#define QSIM_MEMORY_COUNTER(name, unit, meaning) int64_t name = 0;
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
  bool operator==(const DramCounts&) const = default;
};

class DramTiming {
 public:
  DramTiming(const Arch& arch, const DramPart& part);

  // Bursts as MemoryTiming takes them; cycles do not fall.
  BurstTiming read(int64_t cycle, uint64_t address, int64_t beats);
  BurstTiming write(int64_t cycle, uint64_t address, int64_t beats);

  // Commands of a run that ends with cycle `end_cycle` - 1; nothing may be requested afterwards.
  DramCounts counts(int64_t end_cycle);

 private:
  static constexpr int64_t kLongAgo = INT64_MIN / 4;
  static constexpr int kMaxBanks = 16, kMaxGroups = 4;

  struct Bank {
    int64_t open_row = -1;              // -1: precharged
    int64_t column_ready = 0;           // of the open row
    int64_t precharge_ready = 0;        // of the open row
    int64_t activate_ready = kLongAgo;  // once precharged
  };
  struct Group {
    int64_t activate = kLongAgo, read = kLongAgo, write = kLongAgo;  // the latest command of each
  };
  struct Place {  // T20
    int64_t row;
    size_t group, bank;  // bank: of all banks
  };

  int64_t clock_of(int64_t cycle) const { return ceil_div(cycle * clocks_, cycles_); }
  int64_t cycle_of(int64_t clock) const { return ceil_div(clock * cycles_, clocks_); }
  static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

  // Where a burst's first beat begins.
  int64_t first_beat(uint64_t address) const {
    return static_cast<int64_t>(address) / bus_bytes_ * bus_bytes_;
  }
  Place place_of(int64_t column) const;
  int64_t activate_clock(const Place& place, int64_t from) const;
  int64_t column_clock(const Place& place, bool is_write) const;
  int64_t command(const Place& place, bool is_write, int64_t from, int64_t data_from);
  void open(const Place& place, int64_t activate);
  void issue(const Place& place, bool is_write, int64_t clock);
  // The next refresh that is due, and those after it that are due by `clock`, except for the last.
  void refresh(int64_t clock);

  const DramPart part_;
  int64_t clocks_, cycles_;  // clocks_ clocks of the DRAM take cycles_ cycles of the machine
  int64_t bus_bytes_, column_bytes_, columns_per_row_, controller_cycles_;

  std::array<Bank, kMaxBanks> banks_;
  std::array<Group, kMaxGroups> groups_;
  std::array<int64_t, 4> activates_;  // the latest four, oldest at next_activate_
  size_t next_activate_ = 0;
  Group latest_;  // over all groups
  int64_t refresh_due_;
  int64_t last_beat_cycle_ = kLongAgo;  // of the read channel
  int64_t response_ = kLongAgo;         // of the latest write
  int64_t accepted_ = kLongAgo;         // last beat of the write channel
  std::array<int64_t, 2> drained_ = {
      0, 0};  // cycle after the data of the last two writes, older first
  DramCounts counts_;
};

}  // namespace qsim
