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
    start_piece();
  }

  bool finished() const { return beats_left_ == 0; }
  int64_t requested() const { return requested_; }   // bursts so far
  int64_t address() const { return beat_address_; }  // of the next burst's first beat
  // Beats of the next burst; moves on to the one after it.
  int64_t next() {
    const int64_t to_boundary =
        (timing::kBurstBoundaryBytes - (beat_address_ & (timing::kBurstBoundaryBytes - 1))) >>
        bus_shift_;
    const int64_t beats = std::min({beats_left_, timing::kMaxBurstBeats, to_boundary});
    beat_address_ += beats << bus_shift_;
    beats_left_ -= beats;
    ++requested_;
    if (beats_left_ == 0) next_piece();
    return beats;
  }
  // How many of the next bursts are of the full length, one after the other within the piece.
  int64_t full_bursts() const {
    constexpr int64_t kFull = timing::kMaxBurstBeats;
    const int64_t in_piece = beats_left_ / kFull;
    const int64_t offset = beat_address_ & (timing::kBurstBoundaryBytes - 1);
    if ((offset & ((kFull << bus_shift_) - 1)) == 0) return in_piece;
    return std::min(in_piece, (timing::kBurstBoundaryBytes - offset) >> bus_shift_ >> kFullShift);
  }
  void skip_full(int64_t bursts) {
    const int64_t beats = bursts * timing::kMaxBurstBeats;
    beat_address_ += beats << bus_shift_;
    beats_left_ -= beats;
    requested_ += bursts;
    if (beats_left_ == 0 && bursts > 0) next_piece();
  }

 private:
  static constexpr int kFullShift = std::countr_zero(uint64_t{timing::kMaxBurstBeats});

  void start_piece() {
    const int64_t address =
        base_ + index_[0] * stride_[0] + index_[1] * stride_[1] + index_[2] * stride_[2];
    const int64_t offset = address & (bus_bytes_ - 1);
    beat_address_ = address - offset;
    beats_left_ = (offset + bytes_ + bus_bytes_ - 1) >> bus_shift_;
  }
  void next_piece() {
    for (int level = 0; level < 3; ++level) {
      if (++index_[level] < count_[level]) return start_piece();
      index_[level] = 0;
    }
  }

  int64_t bus_bytes_ = 1;
  int bus_shift_ = 0;
  int64_t bytes_ = 0;
  int64_t count_[3] = {}, stride_[3] = {}, index_[3] = {};
  int64_t base_ = 0;
  int64_t beat_address_ = 0;  // aligned to the bus
  int64_t beats_left_ = 0;    // of the piece
  int64_t requested_ = 0;
};

}  // namespace qsim::analytic
