// Sets of cycles as lists of spans: what the account subtracts from one another.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace qsim {

// Cycles [begin, end).
struct Span {
  int64_t begin, end;
  bool operator==(const Span&) const = default;
};

// Ascending and disjoint.
using Spans = std::vector<Span>;

// Removes from `open` the cycles that `cover` holds, and returns those removed. Linear.
inline Spans take(Spans& open, const Spans& cover) {
  Spans taken, left;
  size_t next = 0;
  for (Span span : open) {
    while (next < cover.size() && cover[next].end <= span.begin) ++next;
    for (size_t i = next; i < cover.size() && cover[i].begin < span.end; ++i) {
      const int64_t begin = std::max(span.begin, cover[i].begin);
      if (begin > span.begin) left.push_back({span.begin, begin});
      span.begin = std::min(span.end, cover[i].end);
      taken.push_back({begin, span.begin});
    }
    if (span.begin < span.end) left.push_back(span);
  }
  open = std::move(left);
  return taken;
}

}  // namespace qsim
