// rtl: VFifo1 qsim_fifo Width=8 Depth=1
// rtl: VFifo2 qsim_fifo Width=8 Depth=2
// rtl: VFifo5 qsim_fifo Width=8 Depth=5
#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "VFifo1.h"
#include "VFifo2.h"
#include "VFifo5.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

class Fifo : public testing::TestWithParam<int> {};

// Against std::deque, with spells in which it fills and in which it runs empty.
template <typename Dut>
void compare_with_deque(size_t depth, int seed) {
  Bench<Dut> bench(seed);
  std::mt19937 random(static_cast<uint32_t>(seed));
  std::deque<uint8_t> expected;
  bool was_full = false, was_empty = false;
  for (int t = 0; t < 2000; ++t) {
    const uint32_t pressure = t / 100 % 2 ? 7 : 1;  // of 8
    ASSERT_EQ(bench->valid_o, !expected.empty()) << "cycle " << t;
    ASSERT_EQ(bench->room_o, expected.size() < depth) << "cycle " << t;
    if (!expected.empty()) {
      ASSERT_EQ(bench->data_o, expected.front()) << "cycle " << t;
    }
    was_full |= expected.size() == depth;
    was_empty |= expected.empty() && t > 1000;
    bench->push_i = expected.size() < depth && random() % 8 < pressure;
    bench->pop_i = !expected.empty() && random() % 8 >= pressure;
    bench->data_i = static_cast<uint8_t>(random());
    if (bench->pop_i) expected.pop_front();
    if (bench->push_i) expected.push_back(bench->data_i);
    bench.tick();
  }
  EXPECT_TRUE(was_full && was_empty);
}

TEST_P(Fifo, OfOneEntry) { compare_with_deque<VFifo1>(1, GetParam()); }
TEST_P(Fifo, OfTwoEntries) { compare_with_deque<VFifo2>(2, GetParam()); }
TEST_P(Fifo, OfFiveEntries) { compare_with_deque<VFifo5>(5, GetParam()); }

INSTANTIATE_TEST_SUITE_P(Seeds, Fifo, testing::Values(1, 2));

}  // namespace
}  // namespace qsim::rtl
