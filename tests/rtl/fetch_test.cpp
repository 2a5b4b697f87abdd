// rtl: VFetch4 qsim_fetch FifoDepth=3 BusBytes=4
// rtl: VFetch16 qsim_fetch FifoDepth=2 BusBytes=16
// rtl: VFetch64 qsim_fetch FifoDepth=1 BusBytes=64
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "VFetch16.h"
#include "VFetch4.h"
#include "VFetch64.h"
#include "tests/rtl/fetch_memory.h"

namespace qsim::rtl {
namespace {

constexpr uint64_t kAddress = 0xfedcba9840;  // a multiple of 64, of 40 bits

using Bus4 = FetchBench<VFetch4, 4, 3>;
using Bus16 = FetchBench<VFetch16, 16, 2>;
using Bus64 = FetchBench<VFetch64, 64, 1>;

Instruction load(int address) {
  Load op;
  op.buffer_address = address;
  return {op, 1, 2};
}

class Fetch : public testing::TestWithParam<int> {};

TEST_P(Fetch, RequestsFromTheCycleAfterStartOn) {
  Bus16 bench(GetParam());
  for (int i = 0; i < 3; ++i) bench.cycle();
  EXPECT_EQ(bench->arvalid_o, 0);
  bench->start_i = 1;
  bench.settle();
  EXPECT_EQ(bench->arvalid_o, 0);
  bench.start(kAddress, {load(1), Instruction{}});
  EXPECT_EQ(bench->arvalid_o, 1);
  EXPECT_EQ(bench->araddr_o, kAddress);
}

TEST_P(Fetch, ARequestWaitsForTheMemory) {
  Bus16 bench(GetParam());
  bench.start(kAddress, {load(1), Instruction{}});
  for (int i = 0; i < 5; ++i) bench.cycle(false);
  EXPECT_EQ(bench->arvalid_o, 1);
  EXPECT_EQ(bench->araddr_o, kAddress);
  bench.cycle();
  EXPECT_EQ(bench->araddr_o, kAddress + 64);
}

TEST_P(Fetch, DispatchesTheCycleAfterTheLastBeatIfThereIsRoom) {
  Bus16 bench(GetParam());
  bench.start(kAddress, {load(1), load(2), Instruction{}});
  bench->room_i = 0b1110;
  bench.run_until([&] { return !bench.trace.last_beat.empty(); });
  EXPECT_EQ(bench->push_o, 0);
  bench->room_i = 1;
  bench.settle();
  EXPECT_EQ(bench.now(), bench.trace.last_beat[0] + 1);
  EXPECT_EQ(bench->push_o, 1 << 0);
}

TEST_P(Fetch, EveryOperationGoesToItsUnit) {
  Bus64 bench(GetParam());
  bench.start(kAddress, {{Store{}}, {Vector{}}, {Load{}}, {Matmul{}}, Instruction{}});
  for (int i = 0; i < 40; ++i) bench.cycle();
  EXPECT_EQ(bench.trace.unit, (std::vector<int>{3, 2, 0, 1, -1}));
}

TEST_P(Fetch, HaltRetiresOneCycleAfterTheLastUnitIsIdle) {
  Bus16 bench(GetParam());
  bench.start(kAddress, {Instruction{}});
  bench->idle_i = 0b1011;
  bench.run_until([&] { return !bench.trace.dispatch.empty(); });
  for (int i = 0; i < 4; ++i) bench.cycle();
  EXPECT_EQ(bench->halt_o, 0);
  bench->idle_i = 0b1111;
  bench.settle();
  EXPECT_EQ(bench->halt_o, 1);
  bench.cycle();
  EXPECT_EQ(bench->halt_o, 0);  // once
}

TEST_P(Fetch, HaltRetiresOneCycleAfterItsDispatchAndTheNextSegmentFollows) {
  Bus4 bench(GetParam());
  bench.start(kAddress, {load(1), Instruction{}});
  bench.run_until([&] { return bench.trace.halt >= 0; });
  EXPECT_EQ(bench.trace.halt, bench.trace.dispatch.back() + 1);
  bench.start(kAddress + 640, {load(2), load(3), Instruction{}});
  bench.run_until([&] { return bench.trace.dispatch.size() == 5; });
  EXPECT_EQ(bench.trace.address[2], kAddress + 640);
  EXPECT_EQ(bench.trace.dispatched[3], encode(load(3)));
  EXPECT_EQ(bench->error_o, 0);
}

TEST_P(Fetch, AnUnknownOpcodeIsAnErrorAndGoesNowhere) {
  for (uint32_t opcode = 5; opcode < 16; ++opcode) {
    Bench<VFetch64> bench(GetParam());
    bench->room_i = bench->idle_i = 0xf;
    bench->start_i = bench->rresp_i = 0;
    bench->rdata_i[0] = opcode;
    bench->rvalid_i = bench->rlast_i = 1;
    bench.tick();
    bench->rvalid_i = 0;
    for (int i = 0; i < 2; ++i) {
      bench.settle();
      EXPECT_EQ(bench->error_o, i);
      EXPECT_EQ(bench->push_o, 0);
      EXPECT_EQ(bench->halt_dispatch_o, 0);
      bench.tick();
    }
  }
}

TEST_P(Fetch, AResponseThatIsNotOkayIsAnErrorForGood) {
  for (int resp = 1; resp < 4; ++resp) {
    Bus16 bench(GetParam());
    bench.start(kAddress, {load(1), Instruction{}});
    bench->rresp_i = static_cast<uint8_t>(resp);
    for (int i = 0; i < 2; ++i) bench.cycle();
    EXPECT_EQ(bench->error_o, 0) << "before the first beat";
    bench.cycle();
    EXPECT_EQ(bench->error_o, 1);
    bench->rresp_i = 0;
    for (int i = 0; i < 20; ++i) bench.cycle();
    EXPECT_EQ(bench->error_o, 1);
  }
}

// Random instructions, memory and queues against T4 and T5.
template <typename FetchUnderTest>
void follow_the_rules(int seed) {
  std::mt19937 random(static_cast<uint32_t>(seed));
  FetchUnderTest bench(seed);
  const Operation operations[] = {Load{}, Store{}, Matmul{}, Vector{}};
  std::vector<Instruction> program;
  for (int i = 0; i < 200; ++i) {
    program.push_back({operations[random() % 4], uint8_t(random() % 16), uint8_t(random() % 16)});
  }
  program.push_back({});
  bench.start(kAddress, program);
  std::vector<uint8_t> room(static_cast<size_t>(bench.now()));
  std::vector<bool> ready(room.size());
  const int64_t begin = bench.now();
  while (bench.trace.halt < 0 && bench.now() < 20000) {
    // Spells of a slow memory and spells of full queues.
    const int pressure = bench.now() / 200 % 2 ? 8 : 3;
    const uint_fast32_t draws[] = {random(), random()};
    room.push_back((bench.now() / 100 % 2 ? draws[0] | draws[1] : draws[0] & draws[1]) & 15);
    ready.push_back(static_cast<int>(random() % 8) < pressure);
    bench->room_i = room.back();
    bench.cycle(ready.back(), static_cast<int>(random() % 10) < pressure, 3);
  }
  for (int i = 0; i < 50; ++i) bench.cycle();
  const FetchTrace& trace = bench.trace;
  ASSERT_EQ(trace.request.size(), program.size());
  ASSERT_EQ(trace.dispatch.size(), program.size());
  EXPECT_EQ(trace.beats, static_cast<int64_t>(program.size()) * FetchUnderTest::kBeats);
  for (size_t i = 0; i < program.size(); ++i) {
    int64_t t = i == 0 ? begin : trace.request[i - 1] + 1;
    if (i >= FetchUnderTest::kFifoDepth) {
      t = std::max(t, trace.dispatch[i - FetchUnderTest::kFifoDepth] + 1);
    }
    while (!ready[t]) ++t;
    ASSERT_EQ(trace.request[i], t) << i;
    ASSERT_EQ(trace.address[i], kAddress + 64 * i);
    t = std::max(trace.last_beat[i] + 1, i == 0 ? 0 : trace.dispatch[i - 1] + 1);
    const int unit = is_halt(program[i].op) ? -1 : static_cast<int>(unit_of(program[i].op));
    while (unit >= 0 && !(room[t] >> unit & 1)) ++t;
    ASSERT_EQ(trace.dispatch[i], t) << i;
    ASSERT_EQ(trace.unit[i], unit) << i;
    ASSERT_EQ(trace.dispatched[i], encode(program[i])) << i;
  }
}

TEST_P(Fetch, FollowsTheRulesOn4Bytes) { follow_the_rules<Bus4>(GetParam()); }
TEST_P(Fetch, FollowsTheRulesOn16Bytes) { follow_the_rules<Bus16>(GetParam()); }
TEST_P(Fetch, FollowsTheRulesOn64Bytes) { follow_the_rules<Bus64>(GetParam()); }

INSTANTIATE_TEST_SUITE_P(Seeds, Fetch, testing::Values(1, 2));

}  // namespace
}  // namespace qsim::rtl
