// One vector instruction from issue to retirement: its channel blocks, when each pixel of a block
// is read and written (T15), and where its operands lie.
#pragma once

#include <cstdint>

#include "hw/spec/arch.h"
#include "hw/spec/isa.h"
#include "sim/systemc/transfer.h"

namespace qsim::model {

// One channel block: up to array.cols channels of all pixels.
struct VectorBlock {
  int64_t number = 0;
  int64_t channels = 0;
  int64_t start = 0;  // cycle; the block's first busy cycle is the next
  int64_t cost = 0;   // cycles per pixel
  int64_t pixels = 0;
  // Bytes that hold the channels of one pixel, and buffer words that they touch; 0 for operands
  // that the function does not have.
  int64_t bytes_src = 0, bytes_src2 = 0, bytes_dst = 0;
  int64_t words_src = 0, words_src2 = 0, words_dst = 0;

  int64_t parameter_cycle() const { return start + 1; }
  int64_t read_cycle(int64_t pixel) const;  // first of the `cost` cycles that take its operands
  int64_t write_cycle(int64_t pixel) const;
  int64_t end() const;  // last cycle that takes operands
};

struct VectorRun {
  VectorRun(int32_t program_index, const Vector& vector, const Arch& machine, int64_t issue_cycle);

  int32_t index;  // in the program
  Vector op;
  const Arch* arch;
  VectorFunction function;
  int64_t pixels, taps;

  // What is to be read next.
  VectorBlock block;
  int64_t pixel = 0;
  bool parameters_read = false;
  bool all_read() const { return block.number == op.blocks; }

  VectorBlock first_block(int64_t start) const { return make_block(0, start); }
  VectorBlock next_block(const VectorBlock& previous) const {
    return make_block(previous.number + 1, previous.end());
  }

  bool has_parameters() const {
    return function == VectorFunction::kRequant || function == VectorFunction::kDepthwise;
  }
  bool reads_activations() const { return function != VectorFunction::kRequant; }
  int64_t parameter_bytes() const;  // of a block
  int64_t parameter_address(int64_t block_number) const {
    return op.param + block_number * parameter_bytes();
  }
  int64_t channels() const;

  // First byte of one pixel's block; for sources, `pixel` is given by its coordinates in the
  // source.
  int64_t dst_byte(int64_t block_number, int64_t out_pixel) const;
  int64_t src_byte(int64_t block_number, int64_t y, int64_t x) const;
  int64_t src2_byte(int64_t block_number, int64_t out_pixel) const;
  int64_t acc_word(int64_t block_number, int64_t out_pixel) const {
    return op.src + block_number * pixels + out_pixel;
  }

  // Bytes that the instruction may touch.
  ByteRange dst_range() const;
  ByteRange src_range() const;
  ByteRange src2_range() const;

  // True when a pixel may read what another pixel of the same instruction writes.
  bool feeds_itself() const;

 private:
  // From a pixel's first byte to the one where a block of it begins.
  int64_t block_offset(int64_t block_number, int32_t pack) const {
    return block_number * arch->array.cols >> pack;
  }
  VectorBlock make_block(int64_t number, int64_t start) const;
};

// Calls visit(tap, byte address in the activation buffer) for the taps of an output pixel that lie
// in the source.
template <typename Visit>
void for_each_tap(const VectorRun& run, const VectorBlock& block, int64_t pixel, Visit&& visit) {
  const Vector& op = run.op;
  const int64_t y0 = op.y0 + pixel / op.out_w * op.stride_h;
  const int64_t x0 = op.x0 + pixel % op.out_w * op.stride_w;
  if (run.function == VectorFunction::kAdd) {
    visit(int64_t{0}, run.src_byte(block.number, pixel / op.out_w, pixel % op.out_w));
    return;
  }
  for (int64_t ky = 0; ky < op.kh; ++ky) {
    const int64_t y = y0 + ky * op.dilation_h;
    if (y < 0 || y >= op.in_h) continue;
    for (int64_t kx = 0; kx < op.kw; ++kx) {
      const int64_t x = x0 + kx * op.dilation_w;
      if (x < 0 || x >= op.in_w) continue;
      visit(ky * op.kw + kx, run.src_byte(block.number, y, x));
    }
  }
}

}  // namespace qsim::model
