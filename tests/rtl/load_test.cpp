// rtl: VLoad4 qsim_load BusBytes=4 LoadOutstanding=1
// rtl: VLoad16 qsim_load BusBytes=16 LoadOutstanding=5
// rtl: VLoad64 qsim_load BusBytes=64 LoadOutstanding=256
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "VLoad16.h"
#include "VLoad4.h"
#include "VLoad64.h"
#include "hw/spec/memory_timing.h"
#include "tests/rtl/bench.h"
#include "tests/rtl/dma_reference.h"

namespace qsim::rtl {
namespace {

struct Write {
  Beat beat;
  int32_t buffer = 0;
};

std::vector<uint8_t> dram_bytes(const Beat& beat, int bus_bytes) {
  std::vector<uint8_t> bytes;
  for (int lane = 0; lane < bus_bytes; ++lane) bytes.push_back(byte_at(beat.address + lane));
  return bytes;
}

template <typename Dut>
struct Counted {
  int64_t bursts = 0, beats = 0, bytes = 0;
  void add(const Dut& dut) {
    bursts += dut.load_bursts_o;
    beats += dut.load_beats_o;
    bytes += dut.load_bytes_o;
  }
  void add(const Burst& burst) {
    bursts += 1;
    beats += static_cast<int64_t>(burst.beats.size());
    bytes += burst.bytes;
  }
  bool operator==(const Counted&) const = default;
};

template <typename Dut>
void give_beat(Bench<Dut>& bench, const Beat* beat, bool last, int bus_bytes) {
  bench->rvalid_i = beat != nullptr;
  bench->rresp_i = 0;
  bench->rlast_i = last;
  if (beat != nullptr) set_bytes(bench->rdata_i, dram_bytes(*beat, bus_bytes));
}

template <typename Dut>
void expect_write(Bench<Dut>& bench, const Write* write, int bus_bytes) {
  const int selected = bench->act_we_o + 2 * bench->weight_we_o + 4 * bench->param_we_o;
  ASSERT_EQ(selected, write == nullptr ? 0 : 1 << write->buffer);
  if (write == nullptr) return;
  ASSERT_EQ(bench->addr_o, write->beat.place);
  ASSERT_EQ(bench->be_o, write->beat.enable);
  ASSERT_EQ(bytes_of(bench->wdata_o, bus_bytes), dram_bytes(write->beat, bus_bytes));
}

template <typename Dut>
void expect_request(Bench<Dut>& bench, const Burst& burst, int bus_bytes) {
  ASSERT_EQ(static_cast<int64_t>(bench->araddr_o), burst.beats.front().address);
  ASSERT_EQ(bench->arlen_o + 1u, burst.beats.size());
  ASSERT_EQ(1 << bench->arsize_o, bus_bytes);
  ASSERT_EQ(bench->arburst_o, 1);
}

// Everything that rules T9 and T11 say of a list of loads, cycle by cycle.
struct Schedule {
  std::map<int64_t, Load> issues;
  std::set<int64_t> busy, dones;
  std::map<int64_t, Burst> requests;
  std::map<int64_t, std::pair<Beat, bool>> arrivals;  // bool: the last of its burst
  std::map<int64_t, Write> writes;

