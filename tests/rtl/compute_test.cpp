// rtl: VComputeWs qsim_compute Rows=4 Cols=3 Dataflow=0 AccEntries=64
// rtl: VComputeWsWide qsim_compute Rows=2 Cols=5 Dataflow=0 AccEntries=64
// rtl: VComputeOs qsim_compute Rows=4 Cols=3 Dataflow=1 AccEntries=64
// rtl: VComputeOsOdd qsim_compute Rows=5 Cols=7 Dataflow=1 AccEntries=64
// rtl: VComputeWs84 qsim_compute Rows=5 Cols=6 Dataflow=0 PeModes=1 AccEntries=64
// rtl: VComputeOs84 qsim_compute Rows=3 Cols=2 Dataflow=1 PeModes=1 AccEntries=64
// rtl: VComputeWs842 qsim_compute Rows=8 Cols=4 Dataflow=0 PeModes=2 AccEntries=64
// rtl: VComputeWs842Odd qsim_compute Rows=7 Cols=4 Dataflow=0 PeModes=2 AccEntries=64
// rtl: VComputeOs842 qsim_compute Rows=4 Cols=8 Dataflow=1 PeModes=2 AccEntries=64
// rtl: VComputeOs842Odd qsim_compute Rows=7 Cols=4 Dataflow=1 PeModes=2 AccEntries=64
//
// The whole compute unit on buffers in C++: sums against a plain loop nest, cycles against T13 and
// T14. Machines with narrow codes are given all pairs of packs, instruction after instruction.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "VComputeOs.h"
#include "VComputeOs84.h"
#include "VComputeOs842.h"
#include "VComputeOs842Odd.h"
#include "VComputeOsOdd.h"
#include "VComputeWs.h"
#include "VComputeWs84.h"
#include "VComputeWs842.h"
#include "VComputeWs842Odd.h"
#include "VComputeWsWide.h"
#include "tests/rtl/compute_bench.h"

namespace qsim::rtl {
namespace {

class Compute : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Compute, testing::Values(1, 2));

// Matmuls as close as the unit takes them: each is free and done in the cycles of the rules.
template <typename Dut>
void run_stream(Shape shape, int seed) {
  ComputeBench<Dut> bench(shape, seed);
  ASSERT_NO_FATAL_FAILURE(bench.fill());
  std::vector<int64_t> expected;
  for (int i = 0; i < 60 * (shape.modes + 1); ++i) {
    const Matmul op = bench.draw();
    while (expected.size() - bench.done().size() > 6) bench.tick();
    for (int wait = 0; !bench.free(); ++wait) {
      ASSERT_LT(wait, 20000);
      bench.tick();
    }
    bench.issue(op);
    const int64_t issued = bench.cycle();
    expected.push_back(issued + bench.latency(op));
    bench.tick();
    while (bench.cycle() < issued + bench.busy(op)) {
      ASSERT_FALSE(bench.free()) << "matmul " << i;
      bench.tick();
    }
    ASSERT_TRUE(bench.free()) << "matmul " << i;
    if (i % 10 == 9) bench.run_until_done(expected.size());
  }
  bench.run_until_done(expected.size());
  EXPECT_EQ(bench.done(), expected);
  bench.compare();
  EXPECT_EQ(bench.zero_macs(), bench.expected_zero_macs());
  EXPECT_EQ(bench.weight_reads(), bench.expected_weight_reads());
}

TEST_P(Compute, WeightStationary) { run_stream<VComputeWs>({4, 3, false}, GetParam()); }
TEST_P(Compute, WeightStationaryWide) { run_stream<VComputeWsWide>({2, 5, false}, GetParam()); }
TEST_P(Compute, OutputStationary) { run_stream<VComputeOs>({4, 3, true}, GetParam()); }
TEST_P(Compute, OutputStationaryOdd) { run_stream<VComputeOsOdd>({5, 7, true}, GetParam()); }
TEST_P(Compute, NarrowWeightStationary) {
  run_stream<VComputeWs84>({5, 6, false, 1}, GetParam());
  run_stream<VComputeWs842>({8, 4, false, 2}, GetParam());
  run_stream<VComputeWs842Odd>({7, 4, false, 2}, GetParam());
}
TEST_P(Compute, NarrowOutputStationary) {
  run_stream<VComputeOs84>({3, 2, true, 1}, GetParam());
  run_stream<VComputeOs842>({4, 8, true, 2}, GetParam());
  run_stream<VComputeOs842Odd>({7, 4, true, 2}, GetParam());
}

}  // namespace
}  // namespace qsim::rtl
