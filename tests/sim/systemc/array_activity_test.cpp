// Bits that change in the array's elements: whole tiles, with whatever instructions, against
// element by element and slot by slot; and the engine's counts by layer.
#include "sim/systemc/array_activity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "hw/spec/packing.h"
#include "sim/systemc/array_kernel.h"
#include "tests/sim/systemc/matmul_bench.h"
#include "tests/support/engines.h"
#include "tests/support/random_case.h"
#include "tests/support/slow_activity.h"

namespace qsim {
namespace {

using model::ArrayActivity;
using model::ArrayKernel;
using model::BitCounting;

Arch array(int32_t rows, int32_t cols, Dataflow dataflow) {
  Arch arch;
  arch.array.rows = rows;
  arch.array.cols = cols;
  arch.array.dataflow = dataflow;
  return arch;
}

// Operands of a tile, a code a byte as the kernels take them, and the bytes that registers hold.
struct Tile {
  Tile(int64_t rows, int64_t cols, int64_t tile_pixels, int32_t tile_pack, std::mt19937& random)
      : pixels(tile_pixels), pack(tile_pack), lanes(static_cast<int32_t>(rows << tile_pack)) {
    // Words like the ones before, and codes of 0, more often than chance has them.
    const auto draw = [&] { return random() % 4 == 0 ? int8_t{0} : static_cast<int8_t>(random()); };
    operands.resize(static_cast<size_t>(pixels * rows));
    weights.resize(static_cast<size_t>(rows * cols));
    for (int8_t& byte : weights) byte = draw();
    for (int8_t& byte : operands) byte = draw();
    const int64_t pitch = ArrayKernel::pitch(lanes);
    codes.resize(static_cast<size_t>(pixels * pitch), 0x55);
    wide.resize(static_cast<size_t>(lanes * cols));
    for (int64_t q = 0; q < pixels; ++q) {
      unpack_codes(operands.data() + q * rows, lanes, pack, codes.data() + q * pitch);
    }
    const int32_t count = codes_per_byte(pack);
    for (int64_t i = 0; i < lanes * cols; ++i) {
      const int64_t lane = i / cols, column = i % cols;
      wide[static_cast<size_t>(i)] =
          code_at(&weights[static_cast<size_t>(lane / count * cols + column)], lane % count, pack);
    }
  }

