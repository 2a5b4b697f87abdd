// rtl: VAccumulators qsim_accumulators Cols=3 AccEntries=8
//
// Sums enter column by column, a cycle apart, and are added or put into their words; each column's
// write is one cycle after its sum.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

#include "VAccumulators.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

constexpr int kCols = 3, kWords = 8;
using Lanes = std::array<uint32_t, kCols>;

class Accumulators : public testing::TestWithParam<int> {
 protected:
  Accumulators() {
    bench_->valid_i = 0;
    bench_->re_i = 0;
    for (int word = 0; word < kWords; ++word) put(word, {0, 0, 0}, true, false);
    bench_.tick(kCols + 1);
    wraps_ = 0;
  }

  // One word's update, in as many cycles as it takes to come to the last column; the next update
  // may start two cycles after this one, so nothing overlaps here.
  void put(int word, Lanes sums, bool overwrite, bool last) {
    for (int c = 0; c <= kCols; ++c) {
      bench_->valid_i = c == 0;
      bench_->address_i = static_cast<uint16_t>(word);
      bench_->overwrite_i = overwrite;
      bench_->last_i = last;
      for (int lane = 0; lane < kCols; ++lane) {
        bench_->sum_i[lane] = lane == c ? sums[static_cast<size_t>(lane)] : 0xdeadbeef;
      }
      bench_.settle();
      wraps_ += bench_->wraps_o;
      EXPECT_EQ(bench_->done_o, last && c == kCols) << "cycle " << c;
      bench_.tick();
    }
    bench_->valid_i = 0;
  }

  Lanes get(int word) {
    bench_->re_i = 1;
    bench_->raddr_i = static_cast<uint16_t>(word);
    bench_.tick();
    bench_->re_i = 0;
    bench_->raddr_i = static_cast<uint16_t>(word ^ 1);
    bench_.tick();  // held
    return {bench_->rdata_o[0], bench_->rdata_o[1], bench_->rdata_o[2]};
  }

  Bench<VAccumulators> bench_{GetParam()};
  int64_t wraps_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Seeds, Accumulators, testing::Values(1, 2));

TEST_P(Accumulators, AddAndOverwrite) {
  std::mt19937 random(static_cast<uint32_t>(GetParam()));
  std::array<Lanes, kWords> expected{};
  int64_t wraps = 0;
  for (int i = 0; i < 500; ++i) {
    const int word = static_cast<int>(random() % kWords);
    const bool overwrite = random() % 4 == 0;
    Lanes sums;
    for (int c = 0; c < kCols; ++c) {
      uint32_t& old = expected[static_cast<size_t>(word)][static_cast<size_t>(c)];
      const auto sum = static_cast<int32_t>(random());
      const int64_t exact = int64_t{overwrite ? 0 : static_cast<int32_t>(old)} + sum;
      wraps += exact != static_cast<int32_t>(exact);
      old = static_cast<uint32_t>(exact);
      sums[static_cast<size_t>(c)] = static_cast<uint32_t>(sum);
    }
    put(word, sums, overwrite, random() % 2);
  }
  EXPECT_GT(wraps, 0);
  EXPECT_EQ(wraps_, wraps);
  for (int word = 0; word < kWords; ++word)
    EXPECT_EQ(get(word), expected[static_cast<size_t>(word)]);
}

// A sum in nearly every cycle, for three words: the next matmul may begin with the word with which
// the last one ends, and two rows with one pixel meet theirs every other cycle.
TEST_P(Accumulators, SumsInSuccessiveCyclesForOneWord) {
  struct Update {
    bool valid, overwrite;
    int word;
    Lanes sums;
  };
  std::mt19937 random(static_cast<uint32_t>(GetParam()));
  std::array<Lanes, kWords> expected{};
  std::array<Update, kCols> wave{};  // of the last cycles, the latest first
  int64_t wraps = 0;
  for (int i = 0; i < 2000 + kCols + 1; ++i) {
    std::copy_backward(wave.begin(), wave.end() - 1, wave.end());
    Update& now = wave[0];
    now = {i < 2000 && random() % 8 != 0, random() % 4 == 0, static_cast<int>(random() % 3), {}};
    for (uint32_t& sum : now.sums) sum = static_cast<uint32_t>(random());
    for (int c = 0; now.valid && c < kCols; ++c) {
      uint32_t& old = expected[static_cast<size_t>(now.word)][static_cast<size_t>(c)];
      const int64_t exact = int64_t{now.overwrite ? 0 : static_cast<int32_t>(old)} +
                            static_cast<int32_t>(now.sums[static_cast<size_t>(c)]);
      wraps += exact != static_cast<int32_t>(exact);
      old = static_cast<uint32_t>(exact);
    }
    bench_->valid_i = now.valid;
    bench_->overwrite_i = now.overwrite;
    bench_->last_i = 0;
    bench_->address_i = static_cast<uint16_t>(now.word);
    for (size_t c = 0; c < kCols; ++c) bench_->sum_i[c] = wave[c].sums[c];
    bench_.settle();
    wraps_ += bench_->wraps_o;
    bench_.tick();
  }
  EXPECT_EQ(wraps_, wraps);
  for (int word = 0; word < kWords; ++word) {
    EXPECT_EQ(get(word), expected[static_cast<size_t>(word)]) << word;
  }
}

// Not yet in the cycle of the sum, in the next: the old value is read in the write's own cycle.
TEST_P(Accumulators, TheWriteIsOneCycleAfterTheSum) {
  bench_->valid_i = 1;
  bench_->address_i = 2;
  bench_->overwrite_i = 1;
  bench_->sum_i[0] = 77;
  bench_.tick();
  bench_->valid_i = 0;
  bench_->re_i = 1;
  bench_->raddr_i = 2;
  bench_.tick();
  EXPECT_EQ(bench_->rdata_o[0], 0u);
  bench_.tick();
  EXPECT_EQ(bench_->rdata_o[0], 77u);
}

}  // namespace
}  // namespace qsim::rtl
