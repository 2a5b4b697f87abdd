// Who must wait for whom: read-after-write, write-after-read and write-after-write between units,
// by the byte ranges that instructions touch.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "hw/spec/isa.h"

namespace qsim {

// Per unit, the latest of its instructions (numbered in program order) that must have retired; -1:
// none.
using Needs = std::array<int32_t, kUnits>;
constexpr Needs kNoNeeds = {-1, -1, -1, -1};

inline void raise(Needs& needs, const Needs& others) {
  for (size_t u = 0; u < kUnits; ++u) needs[u] = std::max(needs[u], others[u]);
}
inline void raise_except(Needs& needs, const Needs& others, Unit self) {
  const int32_t own = needs[static_cast<size_t>(self)];
  raise(needs, others);
  needs[static_cast<size_t>(self)] = own;
}

// One address space. Ranges are half open.
class HazardMap {
 public:
  // Instruction `number` of `unit` reads or writes [low, high); raises `needs` to what it must wait
  // for. A reader also needs its own unit's earlier writers, which may still be on their way
  // through the pipeline; in everything else a unit's own order suffices.
  void read(int64_t low, int64_t high, Unit unit, int32_t number, Needs& needs) {
    Range* const range = exact(low, high, latest_read_);
    if (!range) return read_parts(low, high, unit, number, needs);
    raise(needs, range->writers);
    range->readers[static_cast<size_t>(unit)] = number;
  }
  void write(int64_t low, int64_t high, Unit unit, int32_t number, Needs& needs) {
    Range* const range = exact(low, high, latest_write_);
    if (!range) return write_parts(low, high, unit, number, needs);
    raise_except(needs, range->writers, unit);
    raise_except(needs, range->readers, unit);
    range->set_writer(unit, number);
  }

 private:
  // The latest readers and writers of a range; ranges are disjoint and sorted.
  struct Range {
    int64_t low, high;
    Needs writers, readers;

    // Whoever waits for this instruction has thereby waited for all that it waits for.
    void set_writer(Unit unit, int32_t number) {
      writers = readers = kNoNeeds;
      writers[static_cast<size_t>(unit)] = number;
    }
  };

  bool is_at(size_t i, int64_t low, int64_t high) const {
    return i < ranges_.size() && ranges_[i].low == low && ranges_[i].high == high;
  }
  // The range that is exactly [low, high), if there is one: by far the most common case, and often
  // the one that was touched last in the same way, or its neighbour.
  Range* exact(int64_t low, int64_t high, size_t& latest) {
    if (is_at(latest, low, high)) return &ranges_[latest];
    if (is_at(latest + 1, low, high)) return &ranges_[++latest];
    const size_t i = first_from(low);
    if (!is_at(i, low, high)) return nullptr;
    latest = i;
    return &ranges_[i];
  }
  void read_parts(int64_t low, int64_t high, Unit unit, int32_t number, Needs& needs);
  void write_parts(int64_t low, int64_t high, Unit unit, int32_t number, Needs& needs);
  size_t split_at(int64_t address);
  size_t first_from(int64_t address) const;

  std::vector<Range> ranges_;
  size_t latest_read_ = 0, latest_write_ = 0;  // indices of the ranges that were found last
};

}  // namespace qsim
