// rtl: VCounters qsim_counters
#include "VCounters.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

// The increment inputs in the order of counters.def.
std::vector<IData*> inputs_of(VCounters& dut) {
  return {
#define QSIM_COUNTER(name, kind, unit, meaning) &dut.name##_i,
#define QSIM_MEMORY_COUNTER(name, unit, meaning)
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
  };
}

class Counters : public testing::TestWithParam<int> {
 protected:
  Counters() {
    for (IData* input : inputs_) *input = 0;
  }

  Bench<VCounters> bench_{GetParam()};
  std::vector<IData*> inputs_ = inputs_of(bench_.dut());

  uint64_t count(size_t index) {
    bench_->select_i = static_cast<uint8_t>(index);
    bench_.settle();
    return bench_->counter_o;
  }
};

TEST_P(Counters, StartAtZeroAndStandInTheOrderOfTheList) {
  for (size_t i = 0; i < 32; ++i) EXPECT_EQ(count(i), 0u);
  for (size_t i = 0; i < inputs_.size(); ++i) *inputs_[i] = static_cast<uint32_t>(i + 1);
  EXPECT_EQ(count(3), 0u);  // events count at the end of their cycle
  bench_.tick(3);
  for (IData* input : inputs_) *input = 0;
  bench_.tick();
  for (size_t i = 0; i < inputs_.size(); ++i) EXPECT_EQ(count(i), 3 * (i + 1));
  for (size_t i = inputs_.size(); i < 32; ++i) EXPECT_EQ(count(i), 0u);
}

TEST_P(Counters, CarryIntoTheUpperHalf) {
  *inputs_.back() = 0xffffffffu;
  bench_.tick(5);
  EXPECT_EQ(count(inputs_.size() - 1), 5 * uint64_t{0xffffffffu});
}

INSTANTIATE_TEST_SUITE_P(Seeds, Counters, testing::Values(1, 2));

}  // namespace
}  // namespace qsim::rtl
