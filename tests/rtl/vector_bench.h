// The vector unit between memories of the bench, beside VectorReference: issues instructions,
// records every access, and compares.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "hw/spec/isa.h"
#include "tests/rtl/bench.h"
#include "tests/rtl/port_bytes.h"
#include "tests/rtl/vector_reference.h"

namespace qsim::rtl {

template <typename Dut>
class VectorBench {
 public:
  VectorBench(const VectorMachine& machine, const VectorMemories& memories, int seed)
      : reference(machine, memories), machine_(machine), bench_(seed), memories_(memories) {
    bench_->issue_i = 0;
  }

  // Issues in the first cycle in which the unit is free, at least `gap` cycles from now.
  void issue(const Vector& op, int gap = 0) {
    for (; gap > 0; --gap) cycle();
    while (bench_.cycle() < busy_until_) cycle();
    const auto bytes = encode({op, 0, 0});
    set_bytes(bench_->instr_i, bytes);
    bench_->issue_i = 1;
    const int64_t now = bench_.cycle();
    issued_.push_back(now);
    cycle();
    busy_until_ = reference.execute(op, now);
    bench_->issue_i = 0;
    std::vector<uint8_t> nothing(bytes.size(), 0xA5);  // the instruction is there for one cycle
    set_bytes(bench_->instr_i, nothing);
  }

  // Until every instruction is done.
  void drain() {
    while (!reference.trace.done.empty() && bench_.cycle() <= reference.trace.done.back()) cycle();
  }

  // After drain(): equal accesses, cycles, bytes and counters.
  void compare() {
    for (int i = 0; i < 3; ++i) cycle();
    const VectorTrace& expected = reference.trace;
    compare("activation reads", trace.act_reads, expected.act_reads);
    compare("accumulator reads", trace.acc_reads, expected.acc_reads);
    compare("parameter reads", trace.param_reads, expected.param_reads);
    compare("writes", trace.writes, expected.writes);
    EXPECT_EQ(trace.done, expected.done);
    EXPECT_EQ(trace.acc_words_read, expected.acc_words_read);
    EXPECT_EQ(trace.act_words_read, expected.act_words_read);
    EXPECT_EQ(trace.act_words_written, expected.act_words_written);
    EXPECT_EQ(trace.lane_ops, expected.lane_ops);
    EXPECT_EQ(trace.wraps, expected.wraps);
    for (size_t i = 0; i < memories_.act.size(); ++i) {
      ASSERT_EQ(memories_.act[i], reference.memories.act[i]) << "activation byte " << i;
    }
  }

  const std::vector<int64_t>& issued() const { return issued_; }

  VectorReference reference;
  VectorTrace trace;

 private:
  static void compare(const char* what, const std::vector<Access>& actual,
                      const std::vector<Access>& expected) {
    for (size_t i = 0; i < std::min(actual.size(), expected.size()); ++i) {
      ASSERT_TRUE(actual[i] == expected[i])
          << what << " " << i << ": cycle " << actual[i].cycle << " address " << actual[i].address
          << " bytes " << actual[i].bytes << ", expected cycle " << expected[i].cycle << " address "
          << expected[i].address << " bytes " << expected[i].bytes;
    }
    ASSERT_EQ(actual.size(), expected.size()) << what;
  }

  // Outputs of the cycle, the clock edge, then what the memories answer.
  void cycle() {
    bench_.settle();
    const int64_t now = bench_.cycle();
    ASSERT_EQ(bench_->free_o, now >= busy_until_) << "cycle " << now;
    if (bench_->done_o) trace.done.push_back(now);
    trace.acc_words_read += bench_->acc_reads_vector_o;
    trace.act_words_read += bench_->act_reads_vector_o;
    trace.act_words_written += bench_->act_writes_vector_o;
    trace.lane_ops += bench_->vector_lane_ops_o;
    trace.wraps += bench_->accumulator_wraps_o;

    const int64_t word = 4 * machine_.cols;
    std::vector<uint8_t> act, acc, param;
    if (bench_->act_re_o) {
      trace.act_reads.push_back({now, bench_->act_raddr_o, machine_.chunk()});
      act = bytes(memories_.act, bench_->act_raddr_o, machine_.chunk());
    }
    if (bench_->param_re_o) {
      trace.param_reads.push_back({now, bench_->param_addr_o, word});
      param = bytes(memories_.param, bench_->param_addr_o, word);
    }
    if (bench_->acc_re_o) {
      trace.acc_reads.push_back({now, bench_->acc_raddr_o, word});
      for (int64_t j = 0; j < machine_.cols; ++j) {
        const uint32_t value =
            memories_.acc.at(static_cast<size_t>(bench_->acc_raddr_o * machine_.cols + j));
        for (int i = 0; i < 4; ++i) acc.push_back(static_cast<uint8_t>(value >> 8 * i));
      }
    }
    if (bench_->act_we_o) write(now);
    bench_.tick();
    if (!act.empty()) set_bytes(bench_->act_rdata_i, act);
    if (!param.empty()) set_bytes(bench_->param_rdata_i, param);
    if (!acc.empty()) set_bytes(bench_->acc_rdata_i, acc);
  }

  // Addresses wrap round, as padding taps may point anywhere.
  static std::vector<uint8_t> bytes(const std::vector<uint8_t>& from, int64_t address,
                                    int64_t count) {
    std::vector<uint8_t> result;
    for (int64_t i = address; i < address + count; ++i) {
      result.push_back(from[static_cast<size_t>(i) % from.size()]);
    }
    return result;
  }

  void write(int64_t now) {
    int64_t enabled = 0;
    for (size_t i = 0; i < static_cast<size_t>(machine_.chunk()); ++i) {
      if (!bit_of(bench_->act_be_o, i)) continue;
      ++enabled;
      memories_.act.at(bench_->act_waddr_o + i) = byte_of(bench_->act_wdata_o, i);
    }
    trace.writes.push_back({now, bench_->act_waddr_o, enabled});
  }

  VectorMachine machine_;
  Bench<Dut> bench_;
  VectorMemories memories_;
  int64_t busy_until_ = 0;
  std::vector<int64_t> issued_;
};

}  // namespace qsim::rtl
