// How long an instruction keeps its unit busy and what it counts: rules T10 and T13 to T15,
// evaluated from the instruction alone.
#pragma once

#include "hw/spec/arch.h"
#include "hw/spec/isa.h"
#include "sim/engines/engine.h"

namespace qsim::analytic {

// Compute and vector instructions, in cycles after issue.
struct Duration {
  int64_t busy = 0;  // busy_until - issue
  int64_t done = 0;  // done - issue
};

Duration matmul_duration(const Arch& arch, const Matmul& op);  // T13, T14
Duration vector_duration(const Arch& arch, const Vector& op);  // T15

void count_matmul(const Arch& arch, const Matmul& op, Counters& counters);
void count_vector(const Arch& arch, const Vector& op, Counters& counters);

// The bursts of a transfer, one after the other (T10).
class BurstWalk {
 public:
  template <typename Transfer>
  BurstWalk(const Arch& arch, const Transfer& op);

  bool finished() const { return beats_left_ == 0; }
  int64_t address() const { return beat_address_; }  // of the next burst's first beat
  // Beats of the next burst; moves on to the one after it.
  int64_t next();

 private:
  void start_piece();

  int64_t bus_bytes_;
  int64_t bytes_;
  int64_t count_[3], stride_[3], index_[3] = {0, 0, 0};
  int64_t base_;
  int64_t beat_address_ = 0;  // aligned to the bus
  int64_t beats_left_ = 0;    // of the piece
};

template <typename Transfer>
BurstWalk::BurstWalk(const Arch& arch, const Transfer& op)
    : bus_bytes_(arch.memory.bus_bytes),
      bytes_(op.bytes),
      count_{op.count0, op.count1, op.count2},
      stride_{op.dram_stride0, op.dram_stride1, op.dram_stride2},
      base_(op.dram_address) {
  start_piece();
}

}  // namespace qsim::analytic
