// rtl: VPeWs qsim_pe_ws
// rtl: VPeOs qsim_pe_os
// rtl: VPeWs1 qsim_pe_ws PeModes=1
// rtl: VPeOs1 qsim_pe_os PeModes=1
// rtl: VPeWs2 qsim_pe_ws PeModes=2
// rtl: VPeOs2 qsim_pe_os PeModes=2
//
// One processing element of either array, against the sums written out; machines that know narrow
// codes change their mode in every cycle.
#include <gtest/gtest.h>

#include <random>

#include "VPeOs.h"
#include "VPeOs1.h"
#include "VPeOs2.h"
#include "VPeWs.h"
#include "VPeWs1.h"
#include "VPeWs2.h"
#include "hw/spec/packing.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

class Pe : public testing::TestWithParam<int> {
 protected:
  std::mt19937 random_{static_cast<uint32_t>(GetParam())};
  // Extremes of all modes more often than chance has them: -8 is 0x88 in both nibbles, -2 0xaa.
  int8_t code() {
    constexpr uint8_t kExtremes[] = {0x80, 0xff, 0, 1, 0x7f, 0x88, 0x77, 0xaa, 0x55, 0x8a};
    return static_cast<int8_t>(random_() % 3 ? random_() : kExtremes[random_() % 10]);
  }
  int pack(int modes) { return static_cast<int>(random_() % static_cast<uint32_t>(modes + 1)); }
  template <typename Dut>
  void weight_stationary(int modes);
  template <typename Dut>
  void output_stationary(int modes);
};
INSTANTIATE_TEST_SUITE_P(Seeds, Pe, testing::Values(1, 2));

constexpr uint16_t kFlag8 = 1 << 8, kFlag9 = 1 << 9;  // ws: load; os: first, last

uint16_t operand(int8_t activation, int flags = 0, int pack = 0) {
  return static_cast<uint16_t>(static_cast<uint8_t>(activation) | flags | pack << 10);
}

// Code by code.
int32_t product(int8_t activations, int8_t weights, int pack) {
  int32_t sum = 0;
  for (int i = 0; i < codes_per_byte(pack); ++i) {
    sum += code_at(&activations, i, pack) * code_at(&weights, i, pack);
  }
  return sum;
}

// The weight that the bus carries beside a flagged operand counts from the next operand on.
template <typename Dut>
void Pe::weight_stationary(int modes) {
  Bench<Dut> bench(GetParam());
  bench->en_i = 1;
  bench->weight_i = 1;
  bench->operand_i = operand(0, kFlag8);
  bench.tick();
  int8_t weight = 1;
  for (int i = 0; i < 2000; ++i) {
    const int8_t a = code(), bus = code();
    const bool load = random_() % 4 == 0;
    const auto above = static_cast<int32_t>(random_());
    const int q = pack(modes);
    bench->operand_i = operand(a, load ? kFlag8 : 0, q);
    bench->weight_i = static_cast<uint8_t>(bus);
    bench->sum_i = static_cast<uint32_t>(above);
    bench.tick();
    const auto expected =
        static_cast<uint32_t>(above) + static_cast<uint32_t>(product(a, weight, q));
    ASSERT_EQ(bench->sum_o, expected) << "step " << i;
    ASSERT_EQ(bench->operand_o, bench->operand_i);
    if (load) weight = bus;
  }
}

TEST_P(Pe, WeightStationaryTakesItsWeightAfterTheLastUseOfTheOldOne) {
  weight_stationary<VPeWs>(0);
  weight_stationary<VPeWs1>(1);
  weight_stationary<VPeWs2>(2);
}

// Every pair of bytes in every mode.
TEST(PeProduct, OfAllOperands) {
  Bench<VPeWs2> bench(1);
  bench->en_i = 1;
  bench->sum_i = 0;
  for (int w = -128; w < 128; ++w) {
    bench->operand_i = operand(0, kFlag8);
    bench->weight_i = static_cast<uint8_t>(w);
    bench.tick();
    for (int i = 0; i < 3 * 256; ++i) {
      const auto a = static_cast<int8_t>(i / 3);
      bench->operand_i = operand(a, 0, i % 3);
      bench.tick();
      ASSERT_EQ(static_cast<int32_t>(bench->sum_o), product(a, static_cast<int8_t>(w), i % 3))
          << int{a} << " * " << w << " pack " << i % 3;
    }
  }
}

TEST(PeProduct, OfExtremes) {
  const auto byte = [](int value) { return static_cast<int8_t>(value); };
  EXPECT_EQ(product(byte(0x80), byte(0x80), 0), 128 * 128);
  EXPECT_EQ(product(byte(0x88), byte(0x88), 1), 2 * 8 * 8);
  EXPECT_EQ(product(byte(0xaa), byte(0xaa), 2), 4 * 2 * 2);
  EXPECT_EQ(product(byte(0x1e), byte(0xf2), 1), -2 * 2 + 1 * -1);
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
template <typename Dut>
void Pe::output_stationary(int modes) {
  Bench<Dut> bench(GetParam());
  bench->en_i = 1;
  bench->operand_i = operand(0, kFlag8 | kFlag9);
  bench->weight_i = 0;
  bench.tick();
  uint32_t sum = 0, drain = 0;
  for (int i = 0; i < 4000; ++i) {
    const int8_t a = code(), w = code();
    const bool first = random_() % 5 == 0, last = random_() % 5 == 0, shift = random_() % 2;
    const uint32_t above = static_cast<uint32_t>(random_());
    const int q = pack(modes);
    bench->operand_i = operand(a, (first ? kFlag8 : 0) | (last ? kFlag9 : 0), q);
    bench->weight_i = static_cast<uint8_t>(w);
    bench->shift_i = shift;
    bench->drain_i = above;
    bench.tick();
    sum = (first ? 0 : sum) + static_cast<uint32_t>(product(a, w, q));
    drain = last ? sum : shift ? above : drain;
    ASSERT_EQ(bench->drain_o, drain) << "step " << i;
    ASSERT_EQ(bench->weight_o, static_cast<uint8_t>(w));
    ASSERT_EQ(bench->operand_o, bench->operand_i);
  }
}

TEST_P(Pe, OutputStationarySumsAndDrains) {
  output_stationary<VPeOs>(0);
  output_stationary<VPeOs1>(1);
  output_stationary<VPeOs2>(2);
}

}  // namespace
}  // namespace qsim::rtl
