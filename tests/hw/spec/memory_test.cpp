// Rule T9: when the beats of bursts cross the bus, tested from both sides where a delay ends.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "hw/spec/memory_timing.h"

namespace qsim {
namespace {

Arch arch_with(int latency_cycles, double bytes_per_cycle, int bus_bytes = 16) {
  Arch arch;
  arch.memory.latency_cycles = latency_cycles;
  arch.memory.bytes_per_cycle = bytes_per_cycle;
  arch.memory.bus_bytes = bus_bytes;
  return arch;
}

TEST(MemoryTiming, IdealAnswersInOneCycleABeatACycle) {
  Arch arch = arch_with(60, 4);
  arch.memory.model = MemoryModel::kIdeal;
  MemoryTiming memory(arch);
  const BurstTiming read = memory.read(10, 0, 4);
  EXPECT_EQ(read.beat_cycle(0), 11);
  EXPECT_EQ(read.beat_cycle(3), 14);
  const BurstTiming write = memory.write(10, 0, 4);
  EXPECT_EQ(write.beat_cycle(0), 10);
  EXPECT_EQ(write.beat_cycle(3), 13);
  EXPECT_EQ(write.response_cycle(4), 14);
}

TEST(MemoryTiming, FirstBeatArrivesAfterTheLatency) {
  MemoryTiming memory(arch_with(60, 16));
  EXPECT_EQ(memory.read(5, 0, 1).beat_cycle(0), 65);
}

// A busy channel delays a burst by what is left, to the cycle: requested when the channel becomes
// free minus the latency, it does not wait; one cycle earlier, it waits one.
TEST(MemoryTiming, BurstsQueueOnTheirChannel) {
  for (const int early : {0, 1, 2}) {
    MemoryTiming memory(arch_with(60, 16));
    EXPECT_EQ(memory.read(0, 0, 16).beat_cycle(15), 75);
    const int64_t request = 16 - early;
    EXPECT_EQ(memory.read(request, 0, 1).beat_cycle(0), 76) << early;
  }
  MemoryTiming memory(arch_with(60, 16));
  memory.read(0, 0, 16);
  EXPECT_EQ(memory.read(17, 0, 1).beat_cycle(0), 77);
}

TEST(MemoryTiming, ReadsAndWritesAreIndependent) {
  MemoryTiming memory(arch_with(60, 16));
  memory.read(0, 0, 16);
  EXPECT_EQ(memory.write(0, 0, 1).beat_cycle(0), 0);
  memory.write(0, 0, 16);
  EXPECT_EQ(memory.read(1, 0, 1).beat_cycle(0), 76);
}

TEST(MemoryTiming, WriteResponseComesALatencyAfterTheLastBeat) {
  MemoryTiming memory(arch_with(60, 8));
  const BurstTiming write = memory.write(100, 0, 3);
  EXPECT_EQ(write.beat_cycle(0), 100);
  EXPECT_EQ(write.beat_cycle(1), 102);
  EXPECT_EQ(write.beat_cycle(2), 104);
  EXPECT_EQ(write.response_cycle(3), 164);
  // The channel is free again two cycles after the last beat began.
  EXPECT_EQ(memory.write(105, 0, 1).beat_cycle(0), 106);
  EXPECT_EQ(memory.write(108, 0, 1).beat_cycle(0), 108);
}

// 16-byte beats at 10.667 bytes a cycle take 1.49995... cycles each.
TEST(MemoryTiming, FractionalBandwidthRoundsEachBeatUp) {
  MemoryTiming memory(arch_with(20, 10.667));
  const BurstTiming read = memory.read(0, 0, 16);
  EXPECT_EQ(read.units_per_cycle, 10667);
  EXPECT_EQ(read.period, 16000);
  for (int64_t k = 0; k < 16; ++k) {
    const int64_t exact_numerator = 20 * 10667 + k * 16000;
    EXPECT_EQ(read.beat_cycle(k), (exact_numerator + 10666) / 10667) << k;
  }
  EXPECT_EQ(read.beat_cycle(1), 22);  // 21.49995
  EXPECT_EQ(read.beat_cycle(2), 23);  // 22.9999
  EXPECT_EQ(read.beat_cycle(4), 26);  // 25.9998
}

// A beat that falls exactly on a cycle is not rounded up to the next.
TEST(MemoryTiming, WholeCyclesStayWhole) {
  MemoryTiming memory(arch_with(1, 12.8));
  const BurstTiming read = memory.read(0, 0, 16);
  EXPECT_EQ(read.beat_cycle(3), 5);  // 1 + 3.75
  EXPECT_EQ(read.beat_cycle(4), 6);  // 1 + 5
  EXPECT_EQ(read.beat_cycle(5), 8);  // 1 + 6.25
}

// Time left over inside a cycle is not lost: a later burst continues where the earlier stopped.
TEST(MemoryTiming, BurstsContinueInsideACycle) {
  MemoryTiming memory(arch_with(20, 10.667));
  memory.read(0, 0, 1);
  const BurstTiming second = memory.read(1, 0, 1);
  EXPECT_EQ(second.start, 20 * 10667 + 16000);
}

TEST(MemoryTiming, MoreBandwidthThanTheBusCountsAsTheBus) {
  MemoryTiming memory(arch_with(60, 64, 8));
  const BurstTiming read = memory.read(0, 0, 4);
  EXPECT_EQ(read.beat_cycle(3), 63);
}

TEST(MemoryTiming, OutOfOrderRequestsAreABug) {
  MemoryTiming memory(arch_with(60, 16));
  memory.read(10, 0, 1);
  memory.write(10, 0, 1);
  EXPECT_THROW(memory.read(9, 0, 1), std::logic_error);
  EXPECT_THROW(memory.write(9, 0, 1), std::logic_error);
  EXPECT_THROW(memory.read_last_beat(9, 1), std::logic_error);
  EXPECT_THROW(memory.write_last_beat(9, 1), std::logic_error);
}

TEST(MemoryTiming, LastBeatsAlone) {
  MemoryTiming bursts(arch_with(7, 5.333)), last(arch_with(7, 5.333));
  std::mt19937 random(11);
  int64_t cycle = 0;
  for (int i = 0; i < 1000; ++i) {
    cycle += static_cast<int64_t>(random() % 40);
    const int64_t beats = 1 + static_cast<int64_t>(random() % 16);
    EXPECT_EQ(last.read_last_beat(cycle, beats),
              bursts.read(cycle, 0, beats).beat_cycle(beats - 1));
    EXPECT_EQ(last.write_last_beat(cycle, beats) + last.latency_cycles(),
              bursts.write(cycle, 0, beats).response_cycle(beats));
  }
}

// Two requests in the past are forgotten as soon as they keep nobody waiting, and not before.
TEST(MemoryTiming, EqualBacklogsGiveEqualAnswers) {
  MemoryTiming memory(arch_with(10, 16));
  memory.read(0, 0, 16);
  memory.write(0, 0, 16);
  EXPECT_EQ(memory.backlog(0), (MemoryTiming::Backlog{16, 16}));
  EXPECT_EQ(memory.backlog(15), (MemoryTiming::Backlog{1, 1}));
  EXPECT_EQ(memory.backlog(16), MemoryTiming::Backlog{});
  EXPECT_EQ(memory.backlog(1000), MemoryTiming::Backlog{});

  MemoryTiming later(arch_with(10, 6.5)), now(arch_with(10, 6.5));
  for (MemoryTiming* one : {&later, &now}) {
    one->read(3, 0, 16);
    one->write(5, 0, 9);
  }
  later.delay(100);
  EXPECT_EQ(later.backlog(110), now.backlog(10));
  EXPECT_EQ(later.read_last_beat(110, 3), now.read_last_beat(10, 3) + 100);
  EXPECT_EQ(later.write_last_beat(111, 3), now.write_last_beat(11, 3) + 100);
  EXPECT_THROW(later.read(109, 0, 1), std::logic_error);
}

TEST(MemoryTiming, ADramsChannelsAreOne) {
  Arch arch;
  EXPECT_TRUE(MemoryTiming(arch).has_independent_channels());
  arch.memory.model = MemoryModel::kDdr4;
  MemoryTiming memory(arch);
  EXPECT_FALSE(memory.has_independent_channels());
  memory.read(10, 0, 1);
  EXPECT_THROW(memory.write(9, 0, 1), std::logic_error);
}

// Long runs deliver exactly the bandwidth.
TEST(MemoryTiming, SustainsTheStatedBandwidth) {
  std::mt19937 random(7);
  for (const double bytes_per_cycle : {0.001, 1.7, 5.333, 15.999, 16.0}) {
    MemoryTiming memory(arch_with(60, bytes_per_cycle));
    int64_t beats = 0;
    BurstTiming last;
    for (int64_t i = 0; i < 1000; ++i) {
      const int64_t n = 1 + static_cast<int64_t>(random() % 16);
      last = memory.read(0, 0, n);
      beats += n;
      if (i == 999) {
        const double cycles = static_cast<double>(last.beat_cycle(n - 1) - 60);
        EXPECT_NEAR(cycles, static_cast<double>(beats - 1) * 16 / bytes_per_cycle, 1.0);
      }
    }
  }
}

}  // namespace
}  // namespace qsim
