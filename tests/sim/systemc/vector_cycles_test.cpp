// When vector instructions do what they do: the cycles of T15, and the exact cycle in which
// operands are read and codes written.
#include "tests/sim/systemc/vector_bench.h"

namespace qsim::test {
namespace {

// What T15's table says of an instruction with two blocks of 8 and 5 channels on rows of 4.
struct Cost {
  VectorFunction function;
  int32_t lanes, dst, src;
  int64_t first_block, second_block;  // cycles per pixel
  int32_t dst_pack = 0, src_pack = 0;
};

TEST(SystemcVector, CyclesFollowPassesAndWords) {
  const Cost costs[] = {
      {VectorFunction::kRequant, 8, 0, 0, 2, 2},  // two words written; one pass
      {VectorFunction::kRequant, 2, 0, 0, 4, 3},  // passes
      {VectorFunction::kRequant, 8, 3, 0, 3, 2},  // bytes 3 to 10: three words; 11 to 15: two
      {VectorFunction::kAdd, 8, 0, 0, 4, 4},      // 2 + 2 words read
      {VectorFunction::kAdd, 2, 0, 0, 8, 6},      // passes for each operand
      {VectorFunction::kRescale, 8, 0, 1, 3, 2},  // bytes 1 to 8, 9 to 13
      {VectorFunction::kRescale, 8, 3, 0, 3, 2},
      {VectorFunction::kMaxPool, 8, 0, 0, 12, 12},  // six taps of two words
      {VectorFunction::kAveragePool, 4, 0, 1, 18, 12},
      {VectorFunction::kDepthwise, 1, 0, 0, 48, 30},
      {VectorFunction::kRequant, 4, 0, 0, 2, 2, 1},     // passes; one word written
      {VectorFunction::kRequant, 4, 2, 0, 2, 2, 2},     // bytes 2 and 3, 4 and 5
      {VectorFunction::kRescale, 4, 0, 3, 3, 2, 0, 0},  // bytes 3 to 10, 11 to 15
      {VectorFunction::kRescale, 4, 0, 3, 2, 2, 1, 1},  // bytes 3 to 6, 7 to 9: two words each
      {VectorFunction::kRescale, 4, 0, 3, 2, 2, 0, 2},  // two words written
      {VectorFunction::kMaxPool, 4, 0, 3, 12, 12, 0, 1},
  };
  for (const Cost& cost : costs) {
    TinyProgram tiny;
    tiny.array(4, 8);
    tiny.arch().vector.lanes = cost.lanes;
    Vector op = vector(cost.function, 5, 5, 4);
    op.blocks = 2;
    op.dst = cost.dst + 4096;
    op.src = cost.src;
    op.src2 = 2048;
    op.dst_pack = cost.dst_pack;
    op.src_pack = cost.src_pack;
    op.dst_pixel_pitch = op.src_pixel_pitch = op.src2_pixel_pitch = 16;
    op.dst_row_pitch = op.src_row_pitch = op.src2_row_pitch = 80;
    const bool window = cost.function == VectorFunction::kMaxPool ||
                        cost.function == VectorFunction::kAveragePool ||
                        cost.function == VectorFunction::kDepthwise;
    if (window) {
      op.kh = 2;
      op.kw = 3;
    }
    const RunResult run = tiny.add(op).run();
    EXPECT_EQ(run.timing[0].busy_until, 3 + 4 + 5 * cost.first_block + 4 + 5 * cost.second_block)
        << name_of(cost.function) << " lanes " << cost.lanes << " dst " << cost.dst;
    EXPECT_EQ(run.timing[0].done, run.timing[0].busy_until + 8);
    const int64_t operands = cost.function == VectorFunction::kAdd ? 2 : window ? 6 : 1;
    EXPECT_EQ(run.counters.vector_lane_ops, 5 * operands * (8 + 5));
  }
}

TEST(SystemcVector, CountersCountWords) {
  TinyProgram tiny;
  tiny.array(4, 8);
  Vector op = vector(VectorFunction::kMaxPool, 5, 8, 4);
  op.dst = 4096 + 1;
  op.dst_pixel_pitch = op.src_pixel_pitch = 16;
  op.src = 2;
  op.kw = 3;
  EXPECT_EQ(tiny.add(op).run().counters.act_reads_vector, 5 * 3 * 3);
  EXPECT_EQ(tiny.run().counters.act_writes_vector, 5 * 3);
  TinyProgram requant;
  requant.add(vector(VectorFunction::kRequant, 5, 16, 16));
  EXPECT_EQ(requant.run().counters.acc_reads_vector, 5);
  EXPECT_EQ(requant.run().counters.act_reads_vector, 0);
}

TEST(SystemcVector, OperandsAreReadAndCodesWrittenInTheirCycle) {
  VectorBench bench(4, 4, 2);
  bench.set_parameters(64, 1);
  for (int64_t j = 0; j < 4; ++j) {  // identity, bias 0
    const int32_t words[] = {0, 1 << 23, 23, 0};
    for (int64_t w = 0; w < 4; ++w) {
      std::memcpy(bench.from.param.data() + 4 * (w * 4 + j), words + w, 4);
    }
  }
  Vector op = vector(VectorFunction::kRequant, 3, 4, 4);  // two passes a pixel
  op.dst = 4096;
  const int64_t issue = bench.run(op).timing[kVector].issue;
  const auto code = [&](int64_t cycle, Poke::Target target, int64_t byte, uint8_t value,
                        int64_t pixel) {
    SystemcOptions options;
    options.pokes = {{cycle, target, byte, value}};
    return static_cast<int8_t>(
        bench.run(op, options).outputs[0].bytes[static_cast<size_t>(op.dst + pixel * 4)]);
  };
  // Parameters in the block's first cycle, operands in the first of a pixel's cycles.
  EXPECT_EQ(code(issue, Poke::Target::kParam, 0, 9, 0), 9);
  EXPECT_EQ(code(issue + 1, Poke::Target::kParam, 0, 9, 0), 0);
  for (const int64_t pixel : {0, 2}) {
    const int64_t read = issue + 4 + pixel * 2 + 1;
    EXPECT_EQ(code(read - 1, Poke::Target::kAccumulator, pixel * 16, 9, pixel), 9);
    EXPECT_EQ(code(read, Poke::Target::kAccumulator, pixel * 16, 9, pixel), 0);
    const int64_t written = issue + 4 + (pixel + 1) * 2 + 8;
    EXPECT_EQ(code(written - 1, Poke::Target::kActivation, op.dst + pixel * 4, 9, pixel), 0);
    EXPECT_EQ(code(written, Poke::Target::kActivation, op.dst + pixel * 4, 9, pixel), 9);
  }
}

TEST(SystemcVector, DrainWaitsForTheUnitToRunEmpty) {
  Vector second = vector(VectorFunction::kMaxPool, 1, 16, 16);
  second.dst = 1024;
  TinyProgram tiny;
  tiny.add(vector(VectorFunction::kMaxPool, 1, 16, 16)).add(second);
  const std::string hazard = failure(tiny);
  EXPECT_NE(hazard.find("hazard: instruction 1 (vector, layer layer0) reads byte 0"),
            std::string::npos)
      << hazard;
  std::get<Vector>(tiny.program().instructions[1].op).drain = 1;
  const RunResult run = tiny.run();
  EXPECT_EQ(run.timing[1].issue, run.timing[0].retire + 1);
}

}  // namespace
}  // namespace qsim::test
