// The sequencer under random traffic against the recurrences of T5 to T8.
// rtl: VSequencerRandom qsim_sequencer QueueDepth=2 InFlight=3 HasDrain=1
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <random>
#include <vector>

#include "VSequencerRandom.h"
#include "hw/spec/isa.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

constexpr int64_t kQueueDepth = 2, kInFlight = 3, kInstructions = 400, kUnknown = -1;

struct Traced {
  Instruction instruction;
  int64_t busy = 1, work = 1;  // cycles from issue to busy_until, to done
  int64_t dispatch = kUnknown, issue = kUnknown, done = kUnknown, retire = kUnknown;
};

class SequencerRandom : public testing::TestWithParam<int> {
 protected:
  int draw(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  uint8_t mask(int of_8) { return static_cast<uint8_t>(draw(1, 8) <= of_8 ? draw(0, 15) : 0); }

  Traced draw_instruction() {
    Vector op;
    op.drain = draw(0, 7) == 0;
    Traced traced;
    traced.instruction = {op, mask(3), mask(3)};
    traced.busy = draw(1, 6);
    traced.work = draw(1, 12);
    return traced;
  }

  // Plays fetch and the unit for one cycle and writes down what happened in it.
  void cycle() {
    VSequencerRandom& dut = bench_.dut();
    const int64_t t = bench_.cycle();
    available_.push_back(static_cast<uint8_t>(draw(0, 15) | draw(0, 15)));
    full_.push_back(static_cast<uint8_t>(draw(0, 15) & draw(0, 15)));
    dut.available_i = available_.back();
    dut.full_i = full_.back();
    dut.free_i = issued_ == 0 || t >= run_[issued_ - 1].issue + run_[issued_ - 1].busy;
    dut.done_i = !doing_.empty() && run_[doing_.front()].done == t;
    if (dut.done_i) doing_.pop_front();
    bench_.settle();
    dut.push_i = dut.room_o && draw(0, 2) != 0;
    if (dut.push_i) {
      run_.push_back(draw_instruction());
      run_.back().dispatch = t;
      const auto bytes = encode(run_.back().instruction);
      std::memcpy(&dut.push_instr_i, bytes.data(), bytes.size());
    }
    bench_.settle();
    waits_ += dut.full_wait_o;
    if (dut.retire_o) {
      EXPECT_EQ(dut.give_o, run_[retired_].instruction.give);
      run_[retired_++].retire = t;
    }
    if (dut.issue_o) {
      EXPECT_EQ(dut.take_o, run_[issued_].instruction.take);
      run_[issued_].issue = t;
      const int64_t earlier = issued_ > 0 ? run_[issued_ - 1].done + 1 : 0;
      run_[issued_].done = std::max(t + run_[issued_].work, earlier);
      doing_.push_back(issued_++);
    }
    bench_.tick();
  }

  // The cycles that the rules give to instruction j, from what happened before.
  int64_t expected_issue(size_t j) const {
    int64_t t = run_[j].dispatch + 1;
    if (j > 0) t = std::max(t, run_[j - 1].issue + run_[j - 1].busy);
    if (j >= kInFlight) t = std::max(t, run_[j - kInFlight].retire + 1);
    const bool drain = std::get<Vector>(run_[j].instruction.op).drain;
    if (drain && j > 0) t = std::max(t, run_[j - 1].retire + 1);
    while (run_[j].instruction.take & ~available_[t]) ++t;
    return t;
  }
  int64_t retirement_ready(size_t j) const {
    return j > 0 ? std::max(run_[j].done, run_[j - 1].retire + 1) : run_[j].done;
  }
  int64_t expected_retirement(size_t j) const {
    int64_t t = retirement_ready(j);
    while (run_[j].instruction.give & full_[t]) ++t;
    return t;
  }

  Bench<VSequencerRandom> bench_{GetParam()};
  std::mt19937 random_{static_cast<uint32_t>(GetParam())};
  std::vector<Traced> run_;
  std::vector<uint8_t> available_, full_;
  size_t issued_ = 0, retired_ = 0;
  std::deque<size_t> doing_;
  int64_t waits_ = 0;
};

TEST_P(SequencerRandom, FollowsTheRules) {
  while (retired_ < kInstructions && bench_.cycle() < 100 * kInstructions) cycle();
  ASSERT_EQ(retired_, static_cast<size_t>(kInstructions));
  int64_t waits = 0;
  for (size_t j = 0; j < retired_; ++j) {
    if (j >= kQueueDepth) {
      ASSERT_GT(run_[j].dispatch, run_[j - kQueueDepth].issue) << j;
    }
    ASSERT_EQ(run_[j].issue, expected_issue(j)) << j;
    ASSERT_EQ(run_[j].retire, expected_retirement(j)) << j;
    waits += run_[j].retire - retirement_ready(j);
  }
  // The last retirement ended the run: nobody can have waited after it.
  EXPECT_EQ(waits_, waits);
  EXPECT_GT(waits, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SequencerRandom, testing::Values(1, 2));

}  // namespace
}  // namespace qsim::rtl
