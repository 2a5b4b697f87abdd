// rtl: VRam1r1w qsim_ram_1r1w Width=8 Depth=12
// rtl: VRam2r1w qsim_ram_2r1w Width=32 Depth=12
// rtl: VRam3r2w qsim_ram_3r2w Width=8 Depth=12
//
// Every read port against an array: a read gives the old value of what is written in the same
// cycle, is there one cycle later, and stays until the next read of its port.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "VRam1r1w.h"
#include "VRam2r1w.h"
#include "VRam3r2w.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

constexpr uint32_t kWords = 12;

template <typename Data, typename Address>
struct ReadPort {
  CData* enable;
  Address* address;
  Data* data;
};
template <typename Data, typename Address>
struct WritePort {
  CData* enable;
  Address* address;
  Data* data;
};

class Ram : public testing::TestWithParam<int> {
 protected:
  template <typename Dut, typename Data, typename Address>
  void run(Bench<Dut>& bench, const std::vector<ReadPort<Data, Address>>& reads,
           const std::vector<WritePort<Data, Address>>& writes) {
    std::mt19937 random(static_cast<uint32_t>(GetParam()));
    std::array<Data, kWords> words{};
    std::vector<Data> expected(reads.size());
    for (uint32_t word = 0; word < kWords; ++word) {
      *writes[0].enable = 1;
      *writes[0].address = static_cast<Address>(word);
      *writes[0].data = words[word] = static_cast<Data>(random());
      for (size_t port = 1; port < writes.size(); ++port) *writes[port].enable = 0;
      for (const auto& port : reads) *port.enable = 0;
      bench.tick();
    }
    for (int i = 0; i < 5000; ++i) {
      for (size_t port = 0; port < reads.size(); ++port) {
        const auto address = static_cast<Address>(random() % kWords);
        *reads[port].address = address;
        *reads[port].enable = random() % 2 || i == 0;
        if (*reads[port].enable) expected[port] = words[address];
      }
      // Two ports never write the same word in a cycle.
      const uint32_t first = static_cast<uint32_t>(random());
      for (size_t port = 0; port < writes.size(); ++port) {
        const auto address = static_cast<Address>((first + port) % kWords);
        *writes[port].address = address;
        *writes[port].data = static_cast<Data>(random());
        *writes[port].enable = random() % 3 == 0;
        if (*writes[port].enable) words[address] = *writes[port].data;
      }
      bench.tick();
      for (size_t port = 0; port < reads.size(); ++port) {
        ASSERT_EQ(*reads[port].data, expected[port]) << "port " << port << " cycle " << i;
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Seeds, Ram, testing::Values(1, 2));

TEST_P(Ram, OneReadsOneWrites) {
  Bench<VRam1r1w> bench(GetParam());
  auto& ram = bench.dut();
  run<VRam1r1w, CData, CData>(bench, {{&ram.re_i, &ram.raddr_i, &ram.rdata_o}},
                              {{&ram.we_i, &ram.waddr_i, &ram.wdata_i}});
}

TEST_P(Ram, TwoReadOneWrites) {
  Bench<VRam2r1w> bench(GetParam());
  auto& ram = bench.dut();
  run<VRam2r1w, IData, SData>(
      bench,
      {{&ram.re0_i, &ram.raddr0_i, &ram.rdata0_o}, {&ram.re1_i, &ram.raddr1_i, &ram.rdata1_o}},
      {{&ram.we_i, &ram.waddr_i, &ram.wdata_i}});
}

TEST_P(Ram, ThreeReadTwoWrite) {
  Bench<VRam3r2w> bench(GetParam());
  auto& ram = bench.dut();
  run<VRam3r2w, CData, CData>(
      bench,
      {{&ram.a_re_i, &ram.a_addr_i, &ram.a_rdata_o},
       {&ram.b_re_i, &ram.b_addr_i, &ram.b_rdata_o},
       {&ram.c_re_i, &ram.c_addr_i, &ram.c_rdata_o}},
      {{&ram.d_we_i, &ram.d_addr_i, &ram.d_wdata_i}, {&ram.e_we_i, &ram.e_addr_i, &ram.e_wdata_i}});
}

}  // namespace
}  // namespace qsim::rtl
