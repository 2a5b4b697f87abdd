// Matmuls on arrays of any shape, both dataflows: cycles (T13, T14), values, and the exact cycle in
// which each operand is read and each sum written, found by changing a byte just before and just
// after.
#include <gtest/gtest.h>

#include <random>

#include "tests/sim/systemc/matmul_bench.h"

namespace qsim::test {
namespace {

std::vector<int8_t> random_codes(size_t n, uint32_t seed, int spread) {
  std::mt19937 random(seed);
  std::vector<int8_t> codes(n);
  for (int8_t& code : codes) {
    code = static_cast<int8_t>(static_cast<int>(random() % static_cast<uint32_t>(2 * spread + 1)) -
                               spread);
  }
  return codes;
}

TEST(SystemcMatmul, WeightStationaryCyclesFollowTheLargerOfPixelsAndRows) {
  for (const auto& [rows, cols, pixels, tiles] :
       {std::array{4, 8, 3, 5}, std::array{4, 8, 9, 5}, std::array{16, 2, 16, 1},
        std::array{5, 7, 6, 2}}) {
    Matmul op = matmul(pixels);
    op.cblocks = op.act_pixel_pitch = tiles;
    TinyProgram tiny;
    const RunResult run = tiny.array(rows, cols).add(op).run();
    const int64_t spacing = std::max(pixels, rows);
    EXPECT_EQ(run.timing[0].busy_until, 3 + tiles * spacing);
    EXPECT_EQ(run.timing[0].done, 3 + 1 + (tiles - 1) * spacing + pixels - 1 + rows + cols + 3);
    EXPECT_EQ(run.counters.act_reads_compute, pixels * tiles);
    EXPECT_EQ(run.counters.weight_reads, rows * tiles);
    EXPECT_EQ(run.counters.acc_writes, pixels * tiles);
  }
}

TEST(SystemcMatmul, OutputStationaryCyclesFollowGroupsOfRows) {
  for (const auto& [rows, cols, pixels, tiles] :
       {std::array{4, 8, 3, 5}, std::array{4, 8, 9, 5}, std::array{16, 2, 16, 1},
        std::array{5, 7, 6, 2}}) {
    Matmul op = matmul(pixels);
    op.cblocks = op.act_pixel_pitch = tiles;
    TinyProgram tiny;
    const RunResult run = tiny.array(rows, cols, Dataflow::kOs).add(op).run();
    const int64_t groups = (pixels + rows - 1) / rows;
    EXPECT_EQ(run.timing[0].busy_until, 3 + groups * tiles * rows);
    const int64_t last_feed = 3 + 1 + (groups * tiles - 1) * rows;
    EXPECT_EQ(run.timing[0].done, last_feed + 3 * rows + cols + 1);
    EXPECT_EQ(run.counters.act_reads_compute, pixels * tiles);
    EXPECT_EQ(run.counters.weight_reads, groups * rows * tiles);
    EXPECT_EQ(run.counters.acc_writes, pixels);
  }
}

TEST(SystemcMatmul, WindowStrideDilationAndPaddingGiveTheConvolution) {
  for (const Dataflow dataflow : {Dataflow::kWs, Dataflow::kOs}) {
    for (const auto& [rows, cols] : {std::pair{4, 8}, std::pair{7, 3}, std::pair{16, 16}}) {
      Matmul op = window_over_edges();
      op.pad_value = 3;
      MatmulBench bench(rows, cols, dataflow);
      const auto activations = random_codes(static_cast<size_t>(100 * rows), 1, 3);
      const auto weights = random_codes(static_cast<size_t>(12 * rows * cols), 2, 2);
      const RunResult run = bench.run(op, activations, weights);
      for (int p = 0; p < 12; ++p) {
        for (int j = 0; j < cols; ++j) {
          int sum = 0;
          for (int k = 0; k < 12; ++k) {
            const int y = -1 + p / 4 * 2 + k / 2 / 3;
            const int x = -2 + p % 4 + k / 2 % 3 * 2;
            const bool inside = y >= 0 && y < 6 && x >= 0 && x < 5;
            for (int r = 0; r < rows; ++r) {
              const size_t word = static_cast<size_t>(1 + y * 16 + x * 3 + k % 2);
              const int code =
                  inside ? activations[word * static_cast<size_t>(rows) + static_cast<size_t>(r)]
                         : 3;
              sum += code * weights[static_cast<size_t>((k * rows + r) * cols + j)];
            }
          }
          ASSERT_EQ(code_of(run, p * bench.pitch + j), std::clamp(sum, -128, 127))
              << rows << "x" << cols << " pixel " << p << " lane " << j;
        }
      }
    }
  }
}

TEST(SystemcMatmul, AccumulateAddsToWhatIsThere) {
  for (const Dataflow dataflow : {Dataflow::kWs, Dataflow::kOs}) {
    MatmulBench bench(4, 4, dataflow);
    Matmul op = matmul(6);
    op.acc = 2;
    const auto activations = random_codes(24, 1, 3), weights = random_codes(16, 2, 3);
    const RunResult once = bench.run(op, activations, weights);
    op.accumulate = 1;  // on top of the sums that the first run left: buffers are not cleared
    const RunResult twice = bench.run(op, activations, weights);
    for (int64_t i = 0; i < 24; ++i) EXPECT_EQ(code_of(twice, i), 2 * code_of(once, i));
  }
}

TEST(SystemcMatmul, CountsWrapsAndZeroOperands) {
  MatmulBench bench(4, 4, Dataflow::kWs);
  Matmul op = matmul(3);
  op.accumulate = 1;
  std::vector<int8_t> activations = {1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0};
  std::vector<int8_t> weights(16, 1);
  weights[5] = 0;
  SystemcOptions options;
  for (int64_t byte = 0; byte < 4; ++byte) {  // accumulator word 0, lane 2: INT32_MAX
    options.pokes.push_back(
        {0, Poke::Target::kAccumulator, 8 + byte, static_cast<uint8_t>(byte == 3 ? 0x7f : 0xff)});
  }
  const RunResult run = bench.run(op, activations, weights, options);
  EXPECT_EQ(run.counters.accumulator_wraps, 1);
  // 4 + 16 products with an activation of 0, and the weight of 0 with two pixels' other codes.
  EXPECT_EQ(run.counters.zero_operand_macs, 4 + 16 + 2);
  EXPECT_EQ(code_of(run, 2), -128);  // INT32_MIN + 3
}

// With one operand changed at the end of cycle t, the output changes iff it is read after t.
TEST(SystemcMatmul, OperandsAreReadInTheirCycle) {
  const std::vector<int8_t> activations(4 * 9 * 2, 1), weights(4 * 3 * 2, 1);
  for (const Dataflow dataflow : {Dataflow::kWs, Dataflow::kOs}) {
    MatmulBench bench(4, 3, dataflow);
    Matmul op = matmul(9);
    op.cblocks = op.act_pixel_pitch = 2;
    op.act_row_pitch = 18;
    const int64_t issue = bench.run(op, activations, weights).timing[bench.kMatmul].issue;
    const auto changed = [&](int64_t cycle, Poke::Target target, int64_t byte, int64_t output) {
      SystemcOptions options;
      options.pokes = {{cycle, target, byte, 11}};
      return code_of(bench.run(op, activations, weights, options), output) != 8;
    };
    const bool groups = dataflow == Dataflow::kOs;
    for (const int64_t pixel : {0, 3, 4, 8}) {
      for (const int64_t tile : {0, 1}) {
        const int64_t group = pixel / 4;
        const int64_t start = issue + 1 + (groups ? (group * 2 + tile) * 4 : tile * 9);
        const int64_t read = start + (groups ? pixel % 4 : pixel);
        const int64_t word = (pixel * 2 + tile) * 4;
        const int64_t out = pixel * bench.pitch;
        EXPECT_TRUE(changed(read - 1, Poke::Target::kActivation, word, out)) << pixel;
        EXPECT_FALSE(changed(read, Poke::Target::kActivation, word, out)) << pixel;
        for (const int64_t row : {0, 3}) {
          const int64_t weight_read = start + row - (groups ? 0 : 1);
          const int64_t byte = (tile * 4 + row) * 3;
          EXPECT_TRUE(changed(weight_read - 1, Poke::Target::kWeight, byte, out)) << row;
          EXPECT_FALSE(changed(weight_read, Poke::Target::kWeight, byte, out)) << row;
        }
      }
    }
  }
}

// A sum overwrites what was there before the end of its cycle, and nothing after.
TEST(SystemcMatmul, SumsAreWrittenInTheirCycle) {
  const std::vector<int8_t> activations(4 * 9 * 2, 1), weights(4 * 3 * 2, 1);
  for (const Dataflow dataflow : {Dataflow::kWs, Dataflow::kOs}) {
    MatmulBench bench(4, 3, dataflow);
    Matmul op = matmul(9);
    op.cblocks = op.act_pixel_pitch = 2;
    op.act_row_pitch = 18;
    const int64_t issue = bench.run(op, activations, weights).timing[bench.kMatmul].issue;
    const auto code_with_poke_at = [&](int64_t cycle, int64_t pixel) {
      SystemcOptions options;
      options.pokes = {{cycle, Poke::Target::kAccumulator, pixel * 12, 100}};
      return code_of(bench.run(op, activations, weights, options), pixel * bench.pitch);
    };
    for (const int64_t pixel : {0, 3, 4, 8}) {
      if (dataflow == Dataflow::kWs) {
        // Tile 0 overwrites, tile 1 adds 4.
        const int64_t first = issue + 1 + pixel + 4 + 3 + 3;
        EXPECT_EQ(code_with_poke_at(first - 1, pixel), 8);
        EXPECT_EQ(code_with_poke_at(first, pixel), 104);
        EXPECT_EQ(code_with_poke_at(first + 9 - 1, pixel), 104);
        EXPECT_EQ(code_with_poke_at(first + 9, pixel), 100);
      } else {
        const int64_t last_feed = issue + 1 + (pixel / 4 * 2 + 1) * 4;
        const int64_t end = last_feed + 3 * 4 + 3 + 1;
        const int64_t written = end - pixel % 4;
        EXPECT_EQ(code_with_poke_at(written - 1, pixel), 8);
        EXPECT_EQ(code_with_poke_at(written, pixel), 100);
      }
    }
  }
}

}  // namespace
}  // namespace qsim::test
