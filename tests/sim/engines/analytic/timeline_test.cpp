// Rules of docs/reference/timing.md by figures worked out by hand. Memory is ideal and the bus 64
// bytes wide: instruction i is requested in cycle i (T4), arrives in i + 1 (T9), is dispatched in i
// + 2 (T5).
#include <gtest/gtest.h>

#include "hw/spec/error.h"
#include "sim/engines/analytic/engine.h"

namespace qsim {
namespace {

constexpr uint8_t kLoadBit = 1, kComputeBit = 2, kVectorBit = 4;

class TimelineTest : public testing::Test {
 protected:
  TimelineTest() {
    program_.arch.memory.model = MemoryModel::kIdeal;
    program_.arch.memory.bus_bytes = 64;
  }

  Arch& arch() { return program_.arch; }
  void add(const Operation& op, uint8_t take = 0, uint8_t give = 0) {
    program_.instructions.push_back({op, take, give});
  }
  std::vector<InstructionTiming> run() {
    add(Halt{});
    program_.steps = {{-1, 0, static_cast<int32_t>(program_.instructions.size())}};
    result_ = run_analytic(program_);
    return result_.timing;
  }

  static Load load(int64_t address, int32_t bytes) {
    Load op;
    op.dram_address = address;
    op.bytes = bytes;
    op.count0 = op.count1 = op.count2 = 1;
    return op;
  }
  static Store store(int64_t address, int32_t bytes) {
    Store op;
    op.dram_address = address;
    op.bytes = bytes;
    op.count0 = op.count1 = op.count2 = 1;
    return op;
  }
  static Matmul matmul(int32_t pixels, int32_t tiles) {
    Matmul op;
    op.out_h = 1, op.out_w = pixels;
    op.kh = op.kw = 1;
    op.cblocks = tiles;
    op.stride_h = op.stride_w = 1;
    return op;
  }
  static Vector vector(VectorFunction function, int32_t pixels) {
    Vector op;
    op.function = static_cast<int32_t>(function);
    op.blocks = 1;
    op.last_channels = 16;
    op.out_h = 1, op.out_w = pixels;
    op.kh = op.kw = 1;
    return op;
  }