  int64_t pixels;
  int32_t pack, lanes;
  std::vector<int8_t> operands, weights, codes, wide;
};

// Tiles of all modes, one after the other: state goes from one to the next. Weight-stationary tiles
// come in pieces.
void expect_changes(int32_t rows, int32_t cols, Dataflow dataflow, BitCounting counting) {
  std::mt19937 random(static_cast<uint32_t>(rows * 1000 + cols));
  ArrayActivity activity(counting);
  activity.reset(array(rows, cols, dataflow));
  test::SlowActivity slow(rows, cols, dataflow);
  BitChanges changes;
  for (int i = 0; i < 9; ++i) {
    const bool by_groups = dataflow == Dataflow::kOs;
    const auto most = by_groups ? static_cast<uint32_t>(rows) : 40u;
    const Tile tile(rows, cols, 1 + random() % most, i / 2 % 3, random);
    const bool first = !by_groups || i % 3 != 1;
    slow.tile(
        tile.pixels, tile.pack, first,
        [&](int64_t q, int64_t r) { return tile.operands[static_cast<size_t>(q * rows + r)]; },
        [&](int64_t r, int64_t j) { return tile.weights[static_cast<size_t>(r * cols + j)]; });
    const int64_t piece = by_groups ? tile.pixels : 1 + random() % 20;
    for (int64_t q = 0; q < tile.pixels; q += piece) {
      changes += activity.take({.codes = tile.codes.data() + q * ArrayKernel::pitch(tile.lanes),
                                .pixels = std::min(piece, tile.pixels - q),
                                .weights = tile.wide.data(),
                                .lanes = tile.lanes,
                                .pack = tile.pack,
                                .first = by_groups ? first : q == 0});
    }
    ASSERT_EQ(changes, slow.changes())
        << rows << "x" << cols << " tile " << i << ": sums " << changes.sum_bits << ", "
        << slow.changes().sum_bits << "; operands " << changes.operand_bits << ", "
        << slow.changes().operand_bits;
  }
}

TEST(SystemcArrayActivity, EveryShapeAndChoiceCountsWhatChanges) {
  for (const BitCounting counting : {BitCounting::kPortable, BitCounting::kAvx512}) {
    for (const Dataflow dataflow : {Dataflow::kWs, Dataflow::kOs}) {
      for (const auto& [rows, cols] : {std::pair{2, 4}, std::pair{7, 3}, std::pair{16, 16},
                                       std::pair{5, 17}, std::pair{33, 40}, std::pair{64, 20}}) {
        expect_changes(rows, cols, dataflow, counting);
      }
    }
  }
}

// 1024 lanes: the most that there can be. Sums that wrap change bits like others.
TEST(SystemcArrayActivity, LargestArrayTakesTheNarrowestCodes) {
  for (const Dataflow dataflow : {Dataflow::kWs, Dataflow::kOs}) {
    expect_changes(256, 4, dataflow, BitCounting::kAvx512);
  }
}

// A row of 0, then all ones, on a weight of 1: by hand.
TEST(SystemcArrayActivity, StartsFromZero) {
  ArrayActivity activity;
  activity.reset(array(2, 2, Dataflow::kWs));
  const std::vector<int8_t> codes = {1, 0, 0, 0, -1, 0, 0, 0}, weights = {1, 0, 0, 1};
  const BitChanges changes = activity.take({.codes = codes.data(),
                                            .pixels = 2,
                                            .weights = weights.data(),
                                            .lanes = 2,
                                            .pack = 0,
                                            .first = true});
  // Row 0: 0 -> 1 -> 0xff in both columns, one of the changes a sign. Weights: two of 1. Sums of
  // column 0, in both rows: 0 -> 1 -> -1.
  EXPECT_EQ(changes, (BitChanges{2 * (1 + 7), 2, 2, 2 * (1 + 31)}));
}

// A window that uses every field, narrow codes of all kinds: what the program says, tile by tile.
TEST(SystemcActivity, OfAMatmulIsThatOfItsTiles) {
  for (const Dataflow dataflow : {Dataflow::kWs, Dataflow::kOs}) {
    for (const auto& packs : {std::pair{0, 0}, std::pair{0, 1}, std::pair{0, 2}, std::pair{1, 1},
                              std::pair{1, 2}, std::pair{2, 2}}) {
      const int32_t act_pack = packs.first, weight_pack = packs.second;
      constexpr int32_t kRows = 7, kCols = 8;
      test::MatmulBench bench(kRows, kCols, dataflow);
      bench.tiny.pe_modes(PeModes::k842);
      Matmul op = test::window_over_edges();
      op.pad_value = 0x39;
      op.act_pack = act_pack;
      op.weight_pack = weight_pack;
      std::mt19937 random(7);
      std::vector<int8_t> act(100 * kRows), weights(12 * kRows * kCols);
      for (int8_t& byte : act) byte = static_cast<int8_t>(random());
      for (int8_t& byte : weights) byte = static_cast<int8_t>(random());

      const int32_t e = 1 << (weight_pack - act_pack), words = (kRows + e - 1) / e;
      test::SlowActivity slow(kRows, kCols, dataflow);
      const int64_t group = dataflow == Dataflow::kOs ? kRows : 12;
      for (int64_t first = 0; first < 12; first += group) {
        for (int64_t tile = 0; tile < 12; ++tile) {
          slow.tile(
              std::min<int64_t>(group, 12 - first), act_pack, tile == 0,
              [&](int64_t q, int64_t r) {
                const int64_t p = first + q;
                const int64_t y = -1 + p / 4 * 2 + tile / 2 / 3, x = -2 + p % 4 + tile / 2 % 3 * 2;
                const bool inside = y >= 0 && y < 6 && x >= 0 && x < 5;
                return inside
                           ? act[static_cast<size_t>((1 + y * 16 + x * 3 + tile % 2) * kRows + r)]
                           : static_cast<int8_t>(op.pad_value);
              },
              [&](int64_t r, int64_t j) {
                int8_t narrow = 0;
                for (int32_t i = 0; i < codes_per_byte(act_pack); ++i) {
                  const size_t word = static_cast<size_t>((tile * words + r / e) * kCols + j);
                  const int32_t code =
                      code_at(&weights[word], r % e * codes_per_byte(act_pack) + i, weight_pack);
                  const int32_t width = bits_of_pack(act_pack);
                  narrow =
                      static_cast<int8_t>(narrow | (code & (0xff >> (8 - width))) << (i * width));
                }
                return narrow;
              });
        }
      }
      for (const bool bulk : {true, false}) {
        SystemcOptions options;
        options.count_activity = true;
        options.bulk = bulk;
        const RunResult run = bench.run(op, act, weights, options);
        ASSERT_EQ(run.activity.size(), 1u);
        EXPECT_EQ(run.activity[0], slow.changes())
            << act_pack << ", " << weight_pack << " " << bulk;
      }
    }
  }
}

// Whole programs of several layers: access by access the same as in bulk, nothing else changes, and
// what nobody asks for is not counted.
TEST(SystemcActivity, DoesNotDependOnHowValuesAreComputed) {
  for (uint32_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    const Program program = random_program(seed);
    const auto inputs = random_inputs(program.network, seed);
    const RunResult plain = SystemcEngine(program).run(inputs);
    EXPECT_TRUE(plain.activity.empty());
    SystemcOptions options;
    options.count_activity = true;
    const RunResult bulk = SystemcEngine(program, options).run(inputs);
    options.bulk = false;
    const RunResult single = SystemcEngine(program, options).run(inputs);
    EXPECT_EQ(bulk.activity.size(), program.network.layers.size());
    EXPECT_EQ(bulk.activity, single.activity);
    EXPECT_EQ(bulk.cycles, plain.cycles);
    ASSERT_EQ(bulk.outputs.size(), plain.outputs.size());
    for (size_t i = 0; i < plain.outputs.size(); ++i) {
      EXPECT_EQ(bulk.outputs[i].bytes, plain.outputs[i].bytes);
    }
  }
}

}  // namespace
}  // namespace qsim
