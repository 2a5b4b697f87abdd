// The other side of qsim_fetch for its benches: a program in memory, an AXI read slave whose
// request and beats may dawdle, four queues with or without room; and the cycles in which things
// happened.
#pragma once

#include <cstring>
#include <deque>
#include <vector>

#include "hw/spec/isa.h"
#include "tests/rtl/bench.h"

namespace qsim::rtl {

struct FetchTrace {
  std::vector<int64_t> request, last_beat, dispatch;  // by instruction; HALT is dispatched, too
  std::vector<uint64_t> address;
  std::vector<int> unit;  // of the dispatch, -1 for HALT
  std::vector<std::array<uint8_t, kInstructionBytes>> dispatched;
  int64_t beats = 0, halt = -1;
};

template <typename Dut, int bus_bytes, int fifo_depth>
class FetchBench {
 public:
  static constexpr int kBeats = kInstructionBytes / bus_bytes;
  static constexpr int kFifoDepth = fifo_depth;

  explicit FetchBench(int seed) : bench_(seed) {
    bench_->room_i = bench_->idle_i = 0xf;
    bench_->arready_i = 1;
    bench_->start_i = bench_->rvalid_i = bench_->rresp_i = 0;
  }

  // Pulses start: the segment's cycle 0 is next.
  void start(uint64_t address, const std::vector<Instruction>& program) {
    for (const Instruction& instruction : program) lines_.push_back(encode(instruction));
    bench_->start_i = 1;
    bench_->segment_address_i = address;
    bench_->segment_count_i = static_cast<uint32_t>(program.size());
    bench_.tick();
    bench_->start_i = 0;
    bench_->segment_address_i = bench_->segment_count_i = 0;
    bench_.settle();
  }

  // One cycle; `ready`: the slave takes a request, `beat`: it sends one if it has been `latency`
  // cycles under way.
  void cycle(bool ready = true, bool beat = true, int64_t latency = 2) {
    Dut& dut = bench_.dut();
    const int64_t t = bench_.cycle();
    dut.arready_i = ready;
    dut.rvalid_i = beat && !under_way_.empty() && t >= trace.request[under_way_.front()] + latency;
    if (dut.rvalid_i) send_beat(t);
    bench_.settle();
    if (dut.arvalid_o && ready) request(t);
    record(t);
    bench_.tick();
    dut.rvalid_i = 0;
    bench_.settle();
  }

  // Cycles until something has happened; gives up after a while.
  template <typename Happened>
  void run_until(Happened&& happened) {
    for (int i = 0; i < 1000 && !happened(); ++i) cycle();
  }

  Dut* operator->() { return bench_.operator->(); }
  int64_t now() const { return bench_.cycle(); }
  void settle() { bench_.settle(); }

  FetchTrace trace;

 private:
  void request(int64_t t) {
    EXPECT_EQ(bench_->arlen_o, kBeats - 1);
    EXPECT_EQ(1 << bench_->arsize_o, bus_bytes);
    EXPECT_EQ(bench_->arburst_o, 1);
    under_way_.push_back(trace.request.size());
    trace.request.push_back(t);
    trace.address.push_back(bench_->araddr_o);
  }

  void send_beat(int64_t t) {
    const size_t line = under_way_.front();
    ASSERT_LT(line, lines_.size()) << "fetched beyond the segment";
    std::memcpy(&bench_->rdata_i, lines_[line].data() + beat_ * bus_bytes, bus_bytes);
    bench_->rlast_i = ++beat_ == kBeats;
    if (bench_->rlast_i) {
      beat_ = 0;
      trace.last_beat.push_back(t);
      under_way_.pop_front();
    }
  }

  void record(int64_t t) {
    trace.beats += bench_->beat_o;
    if (bench_->halt_o) trace.halt = t;
    if (!bench_->push_o && !bench_->halt_dispatch_o) return;
    trace.dispatch.push_back(t);
    trace.dispatched.emplace_back();
    std::memcpy(trace.dispatched.back().data(), &bench_->push_instr_o, kInstructionBytes);
    int unit = -1;
    for (int u = 0; u < kUnits; ++u) {
      if (bench_->push_o == 1 << u) unit = u;
    }
    EXPECT_EQ(unit == -1, bench_->halt_dispatch_o == 1);
    trace.unit.push_back(unit);
  }

  Bench<Dut> bench_;
  std::vector<std::array<uint8_t, kInstructionBytes>> lines_;
  std::deque<size_t> under_way_;
  int beat_ = 0;
};

}  // namespace qsim::rtl
