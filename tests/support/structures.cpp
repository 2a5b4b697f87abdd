#include "tests/support/structures.h"

#include <algorithm>

#include "tests/support/draw.h"

namespace qsim {
namespace {

using enum Dataflow;
using enum PeModes;
using enum RequantMode;

struct Row {
  int32_t rows, cols;
  Dataflow dataflow;
  int32_t act_kib, weight_kib, param_kib, acc_entries;
  int32_t lanes;
  RequantMode requant;
  int32_t bus_bytes, load_outstanding, fifo_depth, queue_depth, token_depth, in_flight;
  PeModes pe_modes = PeModes::k8;
};

// clang-format off
constexpr Row kPool[kStructurePool] = {
    // array      act  wgt  par  acc  lanes requant   bus  out fifo queue token flight
    {2, 2, kWs,     4,   4,  1,   16,   2, kRne,       4,   1,  1,  1,  1, 1},
    {4, 4, kOs,     8,   4,  2,   64,   4, kRne,      16,   8,  8, 16, 16, 4},
    {5, 7, kWs,     8,   8,  2,  100,   3, kTflite,    8,   2,  2,  2,  2, 2},
    {8, 4, kOs,     8,   8,  2,   64,   4, kF32,      32,   4,  4,  4,  3, 3},
    {3, 2, kOs,     4,   4,  1,   16,   1, kPot,      64,   3,  3,  3,  2, 8},
    {4, 8, kWs,    16,   8,  2,  128,   8, kM16,      16,  16,  8,  8,  8, 4},
    {7, 5, kOs,    16,   8,  2,  100,   5, kTflite1,   8,   8,  4,  4,  4, 5},
    {2, 16, kWs,    8,   8,  4,   64,  16, kRne,      32,   4,  2,  1, 16, 2},
    {16, 2, kWs,   16,   8,  1,  256,   1, kF32,      16,  32,  8, 16,  1, 4},
    {8, 8, kWs,    32,  16,  4,  512,   8, kRne,      16,  32,  8, 16, 16, 4},
    {8, 8, kOs,    16,   8,  4,   96,   2, kTflite,    4,   2,  1,  8,  3, 1},
    {16, 16, kWs,  64,  32,  8, 1024,  16, kRne,      16,  32,  8, 16, 16, 4},
    {16, 16, kOs,  32,  32,  8,  256,   8, kM16,      64,   8,  8, 16, 16, 4},
    {32, 16, kWs,  64,  64,  8,  512,  16, kRne,      32,  16,  4,  8,  2, 6},
    {16, 7, kOs,   16,   8,  4,   64,   4, kTflite1,   4,   1,  2,  2,  4, 3},
    {6, 12, kWs,   16,   8,  4,  150,  12, kPot,      64,   5,  3,  3,  1, 7},
    {12, 6, kOs,    8,   8,  2,   48,   6, kRne,       8,   2,  1,  1,  2, 8},
    {2, 3, kWs,     2,   2,  1,   10,   3, kM16,       4,   1,  1,  2,  1, 2},
    {9, 9, kOs,    32,  16,  4,  200,   7, kF32,      32,   7, 16, 32, 63, 5},
    {4, 4, kWs,    16,   8,  4,  256,   4, kTflite1,   4,   8,  4,  8, 16, 4},
    {2, 2, kWs,     4,   4,  1,   16,   2, kRne,       4,   1,  1,  1,  1, 1, k84},
    {4, 4, kWs,     8,   4,  2,   64,   4, kTflite,    8,   8,  4,  4,  4, 4, k842},
    {4, 4, kOs,     8,   4,  2,   64,   4, kRne,      16,   8,  8, 16, 16, 4, k842},
    {5, 4, kWs,     8,   8,  2,  100,   4, kF32,       8,   2,  2,  2,  2, 2, k842},
    {3, 6, kOs,     8,   8,  2,   50,   2, kPot,       4,   3,  3,  3,  1, 8, k84},
    {4, 16, kWs,   16,   8,  4,  128,   4, kM16,      16,  16,  8,  8,  8, 4, k842},
    {16, 8, kOs,   16,  16,  4,  128,   8, kTflite1,  32,   8,  4,  8,  3, 3, k842},
    {16, 16, kWs,  64,  32,  8, 1024,  16, kRne,      16,  32,  8, 16, 16, 4, k842},
};
// clang-format on

Row drawn(int32_t index) {
  Draw draw(static_cast<uint32_t>(index));
  Row row;
  row.rows = draw.pick({2, 4, 5, 8, 16, 32});
  row.cols = draw.pick({2, 4, 7, 8, 16, 32});
  row.dataflow = draw.one_in(2) ? kOs : kWs;
  row.act_kib = draw.pick({4, 8, 32, 256});
  row.weight_kib = draw.pick({4, 8, 64});
  row.param_kib = draw.pick({1, 2, 8, 32});
  row.acc_entries = draw.pick({16, 64, 100, 1024});
  row.lanes = draw.pick({1, 2, 8, 16, 256});
  row.requant = static_cast<RequantMode>(draw(0, 5));
  row.bus_bytes = draw.pick({4, 8, 16, 32, 64});
  row.load_outstanding = draw.pick({1, 2, 8, 32});
  row.fifo_depth = draw.pick({1, 2, 8});
  row.queue_depth = draw.pick({1, 2, 16});
  row.token_depth = draw.pick({1, 2, 3, 16});
  row.in_flight = draw(1, 5);
  const int32_t lanes = std::min({row.lanes, row.rows, row.cols});
  for (const PeModes modes : {k84, k842}) {
    const int32_t codes = 1 << static_cast<int32_t>(modes);
    if (row.cols % codes == 0 && lanes % codes == 0 && draw.one_in(3)) row.pe_modes = modes;
  }
  return row;
}

}  // namespace

Arch structure(int32_t index) {
  const Row row = index < kStructurePool ? kPool[index] : drawn(index);
  Arch arch;
  arch.name = "structure" + std::to_string(index);
  arch.array.rows = row.rows;
  arch.array.cols = row.cols;
  arch.array.dataflow = row.dataflow;
  arch.array.pe_modes = row.pe_modes;
  arch.buffers.act_kib = row.act_kib;
  arch.buffers.weight_kib = row.weight_kib;
  arch.buffers.param_kib = row.param_kib;
  arch.buffers.acc_entries = row.acc_entries;
  arch.vector.lanes = row.lanes;
  arch.vector.requant = row.requant;
  arch.memory.bus_bytes = row.bus_bytes;
  arch.dma.load_outstanding = row.load_outstanding;
  arch.fetch.fifo_depth = row.fifo_depth;
  arch.fetch.queue_depth = row.queue_depth;
  arch.sync.token_depth = row.token_depth;
  arch.sync.in_flight = row.in_flight;
  arch.check();
  return arch;
}

}  // namespace qsim
