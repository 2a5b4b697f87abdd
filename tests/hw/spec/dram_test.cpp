// Rules T19 to T24 against what follows from the parameters by hand, each delay from both sides. In
// most tests a cycle is a clock, and a beat of the bus a column.
#include <gtest/gtest.h>

#include "hw/spec/memory_timing.h"

namespace qsim {
namespace {

constexpr int64_t kColumn = 64;                  // DDR4, bytes
constexpr int64_t kGroupStride = kColumn;        // the next bank group
constexpr int64_t kSameGroup = 4 * kColumn;      // the next column of the same row
constexpr int64_t kBankStride = 4 * 8192;        // the next bank of the same group
constexpr int64_t kRowStride = 4 * kBankStride;  // the next row of the same bank

Arch ddr4() {
  Arch arch;
  arch.memory.model = MemoryModel::kDdr4;
  arch.memory.bus_bytes = 64;
  arch.memory.controller_cycles = 0;
  arch.clock.mhz = 1200;
  return arch;
}

Arch lpddr4() {
  Arch arch = ddr4();
  arch.memory.model = MemoryModel::kLpddr4;
  arch.memory.channel_bits = ChannelBits::k32;  // columns of 64 bytes
  arch.clock.mhz = 1600;
  return arch;
}

int64_t arrival(MemoryTiming& memory, int64_t cycle, int64_t address) {
  return memory.read(cycle, static_cast<uint64_t>(address), 1).beat_cycle(0);
}

// A write whose data are there at once: when the DRAM has them (its response).
int64_t response(MemoryTiming& memory, int64_t cycle, int64_t address) {
  return memory.write(cycle, static_cast<uint64_t>(address), 1).response_cycle(1);
}

TEST(DramTiming, Ddr4LatenciesOfHitClosedAndConflict) {
  MemoryTiming memory(ddr4());
  EXPECT_EQ(arrival(memory, 0, 0), 36);                // RCD + CL + BL
  EXPECT_EQ(arrival(memory, 1000, 0), 1020);           // CL + BL
  EXPECT_EQ(arrival(memory, 2000, kRowStride), 2052);  // RP + RCD + CL + BL
  const DramCounts counts = memory.dram_counts(2053);
  EXPECT_EQ(counts.dram_reads, 3);
  EXPECT_EQ(counts.dram_activates, 2);
  EXPECT_EQ(counts.dram_precharges, 1);
  EXPECT_EQ(counts.dram_row_hits, 1);
  EXPECT_EQ(counts.dram_row_conflicts, 1);
}

TEST(DramTiming, Lpddr4LatenciesOfHitClosedAndConflict) {
  MemoryTiming memory(lpddr4());
  EXPECT_EQ(arrival(memory, 0, 0), 65);
  EXPECT_EQ(arrival(memory, 1000, 0), 1036);
  const int64_t next_row = 8 * 4096;  // 8 banks, rows of two devices
  EXPECT_EQ(arrival(memory, 2000, next_row), 2094);
}

TEST(DramTiming, TheControllersPathIsAddedToEachAnswer) {
  Arch arch = ddr4();
  arch.memory.controller_cycles = 7;
  MemoryTiming memory(arch);
  EXPECT_EQ(arrival(memory, 0, 0), 43);
  EXPECT_EQ(response(memory, 1000, 0), 1000 + 16 + 1 - 1 + 4 + 7);  // WL covers the data's cycle
}

// Where the next row, bank, group and column lie.
TEST(DramTiming, AddressesInterleaveBankGroupsBelowColumnsBelowBanksBelowRows) {
  MemoryTiming memory(ddr4());
  arrival(memory, 0, 0);
  EXPECT_EQ(arrival(memory, 1000, kSameGroup - kColumn), 1036);      // another group: closed
  EXPECT_EQ(arrival(memory, 2000, kSameGroup), 2020);                // the same row
  EXPECT_EQ(arrival(memory, 3000, kBankStride - kSameGroup), 3020);  // its last column
  EXPECT_EQ(arrival(memory, 4000, kBankStride), 4036);               // another bank: closed
  EXPECT_EQ(arrival(memory, 5000, kRowStride - kSameGroup), 5036);
  EXPECT_EQ(arrival(memory, 6000, kRowStride), 6052);  // the first bank's next row
}

// What a request waits when it comes `early` before everything that it must wait for is over.
struct Delay {
  const char* name;
  int64_t after;  // the cycle at which it waits no more
  int64_t address;
  bool first_write, second_write;
  int64_t row_cycles = 0;  // that the second takes to close and open its row
};

// The first column command comes at clock kFirst, on a row that is open.
constexpr int64_t kFirst = 1000;

class ColumnDelay : public testing::TestWithParam<Delay> {};

TEST_P(ColumnDelay, EndsAtItsClock) {
  const Delay& delay = GetParam();
  for (int64_t early = -1; early <= 2; ++early) {
    MemoryTiming memory(ddr4());
    for (int64_t address : {int64_t{0}, kGroupStride}) arrival(memory, 0, address);
    // The clock of a write's command, whose data come the cycle after the request.
    if (delay.first_write) {
      ASSERT_EQ(response(memory, kFirst, 0), kFirst + 20);
    } else {
      ASSERT_EQ(arrival(memory, kFirst, 0), kFirst + 20);
    }
    const int64_t request = kFirst + delay.after - early;
    const int64_t expected =
        kFirst + delay.after + std::max<int64_t>(-early, 0) + 20 + delay.row_cycles;
    if (delay.second_write) {
      EXPECT_EQ(response(memory, request, delay.address), expected) << early;
    } else {
      EXPECT_EQ(arrival(memory, request, delay.address), expected) << early;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Ddr4, ColumnDelay,
                         testing::Values(Delay{"CcdS", 4, kGroupStride, false, false},
                                         Delay{"CcdL", 6, kSameGroup, false, false},
                                         Delay{"WriteCcdS", 4, kGroupStride, true, true},
                                         Delay{"WriteCcdL", 6, kSameGroup, true, true},
                                         Delay{"Rtw", 6, kSameGroup, false,
                                               true},  // CL + BL + 2 - WL
                                         Delay{"WtrS", 16 + 4 + 3, kGroupStride, true, false},
                                         Delay{"WtrL", 16 + 4 + 9, kSameGroup, true, false},
                                         // Until the row can be closed.
                                         Delay{"Rtp", 12, kRowStride, false, false, 32},
                                         Delay{"Wr", 16 + 4 + 18, kRowStride, true, false, 32}),
                         [](const auto& delay) { return std::string(delay.param.name); });

// A conflict's request gives away RP + RCD, so the delays of precharges are seen in the arrival
// only.
TEST(DramTiming, ARowStaysOpenForRas) {
  for (const int64_t request : {20, 38, 39, 40}) {
    MemoryTiming memory(ddr4());
    arrival(memory, 0, 0);
    EXPECT_EQ(arrival(memory, request, kRowStride), std::max<int64_t>(request, 39) + 52);
  }
}

TEST(DramTiming, ActivatesKeepRrdAndFaw) {
  const auto last_of = [](std::vector<int64_t> addresses, int64_t request) {
    MemoryTiming memory(ddr4());
    for (size_t i = 0; i + 1 < addresses.size(); ++i) arrival(memory, 0, addresses[i]);
    return arrival(memory, request, addresses.back());
  };
  for (const int64_t request : {3, 4, 5}) {
    EXPECT_EQ(last_of({0, kGroupStride}, request), std::max<int64_t>(request, 4) + 36);
  }
  for (const int64_t request : {5, 6, 7}) {
    EXPECT_EQ(last_of({0, kBankStride}, request), std::max<int64_t>(request, 6) + 36);
  }
  // Four rows open at 0, 4, 8, 12; a fifth at 26.
  const std::vector<int64_t> five = {0, kGroupStride, 2 * kGroupStride, 3 * kGroupStride,
                                     kBankStride};
  for (const int64_t request : {25, 26, 27}) {
    EXPECT_EQ(last_of(five, request), std::max<int64_t>(request, 26) + 36);
  }
}

// The column command of a closed row comes RCD after the request.
TEST(DramTiming, ARefreshGoesFirstFromTheClockOnAtWhichItIsDue) {
  MemoryTiming before(ddr4());
  EXPECT_EQ(arrival(before, 9360 - 17, 0), 9360 - 17 + 36);
  MemoryTiming after(ddr4());
  EXPECT_EQ(arrival(after, 9360 - 16, 0), 9360 + 312 + 36);
  // An open row is closed first, and is closed afterwards.
  MemoryTiming open(ddr4());
  arrival(open, 0, 0);
  EXPECT_EQ(arrival(open, 9360, 0), 9360 + 16 + 312 + 36);
  // From the other side: when it is over, nothing waits.
  for (const int64_t late : {-1, 0, 1}) {
    MemoryTiming memory(ddr4());
    const int64_t over = 9360 + 312;
    EXPECT_EQ(arrival(memory, over + late, 0), over + std::max<int64_t>(late, 0) + 36);
  }
}

TEST(DramTiming, RefreshesOfAnIdleDramAreCountedToTheEndOfTheRun) {
  for (const auto& [cycles, refreshes] :
       {std::pair{9360, 0}, std::pair{9361, 1}, std::pair{10 * 9360, 9}}) {
    MemoryTiming memory(ddr4());
    EXPECT_EQ(memory.dram_counts(cycles).dram_refreshes, refreshes) << cycles;
  }
  MemoryTiming idle(ddr4());
  EXPECT_EQ(arrival(idle, 1'000'000, 0), 1'000'036);  // 106 refreshes long over
  EXPECT_EQ(idle.dram_counts(1'000'037).dram_refreshes, 106);
}

// Cycles for `columns` columns `stride` bytes apart, as fast as they go.
int64_t stream(const Arch& arch, int64_t columns, int64_t stride) {
  MemoryTiming memory(arch);
  int64_t last = 0;
  for (int64_t i = 0; i < columns; ++i) last = arrival(memory, 0, i * stride);
  return last;
}

TEST(DramTiming, StreamsRunAtFullRateAcrossGroupsAndAtTwoThirdsInOne) {
  // 36 - 4 clocks before the first column's data; no refresh within.
  EXPECT_EQ(stream(ddr4(), 2000, kGroupStride), 32 + 2000 * 4);
  EXPECT_EQ(stream(ddr4(), 128, kSameGroup), 32 + 127 * 6 + 4);
  EXPECT_EQ(stream(lpddr4(), 700, 64), 57 + 700 * 8);
}

// Without locality: a new row in each of the 16 banks in turn, four activates in each FAW.
TEST(DramTiming, RowsOpenAtTheRateOfFaw) {
  MemoryTiming memory(ddr4());
  int64_t last = 0;
  for (int64_t i = 0; i < 320; ++i) {
    const int64_t bank = i / 4 % 4, row = i / 16;
    last = arrival(memory, 0, i % 4 * kGroupStride + bank * kBankStride + row * kRowStride);
  }
  EXPECT_EQ(last, 36 + 79 * 26 + 12);  // 80 rounds of four activates, 4 clocks apart
}

TEST(DramTiming, RefreshTakesItsShareOfALongStream) {
  const auto share = [](const Arch& arch, int64_t clocks) {
    const int64_t columns = 1'000'000;
    return 1 -
           static_cast<double>(columns * clocks) / static_cast<double>(stream(arch, columns, 64));
  };
  // RFC / REFI, and what closing and opening rows adds: RP + RCD and the pipeline's drain.
  EXPECT_NEAR(share(ddr4(), 4), 312.0 / 9360, 0.008);
  EXPECT_GT(share(ddr4(), 4), 312.0 / 9360);
  EXPECT_NEAR(share(lpddr4(), 8), 448.0 / 6246, 0.02);
  EXPECT_GT(share(lpddr4(), 8), 448.0 / 6246);
}

// 500 MHz against 1200: 2.4 clocks a cycle, the request rounded up to a clock, the answer to a
// cycle.
TEST(DramTiming, ClocksConvertExactly) {
  Arch arch = ddr4();
  arch.clock.mhz = 500;
  MemoryTiming memory(arch);
  EXPECT_EQ(arrival(memory, 0, 0), 15);       // 36 clocks are 15 cycles
  EXPECT_EQ(arrival(memory, 1000, 0), 1009);  // 2420 / 2.4 = 1008.33
  EXPECT_EQ(arrival(memory, 1003, 0), 1012);  // 2408 + 20, / 2.4 = 1011.67
  // Far out as well: 2.4 x (10^15 + 1) clocks, rounded up, + 36.
  EXPECT_EQ(arrival(memory, 1'000'000'000'000'001, kBankStride), 1'000'000'000'000'017);
}

// A column of 64 bytes is four beats of 16, all there at once; they cross one a cycle, and the next
// column's follow when both bus and DRAM allow.
TEST(DramTiming, BeatsOfAColumnFollowOneAnother) {
  Arch arch = ddr4();
  arch.memory.bus_bytes = 16;
  {
    MemoryTiming memory(arch);
    const BurstTiming burst = memory.read(0, 32, 6);
    for (int64_t k = 0; k < 6; ++k) {
      // Two beats of the first column at 36; the second column's clock is 4 later (RRD_S).
      EXPECT_EQ(burst.beat_cycle(k), k < 2 ? 36 + k : 40 + k - 2) << k;
    }
  }
  arch.clock.mhz = 300;  // four clocks a cycle: the bus is the bottleneck
  MemoryTiming memory(arch);
  const BurstTiming burst = memory.read(0, 0, 16);
  for (int64_t k = 0; k < 16; ++k) EXPECT_EQ(burst.beat_cycle(k), 9 + k) << k;
  // Another burst's beats come after.
  EXPECT_EQ(arrival(memory, 0, 256), 25);
}

// The first beat is the one that holds the address.
TEST(DramTiming, AddressesInsideABeatAreThoseOfTheBeat) {
  Arch arch = ddr4();
  arch.memory.bus_bytes = 16;
  for (const uint64_t address : {48, 55, 63}) {
    MemoryTiming memory(arch);
    const BurstTiming burst = memory.read(0, address, 2);
    EXPECT_EQ(burst.beat_cycle(0), 36);
    EXPECT_EQ(burst.beat_cycle(1), 40);  // the next column
    memory.write(100, address, 2);
    const DramCounts counts = memory.dram_counts(200);
    EXPECT_EQ(counts.dram_reads, 2);
    EXPECT_EQ(counts.dram_writes, 2);
  }
}

// A bus wider than a column: a beat waits for its last.
TEST(DramTiming, ABeatOfSeveralColumnsComesWithItsLast) {
  Arch arch = ddr4();
  arch.memory.channel_bits = ChannelBits::k16;
  MemoryTiming memory(arch);
  EXPECT_EQ(arrival(memory, 0, 0), 36 + 3 * 4);
  EXPECT_EQ(memory.dram_counts(100).dram_reads, 4);
}

TEST(DramTiming, WritesAreTakenIntoABufferOfTwoBursts) {
  MemoryTiming memory(ddr4());
  const BurstTiming first = memory.write(0, 0, 16);
  EXPECT_EQ(first.beat_cycle(0), 0);
  EXPECT_EQ(first.beat_cycle(15), 15);
  // The first column is written at RCD, the sixteenth 15 x 4 later.
  EXPECT_EQ(first.response_cycle(16), 16 + 15 * 4 + 16 + 4);
  const BurstTiming second = memory.write(16, 1024, 16);
  EXPECT_EQ(second.beat_cycle(0), 16);
  EXPECT_EQ(second.response_cycle(16), 96 + 64);
  // A third waits for the first burst's data to be gone, at 96; then no more.
  for (const int64_t request : {95, 96, 97}) {
    MemoryTiming copy = memory;
    EXPECT_EQ(copy.write(request, 2048, 16).beat_cycle(0), std::max<int64_t>(request, 96));
  }
}

// A machine of 20 clocks a cycle: behind a refresh, which is due at its cycle 468, the data of two
// bursts are over in one cycle. A response takes one.
TEST(DramTiming, ResponsesComeOneACycle) {
  Arch arch = ddr4();
  arch.clock.mhz = 60;
  MemoryTiming memory(arch);
  EXPECT_EQ(memory.write(468, 0, 1).response_cycle(1), 486);           // clock 9708
  EXPECT_EQ(memory.write(469, kSameGroup, 1).response_cycle(1), 487);  // clock 9714, cycle 486
}

// A column waits for the last beat that it needs: four of 16 bytes, accepted one a cycle.
TEST(DramTiming, AWrittenColumnWaitsForItsData) {
  Arch arch = ddr4();
  arch.memory.bus_bytes = 16;
  arch.clock.mhz = 120;  // ten clocks a cycle
  MemoryTiming memory(arch);
  arrival(memory, 0, 0);
  const BurstTiming burst = memory.write(100, 0, 4);
  EXPECT_EQ(burst.beat_cycle(3), 103);
  EXPECT_EQ(burst.response_cycle(4), 105);  // data at clock 1040, over at 1044
}

// A read behind a write waits for it: nothing is reordered.
TEST(DramTiming, RequestsKeepTheirOrder) {
  MemoryTiming memory(ddr4());
  arrival(memory, 0, 0);
  const int64_t written = response(memory, 1000, kRowStride);  // a conflict
  EXPECT_EQ(written, 1000 + 16 + 16 + 16 + 4);
  // A hit on another bank waits for the write's command at 1032 and its turnaround.
  MemoryTiming other(ddr4());
  arrival(other, 0, 0);
  arrival(other, 0, kGroupStride);
  response(other, 1000, kRowStride);
  EXPECT_EQ(arrival(other, 1001, kGroupStride), 1032 + 16 + 4 + 3 + 20);
}

TEST(DramTiming, PeakIsTheNarrowerOfBusAndChannel) {
  Arch arch = ddr4();
  EXPECT_DOUBLE_EQ(peak_bytes_per_cycle(arch), 16);  // 19.2 GB/s at 1.2 GHz
  arch.clock.mhz = 200;
  EXPECT_DOUBLE_EQ(peak_bytes_per_cycle(arch), 64);
  EXPECT_DOUBLE_EQ(peak_bytes_per_cycle(lpddr4()), 8);  // 12.8 GB/s at 1.6 GHz
}

TEST(DramTiming, OtherModelsCountNoCommands) {
  Arch arch;
  MemoryTiming memory(arch);
  memory.read(0, 0, 16);
  EXPECT_EQ(memory.dram_counts(100000), DramCounts{});
}

}  // namespace
}  // namespace qsim
