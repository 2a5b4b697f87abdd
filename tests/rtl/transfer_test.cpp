// rtl: VTransfer4 qsim_transfer BusBytes=4
// rtl: VTransfer8 qsim_transfer BusBytes=8
// rtl: VTransfer16 qsim_transfer BusBytes=16
// rtl: VTransfer32 qsim_transfer BusBytes=32
// rtl: VTransfer64 qsim_transfer BusBytes=64
#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "VTransfer16.h"
#include "VTransfer32.h"
#include "VTransfer4.h"
#include "VTransfer64.h"
#include "VTransfer8.h"
#include "tests/rtl/bench.h"
#include "tests/rtl/dma_reference.h"

namespace qsim::rtl {
namespace {

template <typename Dut>
void expect_shown(Bench<Dut>& bench, const Burst& burst, int bus_bytes) {
  const int skip = std::countr_zero(burst.beats.front().enable);
  EXPECT_EQ(static_cast<int64_t>(bench->word_o), burst.beats.front().address / bus_bytes);
  EXPECT_EQ(bench->beats_o, burst.beats.size());
  EXPECT_EQ(bench->skip_o, skip);
  EXPECT_EQ(bench->end_o, skip + burst.bytes);
  EXPECT_EQ(bench->buffer_o, burst.beats.front().place);
  EXPECT_EQ(bench->last_o, burst.ends_instruction);
}

// Steps in `per_mille` of the cycles; whatever is shown must stand meanwhile.
template <typename Dut>
void walk(Bench<Dut>& bench, const Load& op, int bus_bytes, std::mt19937& random,
          uint32_t per_mille) {
  bench->load_i = 1;
  bench->step_i = 0;
  set_instruction(bench->op_i, Instruction{op});
  bench.settle();
  ASSERT_EQ(bench->valid_o, 0);
  bench.tick();
  bench->load_i = 0;
  for (const Burst& burst : bursts_of(op, bus_bytes)) {
    for (bool step = false; !step;) {
      step = random() % 1000 < per_mille;
      bench->step_i = step;
      bench.settle();
      ASSERT_EQ(bench->valid_o, 1);
      expect_shown(bench, burst, bus_bytes);
      ASSERT_FALSE(testing::Test::HasFailure()) << to_text(Instruction{op});
      bench.tick();
    }
  }
  bench->step_i = 0;
  bench.settle();
  EXPECT_EQ(bench->valid_o, 0);
}

class Transfer : public testing::TestWithParam<int> {
 protected:
  template <typename Dut>
  void run(int bus_bytes) {
    Bench<Dut> bench(GetParam());
    EXPECT_EQ(bench->valid_o, 0);
    std::mt19937 random(static_cast<uint32_t>(GetParam() * 100 + bus_bytes));
    for (int n = 0; n < 300 && !HasFailure(); ++n) {
      walk(bench, random_transfer(random, bus_bytes), bus_bytes, random, n % 2 == 0 ? 1000 : 300);
    }
    Load longest;
    longest.bytes = bus_bytes == 64 ? (1 << 24) - 1 : (1 << 20) - 5;
    longest.count0 = longest.count1 = longest.count2 = 1;
    longest.dram_address = (int64_t{1} << 40) - longest.bytes - 3;
    longest.buffer_address = 1;
    walk(bench, longest, bus_bytes, random, 1000);
    Load most;  // the most iterations of each loop
    most.bytes = 1;
    most.count0 = most.count1 = most.count2 = 1;
    (GetParam() == 1 ? most.count0 : most.count2) = 65535;
    most.dram_address = most.buffer_address = 7;
    most.dram_stride0 = most.dram_stride2 = 5;
    walk(bench, most, bus_bytes, random, 1000);
  }
};

TEST_P(Transfer, ShowsTheBurstsOfT10) {
  run<VTransfer4>(4);
  run<VTransfer8>(8);
  run<VTransfer16>(16);
  run<VTransfer32>(32);
  run<VTransfer64>(64);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Transfer, testing::Values(1, 2));

}  // namespace
}  // namespace qsim::rtl
