#include "compiler/emit/hazards.h"

#include <algorithm>

namespace qsim {
namespace {

void raise_except(Needs& needs, const Needs& others, Unit self) {
  for (size_t u = 0; u < kUnits; ++u) {
    if (u != static_cast<size_t>(self)) needs[u] = std::max(needs[u], others[u]);
  }
}

}  // namespace

// Index of the first range that ends beyond `address`.
size_t HazardMap::first_from(int64_t address) const {
  const auto found = std::lower_bound(ranges_.begin(), ranges_.end(), address,
                                      [](const Range& r, int64_t a) { return r.high <= a; });
  return static_cast<size_t>(found - ranges_.begin());
}

// Makes `address` a border of ranges; returns the index of the first range at or beyond it.
size_t HazardMap::split_at(int64_t address) {
  const size_t i = first_from(address);
  if (i == ranges_.size() || ranges_[i].low >= address) return i;
  Range upper = ranges_[i];
  upper.low = address;
  ranges_[i].high = address;
  ranges_.insert(ranges_.begin() + static_cast<ptrdiff_t>(i) + 1, upper);
  return i + 1;
}

// The range that is exactly [low, high), if there is one: by far the most common case.
HazardMap::Range* HazardMap::exact(int64_t low, int64_t high, size_t& latest) {
  // Often the one that was touched last in the same way, or its neighbour.
  if (is_at(latest, low, high)) return &ranges_[latest];
  if (is_at(latest + 1, low, high)) return &ranges_[++latest];
  const size_t i = first_from(low);
  if (!is_at(i, low, high)) return nullptr;
  latest = i;
  return &ranges_[i];
}

void HazardMap::read(int64_t low, int64_t high, Unit unit, int32_t number, Needs& needs) {
  if (Range* range = exact(low, high, latest_read_)) {
    raise(needs, range->writers);
    range->readers[static_cast<size_t>(unit)] = number;
    return;
  }
  size_t i = split_at(low);
  split_at(high);
  int64_t at = low;
  while (at < high) {
    if (i == ranges_.size() || ranges_[i].low > at) {
      const int64_t end = i == ranges_.size() ? high : std::min(high, ranges_[i].low);
      ranges_.insert(ranges_.begin() + static_cast<ptrdiff_t>(i), {at, end, kNoNeeds, kNoNeeds});
    }
    raise(needs, ranges_[i].writers);
    ranges_[i].readers[static_cast<size_t>(unit)] = number;
    at = ranges_[i++].high;
  }
}

void HazardMap::write(int64_t low, int64_t high, Unit unit, int32_t number, Needs& needs) {
  if (Range* range = exact(low, high, latest_write_)) {
    raise_except(needs, range->writers, unit);
    raise_except(needs, range->readers, unit);
    *range = {low, high, kNoNeeds, kNoNeeds};
    range->writers[static_cast<size_t>(unit)] = number;
    return;
  }
  const size_t first = split_at(low);
  const size_t last = split_at(high);
  for (size_t i = first; i < last; ++i) {
    raise_except(needs, ranges_[i].writers, unit);
    raise_except(needs, ranges_[i].readers, unit);
  }
  // Whoever waits for this instruction has thereby waited for all that it waits for.
  Range written{low, high, kNoNeeds, kNoNeeds};
  written.writers[static_cast<size_t>(unit)] = number;
  if (first == last) {
    ranges_.insert(ranges_.begin() + static_cast<ptrdiff_t>(first), written);
  } else {
    ranges_[first] = written;
    ranges_.erase(ranges_.begin() + static_cast<ptrdiff_t>(first) + 1,
                  ranges_.begin() + static_cast<ptrdiff_t>(last));
  }
}

}  // namespace qsim
