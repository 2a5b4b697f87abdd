// rtl-test: VActivityWs qsim_activity_probe Rows=4 Cols=3 Dataflow=0 AccEntries=64
// rtl-test: VActivityWsWide qsim_activity_probe Rows=2 Cols=5 Dataflow=0 AccEntries=64
// rtl-test: VActivityWs842 qsim_activity_probe Rows=7 Cols=4 Dataflow=0 PeModes=2 AccEntries=64
// rtl-test: VActivityOs qsim_activity_probe Rows=4 Cols=3 Dataflow=1 AccEntries=64
// rtl-test: VActivityOsOdd qsim_activity_probe Rows=5 Cols=7 Dataflow=1 AccEntries=64
// rtl-test: VActivityOs842 qsim_activity_probe Rows=7 Cols=4 Dataflow=1 PeModes=2 AccEntries=64
//
// Bits that change in the elements of the RTL's array are those that rules S1 to S5 count, to the
// last one: random matmuls, back to back and with pauses, machines with narrow codes on all pairs
// of packs.
#include <gtest/gtest.h>

#include "VActivityOs.h"
#include "VActivityOs842.h"
#include "VActivityOsOdd.h"
#include "VActivityWs.h"
#include "VActivityWs842.h"
#include "VActivityWsWide.h"
#include "tests/rtl/compute_bench.h"
#include "tests/support/slow_activity.h"

namespace qsim::rtl {
namespace {

// As the probe has them: modulo 2^32.
struct Counts {
  uint32_t operand, sign, weight, sum;

  BitChanges since(const Counts& start) const {
    return {operand - start.operand, sign - start.sign, weight - start.weight, sum - start.sum};
  }
};

template <typename Dut>
Counts counts_of(ComputeBench<Dut>& bench) {
  bench.tick();
  return {bench->operand_bits_o, bench->sign_bits_o, bench->weight_bits_o, bench->sum_bits_o};
}

// The byte of a row's weights as the array's columns get it: 2^act_pack codes, each widened.
int8_t widened(const Matmul& op, int8_t word, int row_of_word) {
  const int codes = codes_per_byte(op.act_pack), width = bits_of_pack(op.act_pack);
  int byte = 0;
  for (int i = 0; i < codes; ++i) {
    const int code = code_at(&word, row_of_word * codes + i, op.weight_pack);
    byte |= (code & ((1 << width) - 1)) << (i * width);
  }
  return static_cast<int8_t>(byte);
}

template <typename Dut>
void count(const ComputeBench<Dut>& bench, Shape shape, const Matmul& op,
           test::SlowActivity& slow) {
  const int pixels = bench.pixels_of(op), group = shape.os ? shape.rows : pixels;
  for (int first = 0; first < pixels; first += group) {
    for (int tile = 0; tile < bench.tiles_of(op); ++tile) {
      slow.tile(
          std::min(group, pixels - first), op.act_pack, tile == 0,
          [&](int64_t q, int64_t r) {
            const int pixel = first + static_cast<int>(q);
            return bench.operand(op, tile, pixel / op.out_w, pixel % op.out_w, static_cast<int>(r));
          },
          [&](int64_t r, int64_t c) {
            const int row = static_cast<int>(r);
            return widened(op, bench.weight_word(op, tile, row, static_cast<int>(c)),
                           row % bench.rows_per_word(op));
          });
    }
  }
}

class Activity : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Activity, testing::Values(1, 2));

template <typename Dut>
void expect_counts(Shape shape, int seed) {
  ComputeBench<Dut> bench(shape, seed);
  // Leaves 0 in all registers, as a run begins (S5).
  Matmul zeros;
  zeros.act = zeros.weight = kZeros;
  zeros.out_h = 1;
  zeros.out_w = 8;
  zeros.kh = zeros.kw = zeros.cblocks = zeros.dilation_h = zeros.dilation_w = 1;
  bench.issue(zeros);
  ASSERT_NO_FATAL_FAILURE(bench.run_until_done(1));
  const Counts start = counts_of(bench);
  test::SlowActivity slow(shape.rows, shape.cols, shape.os ? Dataflow::kOs : Dataflow::kWs);
  size_t issued = 1;
  for (int i = 0; i < 40 * (shape.modes + 1); ++i) {
    const Matmul op = bench.draw();
    while (issued - bench.done().size() > 6 || !bench.free()) bench.tick();
    bench.issue(op);
    bench.tick();
    ++issued;
    count(bench, shape, op, slow);
    if (i % 4 == 2) {  // in the middle of the way out
      for (int pause = i % 7; pause > 0; --pause) bench.tick();
    }
    if (i % 5 != 4) continue;
    ASSERT_NO_FATAL_FAILURE(bench.run_until_done(issued));
    const BitChanges changes = counts_of(bench).since(start);
    ASSERT_EQ(changes.operand_bits, slow.changes().operand_bits) << i;
    ASSERT_EQ(changes.sign_bits, slow.changes().sign_bits) << i;
    ASSERT_EQ(changes.weight_bits, slow.changes().weight_bits) << i;
    ASSERT_EQ(changes.sum_bits, slow.changes().sum_bits) << i;
  }
}

TEST_P(Activity, WeightStationary) {
  expect_counts<VActivityWs>({4, 3, false}, GetParam());
  expect_counts<VActivityWsWide>({2, 5, false}, GetParam());
}
TEST_P(Activity, NarrowWeightStationary) {
  expect_counts<VActivityWs842>({7, 4, false, 2}, GetParam());
}
TEST_P(Activity, OutputStationary) {
  expect_counts<VActivityOs>({4, 3, true}, GetParam());
  expect_counts<VActivityOsOdd>({5, 7, true}, GetParam());
}
TEST_P(Activity, NarrowOutputStationary) {
  expect_counts<VActivityOs842>({7, 4, true, 2}, GetParam());
}

}  // namespace
}  // namespace qsim::rtl