  Program program_;
  RunResult result_;
};

TEST_F(TimelineTest, HaltAlone) {
  const auto t = run();
  EXPECT_EQ(t[0].issue, 2);   // dispatch
  EXPECT_EQ(t[0].retire, 3);  // T2
  EXPECT_EQ(result_.cycles, 4);
}

TEST_F(TimelineTest, LoadRequestsArrivesLands) {
  add(load(0, 1024 + 64));  // 17 beats: a burst of 16 and one of 1
  const auto t = run();
  EXPECT_EQ(t[0].issue, 3);
  // Requests in cycles 4 and 5; beats from 5 on, one a cycle; the 17th arrives in 21, lands in 22.
  EXPECT_EQ(t[0].busy_until, 6);
  EXPECT_EQ(t[0].done, 22);
  EXPECT_EQ(t[0].retire, 22);
  EXPECT_EQ(result_.counters.load_bursts, 2);
  EXPECT_EQ(result_.counters.load_beats, 17);
}

TEST_F(TimelineTest, BurstsEndAt4096) {
  add(load(4096 - 64, 128));
  run();
  EXPECT_EQ(result_.counters.load_bursts, 2);
}

TEST_F(TimelineTest, OutstandingLoadsAreLimited) {
  arch().dma.load_outstanding = 1;
  add(load(0, 2048));  // two bursts of 16 beats
  const auto t = run();
  // The first is requested in 4 and lands in 4 + 1 + 15 + 1 = 21, so the second is requested in 22.
  EXPECT_EQ(t[0].busy_until, 23);
  EXPECT_EQ(t[0].done, 22 + 1 + 15 + 1);
}

TEST_F(TimelineTest, FractionalBandwidth) {
  arch().memory.model = MemoryModel::kLatency;
  arch().memory.latency_cycles = 10;
  arch().memory.bytes_per_cycle = 38.4;  // a beat of 64 bytes every 5/3 cycles
  add(load(0, 64 * 4));
  const auto t = run();
  // HALT is fetched before the load's request: the channel has carried two instructions by then.
  // Fetches in 0 and 1 occupy it from 10 to 10 + 2 * 5/3 = 13.33; the load issues in 12, requests
  // in 13, starts at 23; its fourth beat arrives at ceil(23 + 5) = 28 and lands in 29.
  EXPECT_EQ(t[0].issue, 12);
  EXPECT_EQ(t[0].done, 29);
}

TEST_F(TimelineTest, StoreWaitsForItsResponse) {
  add(store(0, 17 * 64));
  const auto t = run();
  // First request in 3 + 2, beats accepted in 5 to 20; the second burst's beat in 21, its response
  // in 22.
  EXPECT_EQ(t[0].busy_until, 22);
  EXPECT_EQ(t[0].done, 22);
}

TEST_F(TimelineTest, WeightStationaryStreamsWithoutBubbles) {
  add(matmul(20, 3));
  add(matmul(5, 2));  // fewer pixels than rows: the weights set the pace
  const auto t = run();
  EXPECT_EQ(t[0].issue, 3);
  EXPECT_EQ(t[0].busy_until, 3 + 3 * 20);
  EXPECT_EQ(t[0].done, 3 + 1 + 2 * 20 + 19 + 16 + 16 + 3);
  EXPECT_EQ(t[1].issue, t[0].busy_until);
  EXPECT_EQ(t[1].busy_until - t[1].issue, 2 * 16);
  EXPECT_EQ(t[1].done - t[1].issue, 1 + 16 + 4 + 16 + 16 + 3);
}

TEST_F(TimelineTest, OutputStationaryGroupsPixels) {
  arch().array.dataflow = Dataflow::kOs;
  add(matmul(20, 3));  // two groups of 16 pixels
  const auto t = run();
  EXPECT_EQ(t[0].busy_until - t[0].issue, 2 * 3 * 16);
  EXPECT_EQ(t[0].done - t[0].busy_until, 1 - 16 + 3 * 16 + 16 + 1);
}

TEST_F(TimelineTest, VectorCosts) {
  arch().vector.lanes = 8;  // two passes for 16 channels
  add(vector(VectorFunction::kRequant, 10));
  Vector unaligned = vector(VectorFunction::kRescale, 10);
  unaligned.src = 4, unaligned.dst_pixel_pitch = 16;
  add(unaligned);
  Vector pool = vector(VectorFunction::kMaxPool, 10);
  pool.kh = pool.kw = 3;
  add(pool);
  const auto t = run();
  EXPECT_EQ(t[0].busy_until - t[0].issue, 4 + 10 * 2);
  EXPECT_EQ(t[0].done, t[0].busy_until + 8);
  EXPECT_EQ(t[1].issue, t[0].busy_until);
  EXPECT_EQ(t[1].busy_until - t[1].issue, 4 + 10 * 2);  // two words read as well
  EXPECT_EQ(t[2].busy_until - t[2].issue, 4 + 10 * 9 * 2);
}

TEST_F(TimelineTest, DrainWaitsForTheUnitsPipeline) {
  add(vector(VectorFunction::kRequant, 10));
  Vector reader = vector(VectorFunction::kRescale, 10);
  reader.drain = 1;
  add(reader);
  const auto t = run();
  EXPECT_EQ(t[1].issue, t[0].retire + 1);
}

TEST_F(TimelineTest, TokenIsSeenOneCycleAfterItIsGiven) {
  add(load(0, 640), 0, kComputeBit);
  add(matmul(16, 1), kLoadBit);
  const auto t = run();
  EXPECT_EQ(t[1].issue, t[0].retire + 1);
}

TEST_F(TimelineTest, FullCounterHoldsTheGiver) {
  arch().sync.token_depth = 1;
  add(matmul(100, 1), 0, kVectorBit);                                // compute 0
  add(load(0, 64), 0, kVectorBit);                                   // gives early
  add(load(0, 64), 0, kVectorBit);                                   // finds the counter full
  add(vector(VectorFunction::kRequant, 4), kComputeBit | kLoadBit);  // takes the first
  add(vector(VectorFunction::kRequant, 4), kLoadBit);
  const auto t = run();
  EXPECT_EQ(t[2].retire, t[3].issue + 1);
  EXPECT_GT(t[2].retire, t[2].done + 50);
  EXPECT_EQ(result_.counters.token_full_cycles, t[2].retire - std::max(t[2].done, t[1].retire + 1));
}

TEST_F(TimelineTest, InFlightLimit) {
  arch().sync.in_flight = 1;
  add(matmul(16, 1));
  add(matmul(16, 1));
  const auto t = run();
  EXPECT_EQ(t[1].issue, t[0].retire + 1);
}

TEST_F(TimelineTest, QueueRoomHoldsDispatch) {
  arch().fetch.queue_depth = 1;
  add(matmul(100, 1));
  add(matmul(16, 1));
  add(matmul(16, 1));
  const auto t = run();
  // The third is dispatched one cycle after the second has issued, HALT one cycle after that.
  EXPECT_EQ(t[3].issue, t[1].issue + 2);
}

TEST_F(TimelineTest, HangNamesWhoWaitsForWhat) {
  add(matmul(16, 1), kVectorBit);
  try {
    run();
    FAIL() << "no token ever comes";
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "hang: nothing can happen any more; compute instr 0 waits for a token from vector");
  }
}

TEST_F(TimelineTest, HostStepsCountInBetween) {
  NetTensor small, large;
  small.c = 10, large.c = 30;
  program_.network.tensors = {small, large};
  Layer host;
  host.op = LayerOp::kHostQuantize;
  host.inputs = {0};
  host.output = 1;
  program_.network.layers = {host};
  arch().host.step_cycles = 100;
  arch().host.elements_per_cycle = 4.0;
  add(Halt{});
  program_.steps = {{0, 0, 0}, {-1, 0, 1}};
  const RunResult result = run_analytic(program_);
  EXPECT_EQ(result.steps[0].end, 100 + 8);  // 30 elements, 4 a cycle
  EXPECT_EQ(result.timing[0].issue, 108 + 2);
  EXPECT_EQ(result.cycles, 108 + 4);
}

}  // namespace
}  // namespace qsim
