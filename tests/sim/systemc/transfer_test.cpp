// Loads and stores on the memory (T9 to T12): when bursts are requested, beats arrive and bytes
// land; what is moved. Expected cycles are worked out by hand.
#include <gtest/gtest.h>

#include "tests/sim/systemc/tiny_program.h"

namespace qsim::test {
namespace {

std::vector<uint8_t> ramp(size_t n) {
  std::vector<uint8_t> bytes(n);
  for (size_t i = 0; i < n; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + i / 256);
  return bytes;
}

TEST(SystemcLoad, OneBeatLandsTwoCyclesAfterItsRequest) {
  const RunResult run = TinyProgram().add(load(BufferId::kWeight, 0, kData, 64)).run();
  EXPECT_EQ(run.timing[0].issue, 3);
  EXPECT_EQ(run.timing[0].busy_until, 5);  // request in cycle 4
  EXPECT_EQ(run.timing[0].done, 6);        // arrives in 5
}

TEST(SystemcLoad, BurstsAreRequestedEveryCycleAndBeatsFollowWithoutAGap) {
  const RunResult run = TinyProgram().add(load(BufferId::kWeight, 0, kData, 4096)).run();
  EXPECT_EQ(run.timing[0].busy_until, 4 + 3 + 1);
  EXPECT_EQ(run.timing[0].done, 5 + 63 + 1);
  EXPECT_EQ(run.counters.load_bursts, 4);
  EXPECT_EQ(run.counters.load_beats, 64);
  EXPECT_EQ(run.counters.load_bytes, 4096);
}

TEST(SystemcLoad, NextRequestWaitsForTheLandingThatFreesItsPlace) {
  TinyProgram tiny;
  tiny.arch().dma.load_outstanding = 1;
  tiny.add(load(BufferId::kWeight, 0, kData, 2048 + 64));
  // Requests in 4, 22, 40: beats 5..20, 23..38, 41; landings 21, 39, 42.
  EXPECT_EQ(tiny.run().timing[0].busy_until, 41);
  EXPECT_EQ(tiny.run().timing[0].done, 42);
  tiny.arch().dma.load_outstanding = 2;
  // Requests in 4, 5, 22: beats 5..20, 21..36, 37.
  EXPECT_EQ(tiny.run().timing[0].busy_until, 23);
  EXPECT_EQ(tiny.run().timing[0].done, 38);
}

TEST(SystemcLoad, OutstandingBurstsCountAcrossInstructions) {
  TinyProgram tiny;
  tiny.arch().dma.load_outstanding = 1;
  tiny.add(load(BufferId::kWeight, 0, kData, 1024)).add(load(BufferId::kParam, 0, kData, 64));
  const RunResult run = tiny.run();
  EXPECT_EQ(run.timing[0].done, 21);
  EXPECT_EQ(run.timing[1].issue, 5);
  EXPECT_EQ(run.timing[1].busy_until, 23);  // request in 22
}

TEST(SystemcLoad, LatencyIsFromRequestToFirstBeat) {
  TinyProgram tiny;
  tiny.arch().memory.model = MemoryModel::kLatency;
  tiny.arch().memory.latency_cycles = 60;
  tiny.arch().memory.bytes_per_cycle = 64;
  const RunResult run = tiny.add(load(BufferId::kWeight, 0, kData, 128)).run();
  EXPECT_EQ(run.timing[0].issue, 62);  // fetched in 60
  EXPECT_EQ(run.timing[0].busy_until, 64);
  EXPECT_EQ(run.timing[0].done, 63 + 60 + 1 + 1);
}

TEST(SystemcLoad, FractionalBandwidthRoundsEachBeatUp) {
  TinyProgram tiny;
  tiny.arch().memory = {.model = MemoryModel::kLatency,
                        .bus_bytes = 16,
                        .latency_cycles = 5,
                        .bytes_per_cycle = 6.4};  // a beat every 2.5 cycles
  const RunResult run = tiny.add(load(BufferId::kWeight, 0, kData, 48)).run();
  // Fetch: beats 5, 7.5, 10, 12.5, that is 13; then HALT's from 15 to 22.5, the channel free at 25.
  EXPECT_EQ(run.timing[0].issue, 15);
  EXPECT_EQ(run.timing[1].issue, 24);  // HALT's last beat at 22.5, that is 23
  // Request in 16; beats at 25, 27.5, 30.
  EXPECT_EQ(run.timing[0].done, 31);
}

TEST(SystemcLoad, FetchGoesFirstInACycle) {
  TinyProgram tiny;
  tiny.add(load(BufferId::kWeight, 0, kData, 1024));
  Vector pool = vector(VectorFunction::kMaxPool, 1, 16, 16);
  pool.dst = 1024;
  for (int i = 1; i < 4; ++i) tiny.add(pool);
  // HALT is instruction 4: requested in 4 like the load's burst, it takes the beat of cycle 5.
  const RunResult together = tiny.run();
  EXPECT_EQ(together.timing[4].issue, 6);
  EXPECT_EQ(together.timing[0].done, 6 + 15 + 1);
  // One instruction later it comes after the burst's 16 beats.
  tiny.add(pool);
  const RunResult behind = tiny.run();
  EXPECT_EQ(behind.timing[4].issue, 4 + 3 * 5);  // one vector instruction after another
  EXPECT_EQ(behind.timing[5].issue, 6 + 16 + 1);
}

TEST(SystemcLoad, BurstsStopAtFourKibAndUnalignedPiecesTouchPartialBeats) {
  TinyProgram tiny;
  tiny.add(load(BufferId::kWeight, 0, kData + 4096 - 128, 256));
  EXPECT_EQ(tiny.run().counters.load_bursts, 2);
  EXPECT_EQ(tiny.run().counters.load_beats, 4);
  TinyProgram narrow;
  narrow.arch().memory.bus_bytes = 16;
  narrow.add(load(BufferId::kWeight, 0, kData + 10, 60));  // bytes 10 to 69: beats 0 to 4
  EXPECT_EQ(narrow.run().counters.load_bursts, 1);
  EXPECT_EQ(narrow.run().counters.load_beats, 5);
  EXPECT_EQ(narrow.run().counters.load_bytes, 60);
}

TEST(SystemcStore, RequestsAfterTheLastBeatOfTheBurstBefore) {
  const RunResult run = TinyProgram().add(store(0, kResult, 2048)).run();
  // Requests in 5 and 21: beats 5..20, 21..36.
  EXPECT_EQ(run.timing[0].issue, 3);
  EXPECT_EQ(run.timing[0].busy_until, 37);
  EXPECT_EQ(run.timing[0].done, 37);  // response one cycle after the beat
  EXPECT_EQ(run.counters.store_bursts, 2);
  EXPECT_EQ(run.counters.store_beats, 32);
  EXPECT_EQ(run.counters.store_bytes, 2048);
}

TEST(SystemcStore, SlowMemoryAcceptsBeatsApartAndRespondsLate) {
  TinyProgram tiny;
  tiny.arch().memory = {.model = MemoryModel::kLatency,
                        .bus_bytes = 64,
                        .latency_cycles = 20,
                        .bytes_per_cycle = 25.6};  // a beat every 2.5 cycles
  const RunResult run = tiny.add(store(0, kResult, 192)).add(store(0, kResult, 64)).run();
  // Fetched in 20; the write channel starts at once, in cycle 24: beats at 24, 26.5, 29.
  EXPECT_EQ(run.timing[0].issue, 22);
  EXPECT_EQ(run.timing[0].busy_until, 30);
  EXPECT_EQ(run.timing[0].done, 29 + 20);
  // The next store is requested in 32, when the channel has been free since 31.5.
  EXPECT_EQ(run.timing[1].issue, 30);
  EXPECT_EQ(run.timing[1].busy_until, 33);
  EXPECT_EQ(run.timing[1].done, 32 + 20);
}

// With one byte changed at the end of cycle t, the store takes the new value iff it reads after t.
TEST(SystemcStore, WordsAreReadBeforeTheRequestAndAtTheAcceptanceOfTheBeatBefore) {
  TinyProgram tiny;
  tiny.arch().memory = {.model = MemoryModel::kLatency,
                        .bus_bytes = 4,
                        .latency_cycles = 20,
                        .bytes_per_cycle = 1.6};  // a beat every 2.5 cycles
  tiny.data(std::vector<uint8_t>(72, 5)).result(72);
  tiny.add(load(BufferId::kActivation, 0, kData, 72), 0, kStoreBit);
  tiny.add(store(0, kResult, 72), kLoadBit);
  const int64_t issue = tiny.run().timing[1].issue;
  const auto taken = [&](int64_t cycle, int64_t byte) {
    SystemcOptions options;
    options.pokes = {{cycle, Poke::Target::kActivation, byte, 9}};
    return tiny.run(options).outputs[0].bytes[static_cast<size_t>(byte)] == 9;
  };
  // Bursts of 16 and 2 beats: requested at issue + 2, beat k accepted 2.5 k later, rounded up; the
  // second burst one cycle after beat 15, at issue + 41, when the channel is free since issue + 42.
  const std::pair<int64_t, int64_t> reads[] = {{0, 1},   {1, 2},   {2, 5},  {3, 7},
                                               {15, 37}, {16, 40}, {17, 42}};
  for (const auto& [beat, after_issue] : reads) {
    EXPECT_TRUE(taken(issue + after_issue - 1, beat * 4)) << beat;
    EXPECT_FALSE(taken(issue + after_issue, beat * 4)) << beat;
  }
}

TEST(SystemcStore, ChannelsAreIndependent) {
  TinyProgram tiny;
  tiny.add(load(BufferId::kWeight, 0, kData, 4096)).add(store(0, kResult, 1024));
  const RunResult run = tiny.run();
  EXPECT_EQ(run.timing[1].done, run.timing[1].issue + 2 + 15 + 1);
}

TEST(SystemcTransfer, PiecesGoWhereTheStridesSay) {
  for (const int32_t bus_bytes : {4, 16, 64}) {
    TinyProgram tiny;
    tiny.arch().memory.bus_bytes = bus_bytes;
    tiny.data(ramp(8192)).result(1024);
    Load in = load(BufferId::kActivation, 500, kData + 3, 5);
    in.count0 = 3;
    in.count1 = 2;
    in.count2 = 2;
    in.dram_stride0 = 7;
    in.dram_stride1 = 100;
    in.dram_stride2 = 1000;
    in.buffer_stride0 = 5;
    in.buffer_stride1 = -40;
    in.buffer_stride2 = 100;
    Store out = store(450, kResult + 1, 50);
    out.count0 = 4;
    out.buffer_stride0 = 50;
    out.dram_stride0 = 61;
    tiny.add(load(BufferId::kActivation, 0, kData + 4096, 1024))
        .add(in, 0, kStoreBit)
        .add(out, kLoadBit);
    const std::vector<uint8_t> data = ramp(8192);
    std::vector<uint8_t> buffer(data.begin() + 4096, data.begin() + 4096 + 1024);
    for (int i2 = 0; i2 < 2; ++i2) {
      for (int i1 = 0; i1 < 2; ++i1) {
        for (int i0 = 0; i0 < 3; ++i0) {
          for (int b = 0; b < 5; ++b) {
            buffer[static_cast<size_t>(500 + i0 * 5 - i1 * 40 + i2 * 100 + b)] =
                data[static_cast<size_t>(3 + i0 * 7 + i1 * 100 + i2 * 1000 + b)];
          }
        }
      }
    }
    const RunResult run = tiny.run();
    for (int i0 = 0; i0 < 4; ++i0) {
      for (int b = 0; b < 50; ++b) {
        ASSERT_EQ(run.outputs[0].bytes[static_cast<size_t>(1 + i0 * 61 + b)],
                  buffer[static_cast<size_t>(450 + i0 * 50 + b)])
            << "bus " << bus_bytes << ", piece " << i0 << ", byte " << b;
      }
    }
  }
}

}  // namespace
}  // namespace qsim::test
