#include "compiler/emit/hazards.h"

#include <algorithm>

namespace qsim {
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

void HazardMap::read_parts(int64_t low, int64_t high, Unit unit, int32_t number, Needs& needs) {
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

void HazardMap::write_parts(int64_t low, int64_t high, Unit unit, int32_t number, Needs& needs) {
  const size_t first = split_at(low);
  const size_t last = split_at(high);
  for (size_t i = first; i < last; ++i) {
    raise_except(needs, ranges_[i].writers, unit);
    raise_except(needs, ranges_[i].readers, unit);
  }
  Range written{low, high, kNoNeeds, kNoNeeds};
  written.set_writer(unit, number);
  if (first == last) {
    ranges_.insert(ranges_.begin() + static_cast<ptrdiff_t>(first), written);
  } else {
    ranges_[first] = written;
    ranges_.erase(ranges_.begin() + static_cast<ptrdiff_t>(first) + 1,
                  ranges_.begin() + static_cast<ptrdiff_t>(last));
  }
}

}  // namespace qsim
