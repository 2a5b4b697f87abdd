// The pieces and AXI bursts of a load or store instruction (T10).
#pragma once

#include <algorithm>
#include <cstdint>

#include "hw/spec/isa.h"
#include "hw/spec/timing.h"

namespace qsim::model {

// A burst and the bytes that count in it: `bytes` from dram_address on, to or from buffer_address
// on.
struct Burst {
  int64_t dram_address = 0;
  int64_t buffer_address = 0;
  int64_t bytes = 0;
  int64_t beats = 0;
};

struct ByteRange {
  int64_t low, high;
};

// Walks the bursts of one instruction in order.
class Transfer {
 public:
  Transfer() = default;
  template <typename LoadOrStore>
  Transfer(const LoadOrStore& op, int64_t bus_bytes)
      : bus_bytes_(bus_bytes),
        bytes_(op.bytes),
        counts_{op.count0, op.count1, op.count2},
        dram_{op.dram_address, op.dram_stride0, op.dram_stride1, op.dram_stride2},
        buffer_{op.buffer_address, op.buffer_stride0, op.buffer_stride1, op.buffer_stride2} {}

  bool finished() const { return index_[2] >= counts_[2]; }

  Burst next() {
    const int64_t piece = address(dram_);
    const int64_t end = piece + bytes_;
    const int64_t first = piece + done_;
    const int64_t first_word = first / bus_bytes_;
    const int64_t boundary =
        (first / timing::kBurstBoundaryBytes + 1) * timing::kBurstBoundaryBytes;
    const int64_t end_word = std::min({(end + bus_bytes_ - 1) / bus_bytes_, boundary / bus_bytes_,
                                       first_word + timing::kMaxBurstBeats});
    const int64_t stop = std::min(end, end_word * bus_bytes_);
    const Burst burst{first, address(buffer_) + done_, stop - first, end_word - first_word};
    done_ += burst.bytes;
    if (done_ == bytes_) next_piece();
    return burst;
  }

  // What the whole instruction may touch.
  ByteRange dram_range() const { return range(dram_); }
  ByteRange buffer_range() const { return range(buffer_); }

 private:
  struct Walk {
    int64_t start, stride0, stride1, stride2;
  };

  int64_t address(const Walk& walk) const {
    return walk.start + index_[0] * walk.stride0 + index_[1] * walk.stride1 +
           index_[2] * walk.stride2;
  }

  ByteRange range(const Walk& walk) const {
    ByteRange reach{walk.start, walk.start + bytes_};
    const int64_t strides[] = {walk.stride0, walk.stride1, walk.stride2};
    for (int loop = 0; loop < 3; ++loop) {
      const int64_t last = (counts_[loop] - 1) * strides[loop];
      reach.low += std::min<int64_t>(last, 0);
      reach.high += std::max<int64_t>(last, 0);
    }
    return reach;
  }

  void next_piece() {
    done_ = 0;
    for (int loop = 0; loop < 3; ++loop) {
      if (++index_[loop] < counts_[loop] || loop == 2) return;
      index_[loop] = 0;
    }
  }

  int64_t bus_bytes_ = 1;
  int64_t bytes_ = 0;
  int64_t counts_[3] = {0, 0, 0};
  Walk dram_{}, buffer_{};
  int64_t index_[3] = {0, 0, 0};
  int64_t done_ = 0;  // bytes of the present piece
};

// Bytes of a burst that beat k carries, as offsets from its first byte that counts.
inline ByteRange beat_bytes(const Burst& burst, int64_t beat, int64_t bus_bytes) {
  const int64_t skipped = burst.dram_address % bus_bytes;
  return {std::max<int64_t>(beat * bus_bytes - skipped, 0),
          std::min(burst.bytes, (beat + 1) * bus_bytes - skipped)};
}

}  // namespace qsim::model
