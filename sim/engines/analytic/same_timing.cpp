#include "sim/engines/analytic/same_timing.h"

#include <variant>

#include "hw/spec/timing.h"

namespace qsim::analytic {
namespace {

// Bursts depend on an address modulo 4096. Where every piece begins at a multiple of the longest
// burst, they end there, too, whichever multiple it is.
template <typename Transfer>
bool same_bursts(const Arch& arch, const Transfer& a, const Transfer& b) {
  if (a.bytes != b.bytes || a.count0 != b.count0 || a.count1 != b.count1 || a.count2 != b.count2 ||
      a.dram_stride0 != b.dram_stride0 || a.dram_stride1 != b.dram_stride1 ||
      a.dram_stride2 != b.dram_stride2) {
    return false;
  }
  const int64_t distance = a.dram_address - b.dram_address;
  if (distance % timing::kBurstBoundaryBytes == 0) return true;
  const int64_t burst = timing::kMaxBurstBeats * arch.memory.bus_bytes;
  const bool steps = (a.count0 == 1 || a.dram_stride0 % burst == 0) &&
                     (a.count1 == 1 || a.dram_stride1 % burst == 0) &&
                     (a.count2 == 1 || a.dram_stride2 % burst == 0);
  return steps && a.dram_address % burst == 0 && b.dram_address % burst == 0;
}

bool same_matmul(const Matmul& a, const Matmul& b) {
  return a.out_h == b.out_h && a.out_w == b.out_w && a.kh == b.kh && a.kw == b.kw &&
         a.cblocks == b.cblocks && a.act_pack == b.act_pack && a.weight_pack == b.weight_pack;
}

bool same_vector(const Arch& arch, const Vector& a, const Vector& b) {
  // Addresses modulo a word decide how many words a block touches.
  const auto same_lane = [&](int32_t x, int32_t y) { return (x - y) % arch.array.rows == 0; };
  return a.function == b.function && a.blocks == b.blocks && a.last_channels == b.last_channels &&
         a.out_h == b.out_h && a.out_w == b.out_w && a.kh == b.kh && a.kw == b.kw &&
         a.drain == b.drain && a.dst_pack == b.dst_pack && a.src_pack == b.src_pack &&
         a.src2_pack == b.src2_pack && same_lane(a.dst, b.dst) &&
         (VectorFunction(a.function) == VectorFunction::kRequant || same_lane(a.src, b.src)) &&
         same_lane(a.src2, b.src2);
}

}  // namespace

bool same_timing(const Arch& arch, const Instruction& a, const Instruction& b) {
  if (a.take != b.take || a.give != b.give || a.op.index() != b.op.index()) return false;
  if (const auto* matmul = std::get_if<Matmul>(&a.op)) {
    return same_matmul(*matmul, std::get<Matmul>(b.op));
  }
  if (const auto* vector = std::get_if<Vector>(&a.op)) {
    return same_vector(arch, *vector, std::get<Vector>(b.op));
  }
  if (const auto* load = std::get_if<Load>(&a.op)) {
    return same_bursts(arch, *load, std::get<Load>(b.op));
  }
  if (const auto* store = std::get_if<Store>(&a.op)) {
    return same_bursts(arch, *store, std::get<Store>(b.op));
  }
  return false;  // HALT ends what repeats
}

}  // namespace qsim::analytic
