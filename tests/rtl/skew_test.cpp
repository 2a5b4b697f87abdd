// rtl: VSkew3 qsim_skew Width=16 Stages=3
// rtl: VSkew0 qsim_skew Width=16 Stages=0
// rtl: VDelay2 qsim_delay Width=16 Stages=2
#include <gtest/gtest.h>

#include "VDelay2.h"
#include "VSkew0.h"
#include "VSkew3.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

class Skew : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Skew, testing::Values(1, 2));

TEST_P(Skew, ThreeStagesAreThreeCyclesAndNotTwo) {
  Bench<VSkew3> bench(GetParam());
  bench->en_i = 1;
  for (uint16_t t = 0; t < 50; ++t) {
    bench->data_i = static_cast<uint16_t>(1000 + t);
    bench.settle();
    if (t >= 3) {
      EXPECT_EQ(bench->data_o, 1000 + t - 3);
    }
    bench.tick();
  }
}

TEST_P(Skew, CyclesWithoutEnableDoNotCount) {
  Bench<VSkew3> bench(GetParam());
  bench->en_i = 1;
  for (uint16_t value : {11, 12, 13}) {
    bench->data_i = value;
    bench.tick();
  }
  EXPECT_EQ(bench->data_o, 11);
  bench->en_i = 0;
  bench->data_i = 99;
  bench.tick(5);
  EXPECT_EQ(bench->data_o, 11);
  bench->en_i = 1;
  bench.tick();
  EXPECT_EQ(bench->data_o, 12);
}

TEST_P(Skew, NoStageIsAWire) {
  Bench<VSkew0> bench(GetParam());
  for (uint16_t value : {7, 65535, 0}) {
    bench->data_i = value;
    bench.settle();
    EXPECT_EQ(bench->data_o, value);
  }
}

// Unlike data, control words are zero after reset, whatever the registers started with.
TEST_P(Skew, ControlIsZeroAfterReset) {
  Bench<VDelay2> bench(GetParam());
  bench->en_i = 1;
  bench->data_i = 5;
  EXPECT_EQ(bench->data_o, 0);
  bench.tick();
  EXPECT_EQ(bench->data_o, 0);
  bench.tick();
  EXPECT_EQ(bench->data_o, 5);
  bench->en_i = 0;
  bench->data_i = 6;
  bench.tick(3);
  EXPECT_EQ(bench->data_o, 5);
}

}  // namespace
}  // namespace qsim::rtl
