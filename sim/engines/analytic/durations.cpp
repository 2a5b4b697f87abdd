#include "sim/engines/analytic/durations.h"

#include <algorithm>

#include "hw/spec/packing.h"
#include "hw/spec/timing.h"

namespace qsim::analytic {
namespace {

// Divisions of 32 bits take half the time of 64, and this file does little else.
int64_t ceil_div(int64_t a, int64_t b) {
  return static_cast<uint32_t>(a + b - 1) / static_cast<uint32_t>(b);
}
int64_t ceil_shift(int64_t a, int32_t shift) { return (a + (int64_t{1} << shift) - 1) >> shift; }

// Words of R bytes that `bytes` bytes at `address` touch.
int64_t words_touched(int64_t address, int64_t bytes, int64_t rows) {
  const auto word = static_cast<uint32_t>(rows);
  return (static_cast<uint32_t>(address) % word + static_cast<uint32_t>(bytes) - 1) / word + 1;
}

// Per-pixel cost and word traffic of one channel block (T15).
struct BlockCost {
  int64_t cycles = 0, words_read = 0, words_written = 0, lane_ops = 0;
};

BlockCost block_cost(const Arch& arch, const Vector& op, int64_t block, int64_t channels) {
  const auto words = [&](int64_t address, int32_t pack) {
    return words_touched(address + (block * arch.array.cols >> pack), packed_bytes(channels, pack),
                         arch.array.rows);
  };
  const int64_t passes = ceil_div(channels, arch.lanes());
  const int64_t dst = words(op.dst, op.dst_pack);
  BlockCost cost{0, 0, dst, channels};
  if (VectorFunction(op.function) == VectorFunction::kRequant) {
    cost.cycles = std::max(passes, dst);
    return cost;
  }
  const int64_t src = words(op.src, op.src_pack);
  if (VectorFunction(op.function) == VectorFunction::kAdd) {
    const int64_t src2 = words(op.src2, op.src2_pack);
    cost.cycles = std::max(std::max(passes, src) + std::max(passes, src2), dst);
    cost.words_read = src + src2;
    cost.lane_ops = 2 * channels;
    return cost;
  }
  const int64_t taps = int64_t{1} * op.kh * op.kw;
  cost.cycles = std::max(taps * std::max(passes, src), dst);
  cost.words_read = taps * src;
  cost.lane_ops = taps * channels;
  return cost;
}

template <typename Visit>
void for_each_block(const Arch& arch, const Vector& op, Visit&& visit) {
  // The cost of a block depends on its addresses modulo a word and on its channels; with R dividing
  // the bytes of C codes all full blocks are alike.
  if (op.blocks == 1) return visit(block_cost(arch, op, 0, op.last_channels), 1);
  const int32_t narrowest = std::max({op.dst_pack, op.src_pack, op.src2_pack});
  if ((arch.array.cols >> narrowest) % arch.array.rows == 0) {
    visit(block_cost(arch, op, 0, arch.array.cols), int64_t{op.blocks} - 1);
  } else {
    for (int64_t b = 0; b + 1 < op.blocks; ++b) visit(block_cost(arch, op, b, arch.array.cols), 1);
  }
  visit(block_cost(arch, op, op.blocks - 1, op.last_channels), 1);
}

}  // namespace

Duration matmul_duration(const Arch& arch, const Matmul& op, Counters& counters) {
  const int64_t rows = arch.array.rows, cols = arch.array.cols;
  const int64_t pixels = int64_t{1} * op.out_h * op.out_w;
  const int64_t tiles = int64_t{1} * op.kh * op.kw * op.cblocks;
  const int64_t weight_words = tiles * ceil_shift(rows, op.weight_pack - op.act_pack);
  counters.act_reads_compute += pixels * tiles;
  if (arch.array.dataflow == Dataflow::kWs) {
    counters.weight_reads += weight_words;
    counters.acc_writes += pixels * tiles;
    const int64_t pace = std::max(pixels, rows);
    return {tiles * pace, 1 + (tiles - 1) * pace + pixels - 1 + (rows - 1) + (cols - 1) +
                              timing::kMatmulLatencyCycles};
  }
  const int64_t groups = ceil_div(pixels, rows);
  counters.weight_reads += weight_words * groups;
  counters.acc_writes += pixels;
  const int64_t busy = groups * tiles * rows;
  const int64_t last_feed = 1 + busy - rows;
  return {busy, last_feed + 3 * (rows - 1) + (cols - 1) + timing::kMatmulLatencyCycles};
}

Duration vector_duration(const Arch& arch, const Vector& op, Counters& counters) {
  const int64_t pixels = int64_t{1} * op.out_h * op.out_w;
  const bool requant = VectorFunction(op.function) == VectorFunction::kRequant;
  int64_t busy = 0;
  for_each_block(arch, op, [&](const BlockCost& cost, int64_t times) {
    busy += times * (timing::kVectorBlockSetupCycles + pixels * cost.cycles);
    counters.act_reads_vector += times * pixels * cost.words_read;
    counters.act_writes_vector += times * pixels * cost.words_written;
    counters.vector_lane_ops += times * pixels * cost.lane_ops;
    if (requant) counters.acc_reads_vector += times * pixels;
  });
  return {busy, busy + timing::kVectorLatencyCycles};
}

}  // namespace qsim::analytic
