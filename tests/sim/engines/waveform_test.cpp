// The VCD writer: what stands in a file for what was observed.
#include "sim/engines/waveform.h"

#include <gtest/gtest.h>

#include <optional>
#include <sstream>

#include "tests/support/hand_program.h"
#include "tests/support/vcd.h"

namespace qsim {
namespace {

class WaveformTest : public testing::Test {
 protected:
  Waveform& start(WaveWindow window = {}) { return waveform_.emplace(program_, out_, window); }
  Vcd read() {
    waveform_.reset();
    return read_vcd(out_.str());
  }
  // One character a cycle.
  static std::string bits(const Vcd& vcd, const std::string& name, int64_t from, int64_t to) {
    std::string text;
    for (int64_t cycle = from; cycle <= to; ++cycle) text += vcd.at(name, 10 * cycle);
    return text;
  }

  Program program_ = hand_made_program();
  std::ostringstream out_;
  std::optional<Waveform> waveform_;
};

TEST_F(WaveformTest, AClockPeriodIsACycle) {
  start().finish(3);
  const Vcd vcd = read();
  EXPECT_EQ(vcd.timescale, "1 ns");
  EXPECT_EQ(vcd.end, 30);
  const std::vector<std::pair<int64_t, std::string>> clock = {{0, "1"},  {5, "0"},  {10, "1"},
                                                              {15, "0"}, {20, "1"}, {25, "0"}};
  EXPECT_EQ(vcd.changes.at("qsim.clk"), clock);
}

TEST_F(WaveformTest, MomentsArePulsesAndStatesFollowThem) {
  Waveform& waveform = start();
  waveform.issue(Unit::kLoad, 5, 1);
  waveform.busy_until(Unit::kLoad, 3);
  waveform.issue(Unit::kLoad, 6, 3);  // in the last busy cycle of the one before
  waveform.done(Unit::kLoad, 4);
  waveform.retire(Unit::kLoad, 5, 4);
  waveform.busy_until(Unit::kLoad, 5);
  waveform.finish(8);
  const Vcd vcd = read();
  EXPECT_EQ(bits(vcd, "qsim.load.issue", 0, 7), "01010000");
  EXPECT_EQ(bits(vcd, "qsim.load.busy", 0, 7), "00111100");
  EXPECT_EQ(bits(vcd, "qsim.load.done", 0, 7), "00001000");
  EXPECT_EQ(bits(vcd, "qsim.load.retire", 0, 7), "00001000");
  EXPECT_EQ(bits(vcd, "qsim.load.instr", 0, 7), "xx101101110110xx");
  EXPECT_EQ(bits(vcd, "qsim.load.in_flight", 0, 7), "001110111");
  EXPECT_EQ(vcd.at("qsim.load.retired", 40), "x");
  EXPECT_EQ(vcd.at("qsim.load.retired", 50), "101");
}

// Of one state the file says every value once.
TEST_F(WaveformTest, WhatDoesNotChangeIsNotWritten) {
  Waveform& waveform = start();
  for (int64_t cycle = 2; cycle < 6; ++cycle) waveform.beat(WavePort::kLoad, cycle);
  waveform.finish(9);
  EXPECT_EQ(read().changes.at("qsim.memory.load_beat"),
            (std::vector<std::pair<int64_t, std::string>>{{0, "0"}, {20, "1"}, {60, "0"}}));
}

TEST_F(WaveformTest, AWindowBeginsWithTheStateThatHasCome) {
  Waveform& waveform = start({4, 6});
  waveform.host_step(0, 0, 5);
  waveform.fetch_requested(0, 2);
  waveform.fetch_received(0, 5);
  waveform.advance(3);
  waveform.advance(30);
  waveform.finish(40);
  const Vcd vcd = read();
  EXPECT_EQ(vcd.changes.at("qsim.clk").front(), (std::pair<int64_t, std::string>{40, "1"}));
  EXPECT_EQ(vcd.end, 70);
  EXPECT_EQ(bits(vcd, "qsim.host.busy", 4, 6), "100");
  EXPECT_EQ(bits(vcd, "qsim.host.layer", 4, 6), "0xx");
  EXPECT_EQ(bits(vcd, "qsim.fetch.busy", 4, 6), "110");
  EXPECT_EQ(bits(vcd, "qsim.fetch.requested", 4, 6), "000");
  EXPECT_EQ(bits(vcd, "qsim.fetch.received", 4, 6), "xx0");
}

TEST_F(WaveformTest, ASegmentBeginsWithoutTokens) {
  Waveform& waveform = start();
  waveform.tokens(Unit::kLoad, Unit::kCompute, 1, 0);
  waveform.tokens(Unit::kLoad, Unit::kCompute, 1, 1);
  waveform.start_segment(4);
  waveform.finish(6);
  const Vcd vcd = read();
  EXPECT_EQ(bits(vcd, "qsim.tokens.load_to_compute", 0, 5), "01101000");
  // A pair that the program does not use has no signal.
  EXPECT_EQ(vcd.changes.count("qsim.tokens.store_to_load"), 0u);
  EXPECT_THROW(start().tokens(Unit::kStore, Unit::kLoad, 1, 0), std::logic_error);
}

TEST_F(WaveformTest, ARunThatFailsLeavesWhatWasObserved) {
  start().issue(Unit::kVector, 4, 7);
  const Vcd vcd = read();
  EXPECT_EQ(vcd.end, 90);
  EXPECT_EQ(vcd.at("qsim.vector.instr", 80), "100");
}

TEST_F(WaveformTest, TheWrittenPastDoesNotChange) {
  Waveform& waveform = start();
  waveform.advance(5);
  waveform.halt(5);
  EXPECT_THROW(waveform.halt(4), std::logic_error);
}

}  // namespace
}  // namespace qsim
