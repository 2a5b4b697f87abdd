// What vector instructions compute: every function against the obvious loops over the whole
// activation buffer.
#include "tests/sim/systemc/vector_bench.h"

namespace qsim::test {
namespace {

constexpr std::pair<int32_t, int32_t> kArrays[] = {{4, 4}, {16, 16}, {5, 7}, {8, 3}, {4, 16}};

TEST(SystemcVector, RequantGivesCodesInEveryMode) {
  for (const RequantMode mode : kRequantModes) {
    for (const auto& [rows, cols] : kArrays) {
      VectorBench bench(rows, cols, 16);
      bench.tiny.arch().vector.requant = mode;
      bench.randomize(1);
      bench.set_parameters(16 * cols, 3);
      Vector op = window_op(VectorFunction::kRequant, rows, cols);
      op.src = 7;
      bench.expect_values(op, name_of(mode));
    }
  }
}

TEST(SystemcVector, AddAndRescaleGiveCodes) {
  for (const auto& [rows, cols] : kArrays) {
    VectorBench bench(rows, cols, 16);
    bench.randomize(2);
    bench.expect_values(window_op(VectorFunction::kAdd, rows, cols), "add");
    Vector rescale = window_op(VectorFunction::kRescale, rows, cols);
    rescale.y0 = 3;  // reaches over the lower edge
    bench.expect_values(rescale, "rescale");
  }
}

TEST(SystemcVector, PoolsGiveCodes) {
  for (const auto& [rows, cols] : kArrays) {
    VectorBench bench(rows, cols, 16);
    bench.randomize(3);
    bench.expect_values(pooling_op(VectorFunction::kMaxPool, rows, cols), "max pool");
    bench.expect_values(pooling_op(VectorFunction::kAveragePool, rows, cols), "average pool");
    Vector nothing = pooling_op(VectorFunction::kMaxPool, rows, cols);
    nothing.y0 = -20;
    bench.expect_values(nothing, "max pool of padding");
  }
}

TEST(SystemcVector, DepthwiseGivesCodesInEveryMode) {
  for (const RequantMode mode : kRequantModes) {
    for (const auto& [rows, cols] : kArrays) {
      VectorBench bench(rows, cols, 16);
      bench.tiny.arch().vector.requant = mode;
      bench.randomize(4);
      bench.set_parameters(16 * cols + 8 * cols, 3);
      bench.expect_values(pooling_op(VectorFunction::kDepthwise, rows, cols), name_of(mode));
    }
  }
}

TEST(SystemcVector, InPlaceAndOverItsOwnSourceAreExact) {
  VectorBench bench(4, 4, 4);
  bench.randomize(5);
  Vector op = window_op(VectorFunction::kRescale, 4, 4);
  op.src_pixel_pitch = op.dst_pixel_pitch;
  op.src_row_pitch = op.dst_row_pitch;
  op.src = op.dst;
  bench.expect_values(op, "in place");
  // A row of 20 pixels at one cycle each: pixel p is read in cycle p + 1 of the row and written in
  // cycle p + 9. Written 8 pixels ahead it is read again in the very cycle, as it was; 9 pixels
  // ahead, as it is now.
  op = vector(VectorFunction::kRescale, 20, 4, 4);
  op.multiplier = 1 << 23;
  op.shift = 23;
  op.zero_dst = 1;
  const auto code_after = [&](int32_t ahead, size_t pixel) {
    op.dst = ahead * 4;
    return static_cast<int8_t>(
        bench.run(op).outputs[0].bytes[static_cast<size_t>(op.dst) + pixel * 4]);
  };
  EXPECT_EQ(code_after(8, 8), std::min(bench.from.act[8 * 4] + 1, 127));
  EXPECT_EQ(code_after(9, 9), std::min(bench.from.act[0] + 2, 127));
}

TEST(SystemcVector, CountsWrapsOfTheBias) {
  VectorBench bench(4, 4, 4);
  bench.set_parameters(64, 1);
  const int32_t one = 1;
  std::memcpy(bench.from.param.data(), &one, 4);
  bench.from.acc[0] = INT32_MAX;
  bench.from.acc[4] = INT32_MAX - 1;
  const RunResult run = bench.run(vector(VectorFunction::kRequant, 2, 1, 4));
  EXPECT_EQ(run.counters.accumulator_wraps, 1);
}

}  // namespace
}  // namespace qsim::test
