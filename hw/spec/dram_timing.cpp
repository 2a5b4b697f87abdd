#include "hw/spec/dram_timing.h"

#include <algorithm>
#include <numeric>

namespace qsim {

DramTiming::DramTiming(const Arch& arch, const DramPart& part)
    : part_(part),
      clocks_(part.clock_mhz),
      cycles_(arch.clock.mhz),
      bus_bytes_(arch.memory.bus_bytes),
      column_bytes_(part.column_bytes(arch.channel_bits())),
      columns_per_row_(part.columns_per_row(arch.channel_bits())),
      controller_cycles_(arch.memory.controller_cycles),
      refresh_due_(part.refi) {
  const int64_t common = std::gcd(clocks_, cycles_);
  clocks_ /= common;
  cycles_ /= common;
  activates_.fill(kLongAgo);
}

BurstTiming DramTiming::read(int64_t cycle, uint64_t address, int64_t beats) {
  const int64_t base = first_beat(address);
  const int64_t from = clock_of(cycle);
  BurstTiming burst{.period = 0};
  int64_t beat = 0;
  for (int64_t column = base / column_bytes_; beat < beats; ++column) {
    const int64_t clock = command(place_of(column), false, from, from);
    const int64_t arrival = cycle_of(clock + part_.cl + part_.burst_clocks) + controller_cycles_;
    // The beats whose last byte this column brings.
    const int64_t column_end = (column + 1) * column_bytes_;
    for (; beat < beats && base + (beat + 1) * bus_bytes_ <= column_end; ++beat) {
      last_beat_cycle_ = std::max(last_beat_cycle_ + 1, arrival);
      if (beat == 0) burst.start = last_beat_cycle_;
      burst.later[static_cast<size_t>(beat)] = static_cast<int32_t>(last_beat_cycle_ - burst.start);
    }
  }
  return burst;
}

BurstTiming DramTiming::write(int64_t cycle, uint64_t address, int64_t beats) {
  const int64_t base = first_beat(address);
  const int64_t end = base + beats * bus_bytes_;
  const int64_t from = clock_of(cycle);
  const int64_t first = std::max({cycle, accepted_ + 1, drained_[0]});
  int64_t data_end = 0;
  for (int64_t column = base / column_bytes_; column * column_bytes_ < end; ++column) {
    // The beats that it needs are those up to the one with its last byte.
    const int64_t needed =
        std::min(beats, ceil_div((column + 1) * column_bytes_ - base, bus_bytes_));
    const int64_t data_from = clock_of(first + needed);
    data_end =
        command(place_of(column), true, from, data_from - part_.wl) + part_.wl + part_.burst_clocks;
  }
  accepted_ = first + beats - 1;
  drained_ = {drained_[1], cycle_of(data_end)};
  response_ = std::max(response_ + 1, drained_[1] + controller_cycles_);
  return {.start = first, .latency_cycles = response_ - accepted_};
}

DramCounts DramTiming::counts(int64_t end_cycle) {
  const int64_t last_clock = clock_of(end_cycle) - 1;
  while (refresh_due_ <= last_clock) refresh(last_clock);
  return counts_;
}

DramTiming::Place DramTiming::place_of(int64_t column) const {
  const int64_t group = column % part_.groups;
  const int64_t rows = column / part_.groups / columns_per_row_;
  const int64_t bank = rows % part_.banks_per_group;
  return {rows / part_.banks_per_group, static_cast<size_t>(group),
          static_cast<size_t>(group * part_.banks_per_group + bank)};
}

// T22: one column command, with the row commands it needs. Where it would come at or after a
// refresh that is due, the refresh goes first and what was open must be opened again.
int64_t DramTiming::command(const Place& place, bool is_write, int64_t from, int64_t data_from) {
  for (;;) {
    Bank& bank = banks_[place.bank];
    int64_t clock = std::max({from, data_from, column_clock(place, is_write)});
    if (bank.open_row == place.row) {
      clock = std::max(clock, bank.column_ready);
      if (clock < refresh_due_) {
        ++counts_.dram_row_hits;
        issue(place, is_write, clock);
        return clock;
      }
    } else {
      const bool conflict = bank.open_row >= 0;
      const int64_t closed = conflict ? std::max(from, bank.precharge_ready) + part_.rp : from;
      const int64_t activate = activate_clock(place, std::max(closed, bank.activate_ready));
      clock = std::max(clock, activate + part_.rcd);
      if (clock < refresh_due_) {
        counts_.dram_row_conflicts += conflict;
        counts_.dram_precharges += conflict;
        open(place, activate);
        issue(place, is_write, clock);
        return clock;
      }
    }
    refresh(clock);
  }
}

int64_t DramTiming::activate_clock(const Place& place, int64_t from) const {
  return std::max({from, latest_.activate + part_.rrd_s,
                   groups_[place.group].activate + part_.rrd_l,
                   activates_[next_activate_] + part_.faw});
}

int64_t DramTiming::column_clock(const Place& place, bool is_write) const {
  const Group& group = groups_[place.group];
  if (is_write) {
    return std::max(
        {latest_.write + part_.ccd_s, group.write + part_.ccd_l, latest_.read + part_.rtw()});
  }
  const int64_t write_data = part_.wl + part_.burst_clocks;
  return std::max({latest_.read + part_.ccd_s, group.read + part_.ccd_l,
                   latest_.write + write_data + part_.wtr_s,
                   group.write + write_data + part_.wtr_l});
}

void DramTiming::open(const Place& place, int64_t activate) {
  Bank& bank = banks_[place.bank];
  bank.open_row = place.row;
  bank.column_ready = activate + part_.rcd;
  bank.precharge_ready = activate + part_.ras;
  bank.activate_ready = activate + part_.rc;
  latest_.activate = groups_[place.group].activate = activate;
  activates_[next_activate_] = activate;
  next_activate_ = (next_activate_ + 1) % activates_.size();
  ++counts_.dram_activates;
}

void DramTiming::issue(const Place& place, bool is_write, int64_t clock) {
  Bank& bank = banks_[place.bank];
  Group& group = groups_[place.group];
  if (is_write) {
    latest_.write = group.write = clock;
    bank.precharge_ready =
        std::max(bank.precharge_ready, clock + part_.wl + part_.burst_clocks + part_.wr);
    ++counts_.dram_writes;
  } else {
    latest_.read = group.read = clock;
    bank.precharge_ready = std::max(bank.precharge_ready, clock + part_.rtp);
    ++counts_.dram_reads;
  }
}

void DramTiming::refresh(int64_t clock) {  // T23
  int64_t precharge = refresh_due_, start = refresh_due_;
  int64_t opened = 0;
  for (const Bank& bank : banks_) {
    start = std::max(start, bank.activate_ready);
    if (bank.open_row < 0) continue;
    precharge = std::max(precharge, bank.precharge_ready);
    ++opened;
  }
  if (opened > 0) start = std::max(start, precharge + part_.rp_all);
  for (Bank& bank : banks_) {
    bank.open_row = -1;
    bank.activate_ready = start + part_.rfc;
  }
  counts_.dram_precharges += opened;
  ++counts_.dram_refreshes;
  refresh_due_ += part_.refi;
  // Until the last that is due, nothing happens but refreshes, each when it is due.
  const int64_t idle = (clock - refresh_due_) / part_.refi;
  if (idle > 0 && start + part_.rfc <= refresh_due_) {
    counts_.dram_refreshes += idle;
    refresh_due_ += idle * part_.refi;
  }
}

}  // namespace qsim
