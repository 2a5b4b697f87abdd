// rtl: VPlain3r2w qsim_ram_3r2w Width=8 Depth=12
// rtl-fpga: VFpga3r2w qsim_ram_3r2w Width=8 Depth=12
//
// The memory of hw/rtl/fpga is that of hw/rtl, cycle for cycle, under traffic on few addresses:
// reads of what is written in the same cycle and in the one before, two writes to one address,
// ports that rest.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "VFpga3r2w.h"
#include "VPlain3r2w.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

constexpr uint32_t kWords = 12;
constexpr int kCycles = 20000;

struct Traffic {
  bool a_re, b_re, c_re, d_we, e_we;
  uint8_t a, b, c, d, e, d_data, e_data;
};

template <typename Dut>
void drive(Bench<Dut>& bench, const Traffic& traffic) {
  Dut& dut = bench.dut();
  dut.a_re_i = traffic.a_re;
  dut.b_re_i = traffic.b_re;
  dut.c_re_i = traffic.c_re;
  dut.d_we_i = traffic.d_we;
  dut.e_we_i = traffic.e_we;
  dut.a_addr_i = traffic.a;
  dut.b_addr_i = traffic.b;
  dut.c_addr_i = traffic.c;
  dut.d_addr_i = traffic.d;
  dut.e_addr_i = traffic.e;
  dut.d_wdata_i = traffic.d_data;
  dut.e_wdata_i = traffic.e_data;
  bench.tick();
}

// Of the first `words` addresses.
Traffic draw(std::mt19937& random, uint32_t words) {
  const auto coin = [&] { return random() % 2 == 0; };
  const auto address = [&] { return static_cast<uint8_t>(random() % words); };
  Traffic traffic{coin(),    coin(),    coin(),    coin(),    coin(), address(),
                  address(), address(), address(), address(), 0,      0};
  traffic.d_data = static_cast<uint8_t>(random());
  traffic.e_data = static_cast<uint8_t>(random());
  return traffic;
}

class FpgaRam : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Seeds, FpgaRam, testing::Values(1, 2, 3));

TEST_P(FpgaRam, IsThePlainOne) {
  Bench<VPlain3r2w> plain(GetParam());
  Bench<VFpga3r2w> fpga(GetParam() + 100);
  std::mt19937 random(static_cast<uint32_t>(GetParam()));
  // Contents and read data start with anything: written by both ports, and read by all.
  for (uint32_t word = 0; word < kWords; ++word) {
    Traffic traffic{};
    (word % 2 ? traffic.d_we : traffic.e_we) = true;
    traffic.d = traffic.e = static_cast<uint8_t>(word);
    traffic.d_data = traffic.e_data = static_cast<uint8_t>(random());
    drive(plain, traffic);
    drive(fpga, traffic);
  }
  Traffic reads{};
  reads.a_re = reads.b_re = reads.c_re = true;
  drive(plain, reads);
  drive(fpga, reads);
  int both = 0, collisions = 0;
  for (int i = 0; i < kCycles; ++i) {
    const Traffic traffic = draw(random, i % 1000 < 500 ? 2 : kWords);
    both += traffic.d_we && traffic.e_we && traffic.d == traffic.e;
    collisions += traffic.a_re && traffic.d_we && traffic.a == traffic.d;
    drive(plain, traffic);
    drive(fpga, traffic);
    ASSERT_EQ(fpga->a_rdata_o, plain->a_rdata_o) << "cycle " << i;
    ASSERT_EQ(fpga->b_rdata_o, plain->b_rdata_o) << "cycle " << i;
    ASSERT_EQ(fpga->c_rdata_o, plain->c_rdata_o) << "cycle " << i;
  }
  EXPECT_GT(both, kCycles / 50);
  EXPECT_GT(collisions, kCycles / 50);
}

}  // namespace
}  // namespace qsim::rtl
