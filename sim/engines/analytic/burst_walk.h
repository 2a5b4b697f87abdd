// The bursts of a transfer, one after the other (T10).
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "hw/spec/arch.h"
#include "hw/spec/timing.h"

namespace qsim::analytic {

class BurstWalk {
 public:
  BurstWalk() = default;  // finished
  template <typename Transfer>
  BurstWalk(const Arch& arch, const Transfer& op)
      : bus_bytes_(arch.memory.bus_bytes),
        bus_shift_(std::countr_zero(static_cast<uint32_t>(arch.memory.bus_bytes))),
        bytes_(op.bytes),
        count_{op.count0, op.count1, op.count2},
        stride_{op.dram_stride0, op.dram_stride1, op.dram_stride2},
        base_(op.dram_address) {
    start_piece(base_);
  }

  bool finished() const { return beats_left_ == 0; }
  int64_t requested() const { return requested_; }   // bursts so far
  int64_t address() const { return beat_address_; }  // of the next burst's first beat
  // Beats of the next burst; moves on to the one after it.
  int64_t next() {
    const int64_t beats = alike().beats;
    skip(beats, 1);
    return beats;
  }
  // The bursts to come, one after the other, until `take(beats)` refuses one or all are finished.
  template <typename Take>
  void take_while(Take&& take) {
    while (!finished()) {
      if (is_at_start() && bytes_ <= (timing::kMaxBurstBeats - 1) * bus_bytes_) {
        const int64_t pieces = take_short_pieces(take);
        if (pieces < 0) return;
        if (pieces > 0) continue;
      }
      const auto [beats, count] = alike();
      int64_t taken = 0;
      while (taken < count && take(beats)) ++taken;
      if (taken > 0) skip(beats, taken);
      if (taken < count) return;
    }
  }

 private:
  static constexpr int64_t kBoundary = timing::kBurstBoundaryBytes;

  // The next bursts that are alike: `count` of `beats` beats each.
  struct Alike {
    int64_t beats = 0, count = 0;
  };
  Alike alike() const {
    constexpr int64_t kFull = timing::kMaxBurstBeats;
    const int64_t to_boundary = (kBoundary - (beat_address_ & (kBoundary - 1))) >> bus_shift_;
    const int64_t beats = std::min(beats_left_, to_boundary);
    if (beats < kFull) return {beats, 1};
    // Boundaries are no matter where every burst begins at a multiple of its length.
    const bool is_aligned = (to_boundary & (kFull - 1)) == 0;
    return {kFull, (is_aligned ? beats_left_ : beats) / kFull};
  }
  void skip(int64_t beats, int64_t count) {
    beat_address_ += beats * count << bus_shift_;
    beats_left_ -= beats * count;
    requested_ += count;
    if (beats_left_ == 0) next_piece();
  }

  bool is_at_start() const { return beat_address_ <= piece_; }  // of the piece
  // Pieces of a burst each, up to the end of the innermost loop or to one that crosses a boundary:
  // many loads are nothing else. Returns how many; -1 when `take` has refused one.
  template <typename Take>
  int64_t take_short_pieces(Take&& take) {
    const int64_t first = index_[0], last = bus_bytes_ - 1;
    int64_t i = first, address = piece_;
    bool taken = true;
    for (; i < count_[0] && (address & (kBoundary - 1)) + bytes_ <= kBoundary; ++i) {
      taken = take(((address & last) + bytes_ + last) >> bus_shift_);
      if (!taken) break;
      address += stride_[0];
    }
    if (i == first) return taken ? 0 : -1;
    requested_ += i - first;
    index_[0] = i - 1;
    piece_ = address - stride_[0];
    beats_left_ = 0;
    next_piece();
    return taken ? i - first : -1;
  }

  void start_piece(int64_t address) {
    const int64_t offset = address & (bus_bytes_ - 1);
    piece_ = address;
    beat_address_ = address - offset;
    beats_left_ = (offset + bytes_ + bus_bytes_ - 1) >> bus_shift_;
  }
  void next_piece() {
    if (++index_[0] < count_[0]) return start_piece(piece_ + stride_[0]);
    index_[0] = 0;
    for (int level = 1; level < 3; ++level) {
      if (++index_[level] < count_[level]) {
        return start_piece(base_ + index_[1] * stride_[1] + index_[2] * stride_[2]);
      }
      index_[level] = 0;
    }
  }

  int64_t bus_bytes_ = 1;
  int bus_shift_ = 0;
  int64_t bytes_ = 0;
  int64_t count_[3] = {}, stride_[3] = {}, index_[3] = {};
  int64_t base_ = 0, piece_ = 0;  // addresses of the first piece and of this one
  int64_t beat_address_ = 0;      // aligned to the bus
  int64_t beats_left_ = 0;        // of the piece
  int64_t requested_ = 0;
};

}  // namespace qsim::analytic
