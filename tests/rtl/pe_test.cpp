// rtl: VPeWs qsim_pe_ws
// rtl: VPeOs qsim_pe_os
//
// One processing element of either array, against the sums written out.
#include <gtest/gtest.h>

#include <random>

#include "VPeOs.h"
#include "VPeWs.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

class Pe : public testing::TestWithParam<int> {
 protected:
  std::mt19937 random_{static_cast<uint32_t>(GetParam())};
  // Extremes more often than chance has them.
  int8_t code() {
    constexpr int8_t kExtremes[] = {-128, -1, 0, 1, 127};
    return random_() % 3 ? static_cast<int8_t>(random_()) : kExtremes[random_() % 5];
  }
};
INSTANTIATE_TEST_SUITE_P(Seeds, Pe, testing::Values(1, 2));

constexpr uint16_t kFlag8 = 1 << 8, kFlag9 = 1 << 9;  // ws: load; os: first, last

uint16_t operand(int8_t activation, int flags = 0) {
  return static_cast<uint16_t>(static_cast<uint8_t>(activation) | flags);
}

// The weight that the bus carries beside a flagged operand counts from the next operand on.
TEST_P(Pe, WeightStationaryTakesItsWeightAfterTheLastUseOfTheOldOne) {
  Bench<VPeWs> bench(GetParam());
  bench->en_i = 1;
  bench->weight_i = 1;
  bench->operand_i = operand(0, kFlag8);
  bench.tick();
  int32_t weight = 1;
  for (int i = 0; i < 2000; ++i) {
    const int8_t a = code(), bus = code();
    const bool load = random_() % 4 == 0;
    const auto above = static_cast<int32_t>(random_());
    bench->operand_i = operand(a, load ? kFlag8 : 0);
    bench->weight_i = static_cast<uint8_t>(bus);
    bench->sum_i = static_cast<uint32_t>(above);
    bench.tick();
    const auto expected = static_cast<uint32_t>(above) + static_cast<uint32_t>(a * weight);
    ASSERT_EQ(bench->sum_o, expected) << "step " << i;
    ASSERT_EQ(bench->operand_o & 0x1ff, operand(a, load ? kFlag8 : 0));
    if (load) weight = bus;
  }
}

TEST_P(Pe, WeightStationaryStandsStillWithoutEnable) {
  Bench<VPeWs> bench(GetParam());
  bench->en_i = 1;
  bench->weight_i = 5;
  bench->operand_i = operand(3, kFlag8);
  bench->sum_i = 0;
  bench.tick(2);
  EXPECT_EQ(bench->sum_o, 15u);
  bench->en_i = 0;
  bench->weight_i = 7;
  bench->operand_i = operand(-4, kFlag8);
  bench.tick(3);
  EXPECT_EQ(bench->sum_o, 15u);
  EXPECT_EQ(bench->operand_o & 0x1ff, operand(3, kFlag8));
  bench->en_i = 1;
  bench.tick();  // still times 5
  EXPECT_EQ(bench->sum_o, static_cast<uint32_t>(-20));
}

// Sums begin with `first`, go to the drain register with `last`, which else takes what is above it
// while shift_i is high, and keeps its own while it is low.
TEST_P(Pe, OutputStationarySumsAndDrains) {
  Bench<VPeOs> bench(GetParam());
  bench->en_i = 1;
  bench->operand_i = operand(0, kFlag8 | kFlag9);
  bench->weight_i = 0;
  bench.tick();
  uint32_t sum = 0, drain = 0;
  for (int i = 0; i < 4000; ++i) {
    const int8_t a = code(), w = code();
    const bool first = random_() % 5 == 0, last = random_() % 5 == 0, shift = random_() % 2;
    const uint32_t above = static_cast<uint32_t>(random_());
    bench->operand_i = operand(a, (first ? kFlag8 : 0) | (last ? kFlag9 : 0));
    bench->weight_i = static_cast<uint8_t>(w);
    bench->shift_i = shift;
    bench->drain_i = above;
    bench.tick();
    sum = (first ? 0 : sum) + static_cast<uint32_t>(a * w);
    drain = last ? sum : shift ? above : drain;
    ASSERT_EQ(bench->drain_o, drain) << "step " << i;
    ASSERT_EQ(bench->weight_o, static_cast<uint8_t>(w));
    ASSERT_EQ(bench->operand_o & 0x3ff, bench->operand_i & 0x3ff);
  }
}

}  // namespace
}  // namespace qsim::rtl
