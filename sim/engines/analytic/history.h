// The latest values of a sequence, numbered from 0 on: what the rules look back at is bounded by
// the machine's queues and counters.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace qsim::analytic {

template <size_t kKept>
class History {
  static_assert((kKept & (kKept - 1)) == 0, "a power of two");

 public:
  size_t size() const { return size_; }  // values so far
  // One of the latest kKept values.
  int64_t operator[](size_t i) const { return values_[i % kKept]; }
  void push(int64_t value) { values_[size_++ % kKept] = value; }

  // As if `count` more values had been pushed, the latest of them equal to the latest so far plus
  // `delta`.
  void advance(size_t count, int64_t delta) {
    const size_t kept = std::min(kKept, size_);
    std::array<int64_t, kKept> latest;
    for (size_t i = 0; i < kept; ++i) latest[i] = (*this)[size_ - kept + i] + delta;
    size_ += count;
    for (size_t i = 0; i < kept; ++i) values_[(size_ - kept + i) % kKept] = latest[i];
  }

 private:
  size_t size_ = 0;
  std::array<int64_t, kKept> values_;
};

}  // namespace qsim::analytic
