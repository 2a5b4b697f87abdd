// Matmuls on codes of 4 and 2 bits, and on weights narrower than the activations: values and counts
// by the obvious loops, cycles by the analytic engine, and when a weight word is read.
#include <random>

#include "sim/engines/analytic/engine.h"
#include "tests/sim/systemc/matmul_bench.h"
#include "tests/support/engines.h"
#include "tests/support/slow_packing.h"

namespace qsim::test {
namespace {

constexpr std::pair<int32_t, int32_t> kPacks[] = {{0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 2}};

std::vector<int8_t> random_bytes(size_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int8_t> bytes(n);
  for (int8_t& byte : bytes) byte = static_cast<int8_t>(random());
  return bytes;
}

Matmul window_op(int32_t act_pack, int32_t weight_pack) {
  Matmul op = window_over_edges();
  op.pad_value = 0x39;  // codes of 4 bits: -7, 3; of 2 bits: 1, -2, -1, 0
  op.act_pack = act_pack;
  op.weight_pack = weight_pack;
  return op;
}

struct Expected {
  std::vector<int32_t> sums;  // [pixel][column]
  int64_t zero_products = 0;
};

// docs/reference/isa.md, "Matmul", line by line, for window_op().
Expected expected_of(const Matmul& op, int64_t rows, int64_t cols, const std::vector<int8_t>& act,
                     const std::vector<int8_t>& weights) {
  Expected expected;
  const int64_t codes = 1 << op.act_pack, e = 1 << (op.weight_pack - op.act_pack);
  const auto padding = static_cast<int8_t>(op.pad_value);
  for (int64_t p = 0; p < 12; ++p) {
    for (int64_t j = 0; j < cols; ++j) {
      int32_t sum = 0;
      for (int64_t k = 0; k < 12; ++k) {
        const int64_t y = -1 + p / 4 * 2 + k / 2 / 3;
        const int64_t x = -2 + p % 4 + k / 2 % 3 * 2;
        const bool inside = y >= 0 && y < 6 && x >= 0 && x < 5;
        const int64_t word = 1 + y * 16 + x * 3 + k % 2;
        for (int64_t r = 0; r < rows; ++r) {
          for (int64_t i = 0; i < codes; ++i) {
            const int32_t a =
                slow_code(inside ? act.data() + word * rows + r : &padding, i, op.act_pack);
            const int64_t weight_word = k * ((rows + e - 1) / e) + r / e;
            const int32_t w = slow_code(weights.data() + weight_word * cols + j, r % e * codes + i,
                                        op.weight_pack);
            sum += a * w;
            expected.zero_products += a == 0 || w == 0;
          }
        }
      }
      expected.sums.push_back(sum);
    }
  }
  return expected;
}

// Sums as they stand in the accumulators when the matmul retires.
SystemcOptions with_sums(const Matmul& op, std::vector<int32_t>& sums) {
  SystemcOptions options;
  options.retirement = [&op, &sums](const Retirement& retirement) {
    if (retirement.index != static_cast<int32_t>(MatmulBench::kMatmul)) return;
    auto* bytes = reinterpret_cast<uint8_t*>(sums.data());
    retirement.read(Memory::kAccumulator, op.acc * static_cast<int64_t>(sums.size() / 12 * 4),
                    std::span(bytes, sums.size() * 4));
  };
  return options;
}

void expect_sums(int32_t rows, int32_t cols, Dataflow dataflow, bool bulk) {
  for (const auto& [act_pack, weight_pack] : kPacks) {
    const std::string what = std::to_string(rows) + "x" + std::to_string(cols) + " packs " +
                             std::to_string(act_pack) + ", " + std::to_string(weight_pack);
    MatmulBench bench(rows, cols, dataflow);
    bench.tiny.pe_modes(PeModes::k842);
    const Matmul op = window_op(act_pack, weight_pack);
    const int32_t e = 1 << (weight_pack - act_pack);
    const int32_t words = (rows + e - 1) / e;
    const auto act = random_bytes(static_cast<size_t>(100 * rows), 1);
    const auto weights = random_bytes(static_cast<size_t>(12 * words * cols), 2);
    std::vector<int32_t> sums(static_cast<size_t>(12 * cols));
    SystemcOptions options = with_sums(op, sums);
    options.bulk = bulk;
    const RunResult run = bench.run(op, act, weights, options);
    const Expected expected = expected_of(op, rows, cols, act, weights);
    ASSERT_EQ(sums, expected.sums) << what;
    EXPECT_EQ(run.counters.zero_operand_macs, expected.zero_products) << what;
    const int32_t groups = dataflow == Dataflow::kOs ? (12 + rows - 1) / rows : 1;
    EXPECT_EQ(run.counters.weight_reads, groups * 12 * words) << what;
    const Program program = bench.tiny.whole();
    EXPECT_EQ(timing_difference(program, run_analytic(program), run), "") << what;
  }
}

TEST(SystemcMatmulPacks, NarrowOperandsGiveTheConvolution) {
  for (const Dataflow dataflow : {Dataflow::kWs, Dataflow::kOs}) {
    for (const auto& [rows, cols] : {std::pair{4, 8}, std::pair{7, 4}, std::pair{16, 16},
                                     std::pair{2, 4}, std::pair{33, 12}}) {
      expect_sums(rows, cols, dataflow, true);
    }
    expect_sums(7, 4, dataflow, false);
  }
}

// 1024 lanes: the most that there can be.
TEST(SystemcMatmulPacks, LargestArrayTakesTheNarrowestCodes) {
  TinyProgram tiny;
  tiny.array(256, 4).pe_modes(PeModes::k842);
  std::vector<uint8_t> data(256 + 256 * 4, 0xaa);  // codes of -2
  tiny.data(data);
  tiny.add(load(BufferId::kActivation, 0, kData, 256))
      .add(load(BufferId::kWeight, 0, kData + 256, 256 * 4), 0, kComputeBit);
  Matmul op = matmul(1);
  op.act_pack = op.weight_pack = 2;
  tiny.add(op, kLoadBit);
  std::vector<int32_t> sums(4);
  SystemcOptions options;
  options.retirement = [&](const Retirement& retirement) {
    if (retirement.index != 2) return;
    retirement.read(Memory::kAccumulator, 0,
                    std::span(reinterpret_cast<uint8_t*>(sums.data()), 16));
  };
  tiny.run(options);
  EXPECT_EQ(sums, std::vector<int32_t>(4, 1024 * 4));
}

TEST(SystemcMatmulPacks, PacksOfFollowingMatmulsDoNotMix) {
  // Back to back, the second on other packs: both in the array at once.
  for (const Dataflow dataflow : {Dataflow::kWs, Dataflow::kOs}) {
    for (const auto& [act_pack, weight_pack] : kPacks) {
      MatmulBench bench(4, 4, dataflow);
      bench.tiny.pe_modes(PeModes::k842);
      const auto act = random_bytes(400, 1), weights = random_bytes(12 * 16, 2);
      Matmul op = window_op(act_pack, weight_pack);
      std::vector<int32_t> alone(48), behind(48);
      bench.run(op, act, weights, with_sums(op, alone));
      Program& program = bench.tiny.program();
      Matmul before = window_op(2 - act_pack, 2);
      before.acc = 100;
      Instruction first = program.instructions[MatmulBench::kMatmul];
      first.op = before;
      first.give = 0;
      program.instructions[MatmulBench::kMatmul].take = 0;
      const auto at = static_cast<std::ptrdiff_t>(MatmulBench::kMatmul);
      program.instructions.insert(program.instructions.begin() + at, first);
      program.info.push_back({.layer = 0});
      SystemcOptions options;
      options.retirement = [&](const Retirement& retirement) {
        if (retirement.index != at + 1) return;
        retirement.read(Memory::kAccumulator, 5 * 16,
                        std::span(reinterpret_cast<uint8_t*>(behind.data()), 48 * 4));
      };
      bench.tiny.run(options);
      EXPECT_EQ(behind, alone) << act_pack << ", " << weight_pack;
    }
  }
}

// With one weight changed at the end of cycle t, the output changes iff it is read after t.
TEST(SystemcMatmulPacks, WeightWordsAreReadWithTheirFirstRow) {
  const std::vector<int8_t> activations(8 * 9 * 2, 1), weights(3 * 2 * 2, 0);
  for (const Dataflow dataflow : {Dataflow::kWs, Dataflow::kOs}) {
    MatmulBench bench(8, 3, dataflow);
    bench.tiny.pe_modes(PeModes::k842);
    Matmul op = matmul(9);
    op.cblocks = op.act_pixel_pitch = 2;
    op.act_row_pitch = 18;
    op.weight_pack = 2;  // four rows a word
    const int64_t issue = bench.run(op, activations, weights).timing[MatmulBench::kMatmul].issue;
    const auto changed = [&](int64_t cycle, int64_t byte) {
      SystemcOptions options;
      options.pokes = {{cycle, Poke::Target::kWeight, byte, 0x40}};  // its fourth row: 1
      return code_of(bench.run(op, activations, weights, options), 0) != 0;
    };
    const bool groups = dataflow == Dataflow::kOs;
    for (const int64_t tile : {0, 1}) {
      for (const int64_t word : {0, 1}) {
        const int64_t read = issue + 1 + tile * (groups ? 8 : 9) + word * 4 - (groups ? 0 : 1);
        EXPECT_TRUE(changed(read - 1, (tile * 2 + word) * 3)) << tile << ", " << word;
        EXPECT_FALSE(changed(read, (tile * 2 + word) * 3)) << tile << ", " << word;
      }
    }
  }
}

}  // namespace
}  // namespace qsim::test
