// Fetch, dispatch, issue, tokens and retirement: T2, T4 to T8. Expected cycles are worked out by
// hand; equality says both that nothing happened a cycle earlier and that it did happen then.
#include <gtest/gtest.h>

#include "tests/sim/systemc/tiny_program.h"

namespace qsim::test {
namespace {

// A matmul of P pixels on the 16x16 array is busy for max(P, 16) cycles and retires
// P + 16 + 16 + 3 cycles after it issues, when it is alone.
constexpr int64_t kMatmulTail = 16 + 16 + 3;

TEST(SystemcIssue, FirstInstructionIsDispatchedInCycleTwo) {
  const RunResult run = TinyProgram().add(matmul(16)).run();
  EXPECT_EQ(run.timing[0].issue, 3);
  EXPECT_EQ(run.timing[0].busy_until, 3 + 16);
  EXPECT_EQ(run.timing[0].done, 3 + 16 + kMatmulTail);
  EXPECT_EQ(run.timing[0].retire, run.timing[0].done);
  EXPECT_EQ(run.timing[1].issue, 3);  // HALT needs no queue
  EXPECT_EQ(run.timing[1].retire, run.timing[0].retire + 1);
  EXPECT_EQ(run.steps[0].start, 0);
  EXPECT_EQ(run.steps[0].end, run.timing[1].retire + 1);
  EXPECT_EQ(run.cycles, run.steps[0].end);
}

TEST(SystemcIssue, HaltAloneRetiresAfterItsDispatch) {
  const RunResult run = TinyProgram().run();
  EXPECT_EQ(run.timing[0].issue, 2);
  EXPECT_EQ(run.timing[0].retire, 3);
  EXPECT_EQ(run.cycles, 4);
}

TEST(SystemcIssue, NarrowBusSpreadsAnInstructionOverBeats) {
  TinyProgram tiny;
  tiny.arch().memory.bus_bytes = 16;  // 4 beats: cycles 1 to 4, next instruction 5 to 8
  const RunResult run = tiny.add(matmul(1)).add(load(BufferId::kActivation, 0, kData, 16)).run();
  EXPECT_EQ(run.timing[0].issue, 4 + 2);
  EXPECT_EQ(run.timing[1].issue, 8 + 2);
  EXPECT_EQ(run.counters.fetch_beats, 12);
}

TEST(SystemcIssue, FetchRunsAheadByTheFifoOnly) {
  TinyProgram tiny;
  tiny.arch().memory.model = MemoryModel::kLatency;
  tiny.arch().memory.latency_cycles = 10;
  tiny.arch().memory.bytes_per_cycle = 64;
  tiny.arch().fetch.fifo_depth = 2;
  for (int i = 0; i < 4; ++i) tiny.add(load(BufferId::kActivation, 64 * i, kData, 64));
  const RunResult run = tiny.run();
  // Requests in cycles 0 and 1; dispatch in 11 and 12; the next requests the cycle after each.
  EXPECT_EQ(run.timing[0].issue, 12);
  EXPECT_EQ(run.timing[2].issue, 12 + 11 + 1);  // request 12, arrival 22, dispatch 23
}

TEST(SystemcIssue, QueueRoomAppearsTheCycleAfterAnIssue) {
  TinyProgram tiny;
  tiny.arch().fetch.queue_depth = 1;
  for (int i = 0; i < 3; ++i) tiny.add(matmul(40));
  const RunResult run = tiny.add(load(BufferId::kParam, 0, kData, 64)).run();
  EXPECT_EQ(run.timing[0].issue, 3);
  EXPECT_EQ(run.timing[1].issue, 43);
  EXPECT_EQ(run.timing[2].issue, 83);
  // Matmul 2 waits until matmul 1 has issued in cycle 43 and goes to the queue in 44; the load
  // behind it follows in 45 and issues in 46.
  EXPECT_EQ(run.timing[3].issue, 46);
}

TEST(SystemcIssue, InFlightLimitHoldsUntilTheCycleAfterARetirement) {
  TinyProgram tiny;
  tiny.arch().sync.in_flight = 1;
  const RunResult run = tiny.add(matmul(16)).add(matmul(16)).run();
  EXPECT_EQ(run.timing[1].issue, run.timing[0].retire + 1);
  tiny.arch().sync.in_flight = 2;
  EXPECT_EQ(tiny.run().timing[1].issue, 3 + 16);
}

TEST(SystemcIssue, TokenCountsTheCycleAfterItIsGiven) {
  const RunResult run = TinyProgram()
                            .add(matmul(16), 0, kVectorBit)
                            .add(vector(VectorFunction::kRequant, 16, 16, 16), kComputeBit)
                            .run();
  EXPECT_EQ(run.timing[1].issue, run.timing[0].retire + 1);
}

TEST(SystemcIssue, EachInstructionTakesItsOwnToken) {
  const Vector requant = vector(VectorFunction::kRequant, 1, 16, 16);
  TinyProgram tiny;
  Matmul second = matmul(100);
  second.acc = 100;
  tiny.add(matmul(100), 0, kVectorBit).add(second, 0, kVectorBit);
  const RunResult run = tiny.add(requant, kComputeBit).add(requant, kComputeBit).run();
  EXPECT_EQ(run.timing[2].issue, run.timing[0].retire + 1);
  EXPECT_EQ(run.timing[3].issue, run.timing[1].retire + 1);
}

TEST(SystemcIssue, TokensFromTwoUnitsAreBothNeeded) {
  const RunResult run =
      TinyProgram()
          .add(matmul(16), 0, kVectorBit)
          .add(load(BufferId::kParam, 0, kData, 4096), 0, kVectorBit)
          .add(vector(VectorFunction::kRequant, 16, 16, 16), kComputeBit | kLoadBit)
          .run();
  EXPECT_EQ(run.timing[2].issue, std::max(run.timing[0].retire, run.timing[1].retire) + 1);
}

TEST(SystemcIssue, UnitMayTakeATokenOfItsOwn) {
  const RunResult run =
      TinyProgram().add(matmul(16), 0, kComputeBit).add(matmul(16), kComputeBit).run();
  EXPECT_EQ(run.timing[1].issue, run.timing[0].retire + 1);
}

TEST(SystemcIssue, RetirementIsInOrderOneACycle) {
  TinyProgram tiny;
  tiny.arch().memory.model = MemoryModel::kLatency;
  tiny.arch().memory.bytes_per_cycle = 64;
  tiny.arch().memory.latency_cycles = 50;
  tiny.arch().fetch.queue_depth = 4;
  tiny.arch().sync.token_depth = 1;
  // The second load cannot give its token before the vector unit takes the first one.
  tiny.add(load(BufferId::kActivation, 0, kData, 64), 0, kVectorBit)
      .add(load(BufferId::kActivation, 64, kData, 64), 0, kVectorBit)
      .add(load(BufferId::kActivation, 128, kData, 64))
      .add(vector(VectorFunction::kMaxPool, 200, 16, 16))
      .add(vector(VectorFunction::kMaxPool, 1, 16, 16), kLoadBit)
      .add(vector(VectorFunction::kMaxPool, 1, 16, 16), kLoadBit);
  SystemcOptions loose;
  loose.check_hazards = false;
  const RunResult run = tiny.run(loose);
  EXPECT_EQ(run.timing[1].retire, run.timing[4].issue + 1);
  EXPECT_EQ(run.timing[2].retire, run.timing[1].retire + 1);
  EXPECT_EQ(run.timing[5].issue, run.timing[4].busy_until);
  EXPECT_EQ(run.counters.token_full_cycles,
            run.timing[1].retire - std::max(run.timing[1].done, run.timing[0].retire + 1));
  EXPECT_GT(run.counters.token_full_cycles, 0);
}

TEST(SystemcIssue, SegmentsFollowEachOtherAndStartWithoutTokens) {
  TinyProgram tiny;
  tiny.add(matmul(16), 0, kVectorBit).add(Halt{}).add(matmul(16));
  Program program = tiny.program();
  program.instructions.push_back({Halt{}});
  program.info.push_back({.layer = 0});
  program.steps = {{-1, 0, 2}, {-1, 2, 2}};
  const RunResult run = SystemcEngine(program).run({});
  EXPECT_EQ(run.steps[0].end, run.timing[1].retire + 1);
  EXPECT_EQ(run.steps[1].start, run.steps[0].end);
  EXPECT_EQ(run.timing[2].issue, run.steps[1].start + 3);
  // The first segment's token is gone: a vector instruction that waits for it hangs.
  program.instructions[2] = {vector(VectorFunction::kMaxPool, 1, 16, 16), kComputeBit, 0};
  EXPECT_THROW(SystemcEngine(program).run({}), std::runtime_error);
}

}  // namespace
}  // namespace qsim::test
