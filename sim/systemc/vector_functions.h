// What the vector unit computes (docs/reference/isa.md, Vector), on runs of pixels of one channel
// block. The arithmetic itself is hw/spec's.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/systemc/vector_run.h"

namespace qsim::model {

// A parameter block as it was read from the buffer.
class BlockParameters {
 public:
  // `bytes`: VectorRun::parameter_bytes() of them.
  void read(const VectorRun& run, const uint8_t* bytes);

  // Rows of kRepeats * cols channels: the block's own, over and over, so that several pixels can be
  // handled as one row.
  static constexpr int64_t kRepeats = 8;
  const int32_t* bias() const { return bias_.data(); }
  const int32_t* multiplier() const { return multiplier_.data(); }
  const int32_t* shift() const { return shift_.data(); }
  const int32_t* weight_zero() const { return weight_zero_.data(); }
  const int8_t* weights(int64_t tap) const { return weights_.data() + tap * cols_; }

 private:
  int64_t cols_ = 0;
  std::vector<int32_t> bias_, multiplier_, shift_, weight_zero_;
  std::vector<int8_t> weights_;  // [tap][cols], a code a byte
};

// The codes of pixels [first, first + count) of a block, `channels` each, a byte each, no gaps;
// adds the accumulator's wraps to `wraps`. `accumulators` and `activations` begin at address 0.
void compute_pixels(const VectorRun& run, const VectorBlock& block,
                    const BlockParameters& parameters, const int32_t* accumulators,
                    const int8_t* activations, int64_t first, int64_t count, int8_t* codes,
                    int64_t& wraps);

}  // namespace qsim::model
