// The memory on the model's AXI ports: cycles of beats by T9, data, and the protocol.
#include "sim/engines/rtl/axi_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <vector>

#include "hw/spec/error.h"

namespace qsim::rtl {
namespace {

constexpr int kBusBytes = 8;
constexpr uint8_t kSize = 3;

class AxiMemoryTest : public testing::Test {
 protected:
  AxiMemoryTest() : dram_(16384) {
    arch_.memory.bus_bytes = kBusBytes;
    arch_.memory.bytes_per_cycle = kBusBytes;
    arch_.memory.latency_cycles = 5;
    std::iota(dram_.begin(), dram_.end(), uint8_t{0});
    bus_.fetch_rready = bus_.load_rready = bus_.bready = true;
  }

  static Request burst(uint64_t address, int beats) {
    return {true, static_cast<uint8_t>(beats - 1), kSize, 1, address};
  }
  void write_data(uint8_t value, bool last, uint64_t strobe = 0xff) {
    bus_.wvalid = true;
    bus_.wlast = last;
    bus_.wstrb = strobe;
    std::memset(bus_.wdata, value, kBusBytes);
  }
  // One cycle; requests last for one, since the memory is always ready for them.
  Inputs& cycle() {
    if (!memory_) memory_.emplace(arch_, dram_);
    memory_->cycle(now_++, bus_, inputs_);
    bus_.fetch.valid = bus_.load.valid = bus_.store.valid = false;
    return inputs_;
  }
  std::string failure() {
    try {
      cycle();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  Arch arch_;
  std::vector<uint8_t> dram_;
  std::optional<AxiMemory> memory_;
  Bus bus_;
  Inputs inputs_;
  int64_t now_ = 0;
};

TEST_F(AxiMemoryTest, BeatsArriveFetchFirst) {
  bus_.load = burst(64, 2);
  bus_.fetch = burst(8, 3);
  for (int t = 0; t < 12; ++t) {
    SCOPED_TRACE(t);
    const Inputs& inputs = cycle();
    ASSERT_EQ(inputs.fetch.data != nullptr, t >= 5 && t < 8);
    ASSERT_EQ(inputs.load.data != nullptr, t >= 8 && t < 10);
    if (inputs.fetch.data) {
      EXPECT_EQ(inputs.fetch.data[7], 8 * (t - 4) + 7);
      EXPECT_EQ(inputs.fetch.last, t == 7);
    }
    if (inputs.load.data) {
      EXPECT_EQ(inputs.load.data[0], 64 + 8 * (t - 8));
      EXPECT_EQ(inputs.load.last, t == 9);
    }
    EXPECT_EQ(memory_->idle(), t >= 9);
  }
}

TEST_F(AxiMemoryTest, DataAreThoseOfTheRequest) {
  bus_.load = burst(0, 1);
  cycle();
  dram_[3] = 200;
  for (int t = 1; t < 5; ++t) cycle();
  ASSERT_NE(cycle().load.data, nullptr);
  EXPECT_EQ(inputs_.load.data[3], 3);
}

TEST_F(AxiMemoryTest, FirstWriteBeatIsTakenWithItsRequest) {
  arch_.memory.bytes_per_cycle = 4;  // a beat every second cycle
  bus_.store = burst(1600, 2);
  write_data(1, false, 0xf0);
  EXPECT_TRUE(cycle().wready);  // 0
  EXPECT_EQ(dram_[1603], static_cast<uint8_t>(1603));
  EXPECT_EQ(dram_[1604], 1);
  write_data(2, true);
  EXPECT_FALSE(cycle().wready);  // 1
  EXPECT_TRUE(cycle().wready);   // 2
  EXPECT_EQ(dram_[1608], 2);
  bus_.wvalid = false;
  for (int t = 3; t < 10; ++t) {
    EXPECT_EQ(cycle().bvalid, t == 7) << t;
    EXPECT_EQ(memory_->idle(), t >= 7) << t;
  }
}

TEST_F(AxiMemoryTest, LateWriteDataDelayTheResponse) {
  bus_.store = burst(0, 1);
  for (int t = 0; t < 4; ++t) EXPECT_FALSE(cycle().wready);
  write_data(9, true);
  EXPECT_TRUE(cycle().wready);  // 4
  bus_.wvalid = false;
  for (int t = 5; t < 12; ++t) EXPECT_EQ(cycle().bvalid, t == 9) << t;
}

TEST_F(AxiMemoryTest, BurstsThatBreakTheRules) {
  const auto expect = [&](Request request, const std::string& text) {
    bus_.load = request;
    const std::string message = failure();
    EXPECT_EQ(message, "rtl engine: AXI, load, cycle " + std::to_string(now_ - 1) + ": " + text);
    bus_.load.valid = false;
  };
  expect(burst(0, 17), "len = 16 is more than 16 beats");
  expect(burst(4096 - 64, 9), "9 beats at 0xfc0 cross a multiple of 4096");
  expect(burst(16384 - 8, 2), "2 beats at 0x3ff8 cross a multiple of 4096");
  expect(burst(16384, 1), "1 beats at 0x4000 end beyond DRAM's 16384 bytes");
  Request wrong = burst(0, 1);
  wrong.size = 2;
  expect(wrong, "size = 2 is not the bus's 3");
  wrong = burst(0, 1);
  wrong.burst = 0;
  expect(wrong, "burst = 0 is not 1 (INCR)");
  bus_.load = burst(4096 - 64, 8);
  EXPECT_EQ(failure(), "");
}

TEST_F(AxiMemoryTest, ReadyMustBeHigh) {
  bus_.fetch = burst(0, 1);
  bus_.fetch_rready = false;
  for (int t = 0; t < 5; ++t) EXPECT_EQ(failure(), "");
  EXPECT_EQ(failure(), "rtl engine: AXI, fetch, cycle 5: rready is low when a beat arrives");
}

TEST_F(AxiMemoryTest, ResponseMustBeTaken) {
  bus_.store = burst(0, 1);
  bus_.bready = false;
  write_data(0, true);
  EXPECT_EQ(failure(), "");
  bus_.wvalid = false;
  for (int t = 1; t < 5; ++t) EXPECT_EQ(failure(), "");
  EXPECT_EQ(failure(), "rtl engine: AXI, store, cycle 5: bready is low when a response arrives");
}

TEST_F(AxiMemoryTest, LastBeatIsMarked) {
  bus_.store = burst(0, 2);
  write_data(0, true);
  EXPECT_EQ(failure(), "rtl engine: AXI, store, cycle 0: wlast = 1 at beat 1 of 2");
}

TEST_F(AxiMemoryTest, WriteDataStayUntilTheyAreTaken) {
  arch_.memory.bytes_per_cycle = 2;
  bus_.store = burst(0, 3);
  write_data(0, false);
  EXPECT_TRUE(cycle().wready);
  write_data(1, false);
  EXPECT_FALSE(cycle().wready);
  write_data(2, false);
  EXPECT_EQ(failure(),
            "rtl engine: AXI, store, cycle 2: write data change before the beat is accepted");
  write_data(1, false);
  EXPECT_EQ(failure(), "");
  bus_.wvalid = false;
  EXPECT_EQ(failure(), "rtl engine: AXI, store, cycle 4: wvalid falls before the beat is accepted");
}

}  // namespace
}  // namespace qsim::rtl
