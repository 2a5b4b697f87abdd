// rtl: VTokens qsim_tokens TokenDepth=3
#include "VTokens.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

constexpr int kDepth = 3;

class Tokens : public testing::TestWithParam<int> {
 protected:
  Tokens() { bench_->give_i = bench_->take_i = bench_->clear_i = 0; }

  Bench<VTokens> bench_{GetParam()};

  static uint16_t bit(int unit, int other) {
    return static_cast<uint16_t>(1 << (4 * unit + other));
  }
  void cycle(uint16_t give, uint16_t take) {
    bench_->give_i = give;
    bench_->take_i = take;
    bench_.tick();
    bench_->give_i = bench_->take_i = 0;
    bench_.settle();
  }
};

TEST_P(Tokens, EachPairHasACounterWhoseTokensCountFromTheNextCycleOn) {
  for (int giver = 0; giver < 4; ++giver) {
    for (int taker = 0; taker < 4; ++taker) {
      bench_->give_i = bit(giver, taker);
      bench_.settle();
      EXPECT_EQ(bench_->available_o, 0);
      cycle(bit(giver, taker), 0);
      EXPECT_EQ(bench_->available_o, bit(taker, giver));
      bench_->take_i = bit(taker, giver);
      bench_.settle();
      EXPECT_EQ(bench_->available_o, bit(taker, giver));
      cycle(0, bit(taker, giver));
      EXPECT_EQ(bench_->available_o, 0);
    }
  }
}

TEST_P(Tokens, FullWithTheLastTokenThatFits) {
  for (int i = 1; i <= kDepth; ++i) {
    EXPECT_EQ(bench_->full_o, 0);
    cycle(bit(1, 2), 0);
  }
  EXPECT_EQ(bench_->full_o, bit(1, 2));
  cycle(0, bit(2, 1));
  EXPECT_EQ(bench_->full_o, 0);
}

TEST_P(Tokens, GiveAndTakeInOneCycleLeaveTheCount) {
  cycle(bit(3, 0), 0);
  for (int i = 0; i < 2 * kDepth; ++i) {
    cycle(bit(3, 0), bit(0, 3));
    EXPECT_EQ(bench_->available_o, bit(0, 3));
    EXPECT_EQ(bench_->full_o, 0);
  }
}

TEST_P(Tokens, ClearEmptiesAll) {
  for (int i = 0; i < kDepth; ++i) cycle(0xffff, 0);
  EXPECT_EQ(bench_->full_o, 0xffff);
  bench_->clear_i = 1;
  cycle(0, 0);
  EXPECT_EQ(bench_->available_o, 0);
  EXPECT_EQ(bench_->full_o, 0);
}

TEST_P(Tokens, RandomTraffic) {
  std::mt19937 random(static_cast<uint32_t>(GetParam()));
  std::array<std::array<int, 4>, 4> count{};  // [giver][taker]
  for (int t = 0; t < 2000; ++t) {
    uint16_t available = 0, full = 0;
    for (int giver = 0; giver < 4; ++giver) {
      for (int taker = 0; taker < 4; ++taker) {
        if (count[giver][taker] > 0) available |= bit(taker, giver);
        if (count[giver][taker] == kDepth) full |= bit(giver, taker);
      }
    }
    ASSERT_EQ(bench_->available_o, available) << "cycle " << t;
    ASSERT_EQ(bench_->full_o, full) << "cycle " << t;
    const auto give = static_cast<uint16_t>(random() & ~full);
    const auto take = static_cast<uint16_t>(random() & available);
    for (int giver = 0; giver < 4; ++giver) {
      for (int taker = 0; taker < 4; ++taker) {
        count[giver][taker] +=
            ((give & bit(giver, taker)) != 0) - ((take & bit(taker, giver)) != 0);
      }
    }
    cycle(give, take);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Tokens, testing::Values(1, 2));

}  // namespace
}  // namespace qsim::rtl
