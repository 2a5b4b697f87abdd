// The address generator between the activation buffer and the array: which buffer word a pixel of a
// reduction tile is, with window, stride, dilation and padding (docs/reference/isa.md, Matmul).
#pragma once

#include <cstdint>

#include "hw/spec/isa.h"
#include "sim/systemc/transfer.h"

namespace qsim::model {

class ActivationStream {
 public:
  ActivationStream(const Matmul& op, int32_t rows) : op_(op), rows_(rows) {}

  int64_t pixels() const { return int64_t{op_.out_h} * op_.out_w; }
  int64_t tiles() const { return int64_t{op_.kh} * op_.kw * op_.cblocks; }

  // Word of a pixel in the activation buffer; -1 when the tap is padding.
  int64_t word(int64_t tile, int64_t pixel) const;

  // Codes of a word: array.rows bytes of them.
  int32_t lanes() const { return rows_ << op_.act_pack; }

  // Codes of pixels [first, first + count) of a tile, lanes() each, a code a byte, one pixel every
  // `pitch` bytes.
  void gather(const int8_t* buffer, int64_t tile, int64_t first, int64_t count, int8_t* codes,
              int64_t pitch) const;

  // Bytes of the activation buffer that the instruction may read; empty when all taps are padding.
  ByteRange range() const;

 private:
  Matmul op_;
  int32_t rows_;
};

}  // namespace qsim::model
