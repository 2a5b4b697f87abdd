#include "sim/systemc/vector_run.h"

#include <algorithm>

#include "hw/spec/packing.h"
#include "hw/spec/timing.h"

namespace qsim::model {
namespace {

bool overlap(ByteRange a, ByteRange b) { return a.low < b.high && b.low < a.high; }

}  // namespace

int64_t VectorBlock::read_cycle(int64_t pixel) const {
  return start + timing::kVectorBlockSetupCycles + pixel * cost + 1;
}

int64_t VectorBlock::write_cycle(int64_t pixel) const {
  return start + timing::kVectorBlockSetupCycles + (pixel + 1) * cost +
         timing::kVectorLatencyCycles;
}

int64_t VectorBlock::end() const { return start + timing::kVectorBlockSetupCycles + pixels * cost; }

VectorRun::VectorRun(int32_t program_index, const Vector& vector, const Arch& machine,
                     int64_t issue_cycle)
    : index(program_index),
      op(vector),
      arch(&machine),
      function(VectorFunction(vector.function)),
      pixels(int64_t{vector.out_h} * vector.out_w),
      taps(int64_t{vector.kh} * vector.kw) {
  block = first_block(issue_cycle);
}

VectorBlock VectorRun::make_block(int64_t number, int64_t start) const {
  const int64_t rows = arch->array.rows;
  VectorBlock made;
  made.number = number;
  made.start = start;
  made.pixels = pixels;
  made.channels = number == op.blocks - 1 ? op.last_channels : arch->array.cols;
  const auto place = [&](int64_t base, int32_t pack, int64_t& bytes, int64_t& words) {
    const int64_t first = base + block_offset(number, pack);
    bytes = packed_bytes(made.channels, pack);
    words = (first + bytes - 1) / rows - first / rows + 1;
  };
  const int64_t passes = (made.channels + arch->lanes() - 1) / arch->lanes();
  place(op.dst, op.dst_pack, made.bytes_dst, made.words_dst);
  if (reads_activations()) place(op.src, op.src_pack, made.bytes_src, made.words_src);
  if (function == VectorFunction::kAdd) {
    place(op.src2, op.src2_pack, made.bytes_src2, made.words_src2);
  }
  // Each operand passes the lanes, and takes as long as its words; then the result does.
  int64_t operands = 0;
  switch (function) {
    case VectorFunction::kRequant:
      operands = passes;
      break;
    case VectorFunction::kAdd:
      operands = std::max(passes, made.words_src) + std::max(passes, made.words_src2);
      break;
    case VectorFunction::kRescale:
      operands = std::max(passes, made.words_src);
      break;
    case VectorFunction::kMaxPool:
    case VectorFunction::kAveragePool:
    case VectorFunction::kDepthwise:
      operands = taps * std::max(passes, made.words_src);
      break;
  }
  made.cost = std::max(operands, made.words_dst);
  return made;
}

int64_t VectorRun::channels() const {
  return int64_t{op.blocks - 1} * arch->array.cols + op.last_channels;
}

int64_t VectorRun::parameter_bytes() const {
  const int64_t cols = arch->array.cols;
  if (function == VectorFunction::kRequant) return 16 * cols;
  if (function != VectorFunction::kDepthwise) return 0;
  return 16 * cols + 4 * cols * ((packed_bytes(taps, op.weight_pack) + 3) / 4);
}

int64_t VectorRun::dst_byte(int64_t block_number, int64_t out_pixel) const {
  return op.dst + out_pixel / op.out_w * op.dst_row_pitch +
         out_pixel % op.out_w * op.dst_pixel_pitch + block_offset(block_number, op.dst_pack);
}

int64_t VectorRun::src_byte(int64_t block_number, int64_t y, int64_t x) const {
  return op.src + y * op.src_row_pitch + x * op.src_pixel_pitch +
         block_offset(block_number, op.src_pack);
}

int64_t VectorRun::src2_byte(int64_t block_number, int64_t out_pixel) const {
  return op.src2 + out_pixel / op.out_w * op.src2_row_pitch +
         out_pixel % op.out_w * op.src2_pixel_pitch + block_offset(block_number, op.src2_pack);
}

ByteRange VectorRun::dst_range() const {
  return {op.dst, dst_byte(0, pixels - 1) + packed_bytes(channels(), op.dst_pack)};
}

ByteRange VectorRun::src_range() const {
  if (function == VectorFunction::kRequant) {
    const int64_t word = int64_t{4} * arch->array.cols;
    return {op.src * word, (op.src + op.blocks * pixels) * word};
  }
  const int64_t bytes = packed_bytes(channels(), op.src_pack);
  if (function == VectorFunction::kAdd) {
    return {op.src, src_byte(0, op.out_h - 1, op.out_w - 1) + bytes};
  }
  const int64_t y_low = std::max<int64_t>(op.y0, 0);
  const int64_t x_low = std::max<int64_t>(op.x0, 0);
  const int64_t y_high =
      std::min<int64_t>(op.in_h - 1, op.y0 + int64_t{op.out_h - 1} * op.stride_h +
                                         int64_t{op.kh - 1} * op.dilation_h);
  const int64_t x_high =
      std::min<int64_t>(op.in_w - 1, op.x0 + int64_t{op.out_w - 1} * op.stride_w +
                                         int64_t{op.kw - 1} * op.dilation_w);
  if (y_high < y_low || x_high < x_low) return {0, 0};
  return {src_byte(0, y_low, x_low), src_byte(0, y_high, x_high) + bytes};
}

ByteRange VectorRun::src2_range() const {
  if (function != VectorFunction::kAdd) return {0, 0};
  return {op.src2, src2_byte(0, pixels - 1) + packed_bytes(channels(), op.src2_pack)};
}

bool VectorRun::feeds_itself() const {
  if (!reads_activations()) return false;
  const bool one_to_one =
      function == VectorFunction::kAdd ||
      (taps == 1 && op.stride_h == 1 && op.stride_w == 1 && op.y0 == 0 && op.x0 == 0);
  const bool src_in_place = one_to_one && op.src == op.dst && op.src_pack == op.dst_pack &&
                            op.src_row_pitch == op.dst_row_pitch &&
                            op.src_pixel_pitch == op.dst_pixel_pitch;
  const bool src2_in_place = op.src2 == op.dst && op.src2_pack == op.dst_pack &&
                             op.src2_row_pitch == op.dst_row_pitch &&
                             op.src2_pixel_pitch == op.dst_pixel_pitch;
  return (!src_in_place && overlap(src_range(), dst_range())) ||
         (!src2_in_place && overlap(src2_range(), dst_range()));
}

}  // namespace qsim::model
