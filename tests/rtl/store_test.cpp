// rtl: VStore4 qsim_store BusBytes=4 InFlight=1
// rtl: VStore16 qsim_store BusBytes=16 InFlight=4
// rtl: VStore64 qsim_store BusBytes=64 InFlight=8
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "VStore16.h"
#include "VStore4.h"
#include "VStore64.h"
#include "hw/spec/memory_timing.h"
#include "tests/rtl/bench.h"
#include "tests/rtl/dma_reference.h"

namespace qsim::rtl {
namespace {

// The activation buffer's read port: data one cycle after the read, held. What a byte is depends on
// the cycle in which it is read, so that a read at another time is seen.
template <typename Dut>
class ReadPort {
 public:
  ReadPort(Bench<Dut>& bench, int bus_bytes) : bench_(bench), bus_bytes_(bus_bytes) {}
  static std::vector<uint8_t> contents(uint32_t place, int64_t cycle, int bus_bytes) {
    std::vector<uint8_t> bytes;
    for (int lane = 0; lane < bus_bytes; ++lane) bytes.push_back(byte_at(place + lane, cycle));
    return bytes;
  }
  // Before and after the clock edge.
  void sample() {
    read_ = bench_->re_o;
    data_ = contents(bench_->raddr_o, bench_.cycle(), bus_bytes_);
  }
  void drive() {
    if (read_) set_bytes(bench_->rdata_i, data_);
  }

 private:
  Bench<Dut>& bench_;
  int bus_bytes_;
  bool read_ = false;
  std::vector<uint8_t> data_;
};

template <typename Dut>
struct Counted {
  int64_t bursts = 0, beats = 0, bytes = 0;
  void add(const Dut& dut) {
    bursts += dut.store_bursts_o;
    beats += dut.store_beats_o;
    bytes += dut.store_bytes_o;
  }
  void add(const Burst& burst) {
    bursts += 1;
    beats += static_cast<int64_t>(burst.beats.size());
    bytes += burst.bytes;
  }
  bool operator==(const Counted&) const = default;
};

template <typename Dut>
void expect_request(Bench<Dut>& bench, const Burst& burst, int bus_bytes) {
  ASSERT_EQ(static_cast<int64_t>(bench->awaddr_o), burst.beats.front().address);
  ASSERT_EQ(bench->awlen_o + 1u, burst.beats.size());
  ASSERT_EQ(1 << bench->awsize_o, bus_bytes);
  ASSERT_EQ(bench->awburst_o, 1);
}

struct Sent {
  Beat beat;
  bool last = false;       // of its burst
  int64_t read_cycle = 0;  // of its data
};

template <typename Dut>
void expect_sent(Bench<Dut>& bench, const Sent& sent, int bus_bytes) {
  ASSERT_EQ(bench->wstrb_o, sent.beat.enable);
  ASSERT_EQ(bench->wlast_o, sent.last);
  ASSERT_EQ(bytes_of(bench->wdata_o, bus_bytes),
            ReadPort<Dut>::contents(sent.beat.place, sent.read_cycle, bus_bytes));
}

// Everything that rules T9 and T12 say of a list of stores, cycle by cycle.
struct Schedule {
  std::map<int64_t, Load> issues;
  std::set<int64_t> busy, dones, responses, sending;
  std::map<int64_t, Burst> requests;
  std::map<int64_t, Beat> reads;
  std::map<int64_t, Sent> accepted;