  Schedule(const Arch& arch, int outstanding, std::mt19937& random) {
    MemoryTiming memory(arch);
    std::vector<int64_t> landings;
    int64_t busy_until = 3, last_request = -1;
    for (int n = 0; n < 40; ++n) {
      const Load op = random_transfer(random, arch.memory.bus_bytes);
      const int64_t issue = busy_until + (random() % 2 != 0 ? 0 : random() % 40);
      issues[issue] = op;
      for (const Burst& burst : bursts_of(op, arch.memory.bus_bytes)) {
        int64_t cycle = std::max(issue, last_request) + 1;
        const size_t limit = static_cast<size_t>(outstanding);
        if (landings.size() >= limit) {
          cycle = std::max(cycle, landings[landings.size() - limit] + 1);
        }
        requests[cycle] = burst;
        last_request = cycle;
        const int64_t beats = static_cast<int64_t>(burst.beats.size());
        const BurstTiming timing = memory.read(cycle, 0, beats);
        for (int64_t k = 0; k < beats; ++k) {
          const Beat& beat = burst.beats[static_cast<size_t>(k)];
          arrivals[timing.beat_cycle(k)] = {beat, k == beats - 1};
          writes[timing.beat_cycle(k) + 1] = {beat, op.buffer};
        }
        landings.push_back(timing.beat_cycle(beats - 1) + 1);
      }
      busy_until = last_request + 1;
      for (int64_t t = issue + 1; t < busy_until; ++t) busy.insert(t);
      dones.insert(landings.back());
    }
  }
};

template <typename Key, typename Value>
const Value* at(const std::map<Key, Value>& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

class LoadUnit : public testing::TestWithParam<int> {
 protected:
  template <typename Dut>
  void keeps_schedule(const Arch& arch, int outstanding) {
    const int bus_bytes = arch.memory.bus_bytes;
    std::mt19937 random(static_cast<uint32_t>(GetParam()));
    const Schedule schedule(arch, outstanding, random);
    Bench<Dut> bench(GetParam());
    Counted<Dut> counted, expected;
    bench->arready_i = 1;
    for (int64_t t = 0; t <= *schedule.dones.rbegin() + 3 && !HasFailure(); ++t) {
      SCOPED_TRACE("cycle " + std::to_string(t));
      const Load* op = at(schedule.issues, t);
      bench->issue_i = op != nullptr;
      if (op != nullptr) set_instruction(bench->instr_i, Instruction{*op});
      const auto* arrival = at(schedule.arrivals, t);
      give_beat(bench, arrival ? &arrival->first : nullptr, arrival && arrival->second, bus_bytes);
      bench.settle();
      ASSERT_EQ(bench->free_o, !schedule.busy.contains(t));
      const Burst* request = at(schedule.requests, t);
      ASSERT_EQ(bench->arvalid_o, request != nullptr);
      if (request != nullptr) {
        expect_request(bench, *request, bus_bytes);
        expected.add(*request);
      }
      expect_write(bench, at(schedule.writes, t), bus_bytes);
      ASSERT_EQ(bench->done_o, schedule.dones.contains(t));
      ASSERT_EQ(bench->error_o, 0);
      counted.add(bench.dut());
      bench.tick();
    }
    EXPECT_EQ(counted, expected);
  }

  // A memory that accepts and answers when it likes.
  template <typename Dut>
  void waits(int bus_bytes, int outstanding) {
    std::mt19937 random(static_cast<uint32_t>(GetParam() + 77));
    Bench<Dut> bench(GetParam());
    std::deque<Burst> to_request;
    std::deque<std::pair<Burst, size_t>> on_the_way;  // with the beats that have arrived
    std::deque<int32_t> buffers;                      // of the instructions that are not done
    int in_flight = 0, issued = 0, done = 0, cycles = 0;
    bool written = false, landed = false, finished = false;
    Write write;
    while (done < 60 && !HasFailure()) {
      ASSERT_LT(++cycles, 200000);
      ASSERT_EQ(bench->free_o, to_request.empty());
      bench->issue_i = issued < 60 && to_request.empty() && random() % 3 == 0;
      const Load op = random_transfer(random, bus_bytes);
      set_instruction(bench->instr_i, Instruction{op});
      bench->arready_i = random() % 4 == 0;
      const bool beat = !on_the_way.empty() && random() % 3 != 0;
      const auto* head = beat ? &on_the_way.front() : nullptr;
      const bool last = beat && head->second + 1 == head->first.beats.size();
      give_beat(bench, beat ? &head->first.beats[head->second] : nullptr, last, bus_bytes);
      bench.settle();

      ASSERT_EQ(bench->arvalid_o, !to_request.empty() && in_flight < outstanding);
      if (bench->arvalid_o) expect_request(bench, to_request.front(), bus_bytes);
      expect_write(bench, written ? &write : nullptr, bus_bytes);
      ASSERT_EQ(bench->done_o, finished);
      ASSERT_EQ(bench->error_o, 0);
      done += finished;
      in_flight -= landed;
      written = beat;
      landed = last;
      finished = last && head->first.ends_instruction;
      if (beat) write = {head->first.beats[head->second], buffers.front()};
      if (finished) buffers.pop_front();
      if (beat) ++on_the_way.front().second;
      if (last) on_the_way.pop_front();
      if (bench->arvalid_o && bench->arready_i) {
        on_the_way.emplace_back(to_request.front(), 0);
        to_request.pop_front();
        ++in_flight;
      }
      if (bench->issue_i) {
        for (const Burst& burst : bursts_of(op, bus_bytes)) to_request.push_back(burst);
        buffers.push_back(op.buffer);
        ++issued;
      }
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

TEST_P(LoadUnit, KeepsTheCyclesOfT11) {
  keeps_schedule<VLoad4>(machine(4, 1, 4), 1);
  keeps_schedule<VLoad16>(machine(16, 30, 16), 5);
  keeps_schedule<VLoad16>(machine(16, 3, 5.3), 5);
  keeps_schedule<VLoad64>(machine(64, 100, 64), 256);
}

TEST_P(LoadUnit, KeepsTheCyclesOfT11WithIdealMemory) {
  Arch arch = machine(16, 9, 2);
  arch.memory.model = MemoryModel::kIdeal;
  keeps_schedule<VLoad16>(arch, 5);
}

TEST_P(LoadUnit, WaitsForASlowMemory) {
  waits<VLoad4>(4, 1);
  waits<VLoad16>(16, 5);
  waits<VLoad64>(64, 256);
}

TEST_P(LoadUnit, ReportsResponses) {
  Bench<VLoad16> bench(GetParam());
  Load op;
  op.bytes = 32;
  op.count0 = op.count1 = op.count2 = 1;
  set_instruction(bench->instr_i, Instruction{op});
  bench->arready_i = 1;
  bench->rvalid_i = 0;
  bench->issue_i = 1;
  bench.tick();
  bench->issue_i = 0;
  bench.tick();
  bench->rvalid_i = 1;
  const auto error_of = [&](int resp, int last) {
    bench->rresp_i = static_cast<uint8_t>(resp);
    bench->rlast_i = static_cast<uint8_t>(last);
    bench.settle();
    return static_cast<int>(bench->error_o);
  };
  EXPECT_EQ(error_of(0, 0), 0);
  EXPECT_EQ(error_of(2, 0), 1);
  EXPECT_EQ(error_of(3, 0), 1);
  EXPECT_EQ(error_of(0, 1), 1);
  bench.tick();
  EXPECT_EQ(error_of(0, 1), 0);
  EXPECT_EQ(error_of(0, 0), 1);
  bench->rvalid_i = 0;
  EXPECT_EQ(error_of(2, 0), 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, LoadUnit, testing::Values(1, 2));

}  // namespace
}  // namespace qsim::rtl
