// rtl: VSequencer qsim_sequencer QueueDepth=3 InFlight=2
// rtl: VSequencerDrain qsim_sequencer QueueDepth=2 InFlight=3 HasDrain=1
#include <gtest/gtest.h>

#include <cstring>

#include "VSequencer.h"
#include "VSequencerDrain.h"
#include "hw/spec/isa.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {
namespace {

template <typename Dut>
class SequencerBench : public testing::TestWithParam<int> {
 protected:
  SequencerBench() {
    bench_->free_i = 1;
    bench_->available_i = 0xf;
    bench_->full_i = bench_->push_i = bench_->done_i = 0;
  }

  // Dispatches a vector instruction in this cycle, which ends.
  void push(int tag, uint8_t take = 0, uint8_t give = 0, bool drain = false) {
    Vector op;
    op.src = tag;
    op.drain = drain;
    const auto bytes = encode({op, take, give});
    std::memcpy(&bench_->push_instr_i, bytes.data(), bytes.size());
    bench_->push_i = 1;
    tick();
    bench_->push_i = 0;
    bench_.settle();
  }
  // What is at the head of the queue.
  int tag() {
    std::array<uint8_t, kInstructionBytes> bytes;
    std::memcpy(bytes.data(), &bench_->instr_o, bytes.size());
    return std::get<Vector>(decode(bytes).op).src;
  }
  void set(CData& input, int value) {
    input = static_cast<CData>(value);
    bench_.settle();
  }
  void tick() {
    bench_.tick();
    bench_->done_i = 0;
    bench_.settle();
  }

  Bench<Dut> bench_{GetParam()};
};

using Sequencer = SequencerBench<VSequencer>;
using SequencerDrain = SequencerBench<VSequencerDrain>;

TEST_P(Sequencer, IssuesInTheCycleAfterTheDispatch) {
  EXPECT_EQ(bench_->idle_o, 1);
  bench_->push_i = 1;
  bench_.settle();
  EXPECT_EQ(bench_->issue_o, 0);
  push(7);
  EXPECT_EQ(bench_->issue_o, 1);
  EXPECT_EQ(tag(), 7);
  EXPECT_EQ(bench_->idle_o, 0);
  tick();
  EXPECT_EQ(bench_->issue_o, 0);
  EXPECT_EQ(bench_->idle_o, 0);  // in flight
}

TEST_P(Sequencer, WaitsForTheUnit) {
  set(bench_->free_i, 0);
  push(1);
  tick();
  EXPECT_EQ(bench_->issue_o, 0);
  set(bench_->free_i, 1);
  EXPECT_EQ(bench_->issue_o, 1);
}

TEST_P(Sequencer, RoomComesTheCycleAfterAnIssue) {
  set(bench_->free_i, 0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(bench_->room_o, 1) << i;
    push(i);
  }
  EXPECT_EQ(bench_->room_o, 0);
  set(bench_->free_i, 1);
  EXPECT_EQ(bench_->issue_o, 1);
  EXPECT_EQ(bench_->room_o, 0);
  tick();
  EXPECT_EQ(bench_->room_o, 1);
  EXPECT_EQ(tag(), 1);
}

TEST_P(Sequencer, NoMoreInFlightThanAllowed) {
  for (int i = 0; i < 3; ++i) push(i);
  tick();
  EXPECT_EQ(tag(), 2);
  EXPECT_EQ(bench_->issue_o, 0);
  set(bench_->done_i, 1);
  EXPECT_EQ(bench_->retire_o, 1);
  EXPECT_EQ(bench_->issue_o, 0);  // after the retirement, not with it
  tick();
  EXPECT_EQ(bench_->issue_o, 1);
}

TEST_P(Sequencer, TakesTokensFromEachUnitOfTheMask) {
  set(bench_->available_i, 0b0101);
  push(1, 0b1001);
  EXPECT_EQ(bench_->issue_o, 0);
  EXPECT_EQ(bench_->take_o, 0);
  set(bench_->available_i, 0b1010);
  EXPECT_EQ(bench_->issue_o, 0);
  set(bench_->available_i, 0b1001);
  EXPECT_EQ(bench_->issue_o, 1);
  EXPECT_EQ(bench_->take_o, 0b1001);
  tick();
  EXPECT_EQ(bench_->take_o, 0);
}

TEST_P(Sequencer, RetiresWithDoneInOrderOneACycle) {
  push(1, 0, 0b0110);
  push(2, 0, 0b1000);
  tick();
  EXPECT_EQ(bench_->retire_o, 0);
  EXPECT_EQ(bench_->give_o, 0);
  set(bench_->full_i, 0b0010);
  set(bench_->done_i, 1);
  EXPECT_EQ(bench_->retire_o, 0);
  EXPECT_EQ(bench_->full_wait_o, 1);
  tick();
  set(bench_->done_i, 1);  // the second one, behind the first
  EXPECT_EQ(bench_->retire_o, 0);
  tick();
  EXPECT_EQ(bench_->full_wait_o, 1);
  set(bench_->full_i, 0b0001);  // nobody gives to unit 0
  EXPECT_EQ(bench_->retire_o, 1);
  EXPECT_EQ(bench_->full_wait_o, 0);
  EXPECT_EQ(bench_->give_o, 0b0110);
  tick();
  EXPECT_EQ(bench_->retire_o, 1);
  EXPECT_EQ(bench_->give_o, 0b1000);
  EXPECT_EQ(bench_->idle_o, 0);
  tick();
  EXPECT_EQ(bench_->retire_o, 0);
  EXPECT_EQ(bench_->idle_o, 1);
}

TEST_P(Sequencer, ShowsWhenTheUnitBecomesFree) {
  EXPECT_EQ(bench_->free_trace_o, 0);
  push(1);
  EXPECT_EQ(bench_->issue_o, 1);
  EXPECT_EQ(bench_->free_trace_o, 0);
  tick();
  set(bench_->free_i, 0);
  EXPECT_EQ(bench_->free_trace_o, 0);
  tick();
  set(bench_->free_i, 1);
  EXPECT_EQ(bench_->free_trace_o, 1);
  tick();
  EXPECT_EQ(bench_->free_trace_o, 0);
}

TEST_P(Sequencer, ADrainBitOfAnotherUnitIsNone) {
  push(1);
  push(2, 0, 0, true);
  EXPECT_EQ(bench_->issue_o, 1);
}

TEST_P(SequencerDrain, WaitsForAllBeforeToRetire) {
  push(1);
  push(2);
  push(3, 0, 0, true);
  EXPECT_EQ(bench_->issue_o, 0);
  set(bench_->done_i, 1);
  tick();
  EXPECT_EQ(bench_->issue_o, 0);  // one is left
  set(bench_->done_i, 1);
  EXPECT_EQ(bench_->retire_o, 1);
  EXPECT_EQ(bench_->issue_o, 0);
  tick();
  EXPECT_EQ(bench_->issue_o, 1);
  EXPECT_EQ(tag(), 3);
}

TEST_P(SequencerDrain, OthersDoNotWait) {
  push(1);
  push(2);
  EXPECT_EQ(bench_->issue_o, 1);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Sequencer, testing::Values(1, 2));
INSTANTIATE_TEST_SUITE_P(Seeds, SequencerDrain, testing::Values(1, 2));

}  // namespace
}  // namespace qsim::rtl