  Schedule(const Arch& arch, int in_flight, std::mt19937& random) {
    MemoryTiming memory(arch);
    std::vector<int64_t> done;
    int64_t busy_until = 3, accept = 0;
    for (int n = 0; n < 40; ++n) {
      const Load op = random_transfer(random, arch.memory.bus_bytes);
      int64_t issue = busy_until + (random() % 2 != 0 ? 0 : random() % 40);
      if (n >= in_flight) issue = std::max(issue, done[static_cast<size_t>(n - in_flight)] + 1);
      issues[issue] = op;
      int64_t request = issue + 2, response = 0;
      for (const Burst& burst : bursts_of(op, arch.memory.bus_bytes)) {
        requests[request] = burst;
        const int64_t beats = static_cast<int64_t>(burst.beats.size());
        const BurstTiming timing = memory.write(request, 0, beats);
        int64_t read = request - 1;
        for (int64_t k = 0; k < beats; ++k) {
          const Beat& beat = burst.beats[static_cast<size_t>(k)];
          reads[read] = beat;
          accept = timing.beat_cycle(k);
          accepted[accept] = {beat, k == beats - 1, read};
          read = accept;
        }
        for (int64_t t = request; t <= accept; ++t) sending.insert(t);
        response = timing.response_cycle(beats);
        responses.insert(response);
        request = accept + 1;
      }
      busy_until = accept + 1;
      for (int64_t t = issue + 1; t < busy_until; ++t) busy.insert(t);
      dones.insert(response);
      done.push_back(response);
    }
  }
};

template <typename Key, typename Value>
const Value* at(const std::map<Key, Value>& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

class StoreUnit : public testing::TestWithParam<int> {
 protected:
  template <typename Dut>
  void keeps_schedule(const Arch& arch, int in_flight) {
    const int bus_bytes = arch.memory.bus_bytes;
    std::mt19937 random(static_cast<uint32_t>(GetParam()));
    const Schedule schedule(arch, in_flight, random);
    Bench<Dut> bench(GetParam());
    ReadPort<Dut> port(bench, bus_bytes);
    Counted<Dut> counted, expected;
    bench->awready_i = 1;
    bench->bresp_i = 0;
    for (int64_t t = 0; t <= *schedule.dones.rbegin() + 3 && !HasFailure(); ++t) {
      SCOPED_TRACE("cycle " + std::to_string(t));
      const Load* op = at(schedule.issues, t);
      bench->issue_i = op != nullptr;
      if (op != nullptr) set_instruction(bench->instr_i, Instruction{as_store(*op)});
      const Sent* sent = at(schedule.accepted, t);
      bench->wready_i = sent != nullptr;
      bench->bvalid_i = schedule.responses.contains(t);
      port.drive();
      bench.settle();
      ASSERT_EQ(bench->free_o, !schedule.busy.contains(t));
      const Beat* read = at(schedule.reads, t);
      ASSERT_EQ(bench->re_o, read != nullptr);
      if (read != nullptr) {
        ASSERT_EQ(bench->raddr_o, read->place);
      }
      const Burst* request = at(schedule.requests, t);
      ASSERT_EQ(bench->awvalid_o, request != nullptr);
      if (request != nullptr) {
        expect_request(bench, *request, bus_bytes);
        expected.add(*request);
      }
      ASSERT_EQ(bench->wvalid_o, schedule.sending.contains(t));
      if (sent != nullptr) expect_sent(bench, *sent, bus_bytes);
      ASSERT_EQ(bench->done_o, schedule.dones.contains(t));
      ASSERT_EQ(bench->error_o, 0);
      counted.add(bench.dut());
      port.sample();
      bench.tick();
    }
    EXPECT_EQ(counted, expected);
  }

  // A memory that accepts address and data when it likes, also data first, and answers when it
  // likes.
  template <typename Dut>
  void waits(int bus_bytes, int in_flight) {
    std::mt19937 random(static_cast<uint32_t>(GetParam() + 77));
    Bench<Dut> bench(GetParam());
    ReadPort<Dut> port(bench, bus_bytes);
    std::deque<Burst> bursts;     // from the one under way on
    std::deque<bool> unanswered;  // whether a burst ends its instruction
    size_t beats = 0;             // of the burst under way, accepted
    bool started = false, address = false;
    int issued = 0, done = 0, cycles = 0;
    int64_t read_cycle = 0;
    bench->bresp_i = 0;
    while (done < 60 && !HasFailure()) {
      ASSERT_LT(++cycles, 200000);
      ASSERT_EQ(bench->free_o, bursts.empty());
      bench->issue_i =
          issued < 60 && bursts.empty() && issued - done < in_flight && random() % 3 == 0;
      const Load op = random_transfer(random, bus_bytes);
      set_instruction(bench->instr_i, Instruction{as_store(op)});
      bench->awready_i = random() % 6 == 0;
      bench->wready_i = random() % 2 == 0;
      bench->bvalid_i = !unanswered.empty() && random() % 30 == 0;
      port.drive();
      bench.settle();

      const bool all_sent = started && beats == bursts.front().beats.size();
      ASSERT_EQ(bench->awvalid_o, started && !address);
      if (bench->awvalid_o) expect_request(bench, bursts.front(), bus_bytes);
      ASSERT_EQ(bench->wvalid_o, started && !all_sent);
      if (bench->wvalid_o) {
        const Burst& burst = bursts.front();
        expect_sent(bench, {burst.beats[beats], beats + 1 == burst.beats.size(), read_cycle},
                    bus_bytes);
      }
      const bool finished = bench->bvalid_i && unanswered.front();
      ASSERT_EQ(bench->done_o, finished);
      ASSERT_EQ(bench->error_o, 0);
      if (bench->bvalid_i) unanswered.pop_front();
      done += finished;
      if (bench->wvalid_o && bench->wready_i) ++beats;
      if (bench->awvalid_o && bench->awready_i) address = true;
      if (address && beats == bursts.front().beats.size()) {
        unanswered.push_back(bursts.front().ends_instruction);
        bursts.pop_front();
        beats = 0;
        started = address = false;
      }
      if (bench->re_o) read_cycle = bench.cycle();
      started = started || !bursts.empty();
      if (bench->issue_i) {
        for (const Burst& burst : bursts_of(op, bus_bytes)) bursts.push_back(burst);
        ++issued;
      }
      port.sample();
      bench.tick();
    }
  }
};

Arch machine(int bus_bytes, int latency, double bytes_per_cycle) {
  Arch arch;
  arch.memory.model = MemoryModel::kLatency;
  arch.memory.bus_bytes = bus_bytes;
  arch.memory.latency_cycles = latency;
  arch.memory.bytes_per_cycle = bytes_per_cycle;
  return arch;
}

TEST_P(StoreUnit, KeepsTheCyclesOfT12) {
  keeps_schedule<VStore4>(machine(4, 1, 4), 1);
  keeps_schedule<VStore16>(machine(16, 300, 16), 4);
  keeps_schedule<VStore16>(machine(16, 3, 5.3), 4);
  keeps_schedule<VStore64>(machine(64, 100, 64), 8);
}

TEST_P(StoreUnit, KeepsTheCyclesOfT12WithIdealMemory) {
  Arch arch = machine(16, 9, 2);
  arch.memory.model = MemoryModel::kIdeal;
  keeps_schedule<VStore16>(arch, 4);
}

TEST_P(StoreUnit, WaitsForASlowMemory) {
  waits<VStore4>(4, 1);
  waits<VStore16>(16, 4);
  waits<VStore64>(64, 8);
}

TEST_P(StoreUnit, ReportsResponses) {
  Bench<VStore16> bench(GetParam());
  bench->bvalid_i = 1;
  bench->bresp_i = 2;
  bench.settle();
  EXPECT_EQ(bench->error_o, 1);
  bench->bresp_i = 0;
  bench.settle();
  EXPECT_EQ(bench->error_o, 0);
  bench->bvalid_i = 0;
  bench->bresp_i = 2;
  bench.settle();
  EXPECT_EQ(bench->error_o, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, StoreUnit, testing::Values(1, 2));

}  // namespace
}  // namespace qsim::rtl
