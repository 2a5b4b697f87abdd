// Rules T16 and T17 on hand-made timings, and against a plain evaluation cycle by cycle.
#include "sim/report/account.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace qsim {
namespace {

constexpr int64_t kPes = 4 * 4;

// A 4x4 machine and a network of `layers` convolutions; only names and count matter here.
struct HandRun {
  Program program;
  RunResult result;

  explicit HandRun(int layers) {
    for (const char* key : {"array.rows", "array.cols", "vector.lanes", "memory.bus_bytes"}) {
      set_arch_key(program.arch, key, "4", "test");
    }
    program.network.layers.resize(static_cast<size_t>(layers));
  }

  void add(const Operation& op, LayerId layer, InstructionTiming timing, int64_t macs = 0) {
    program.instructions.push_back({op, 0, 0});
    InstructionInfo info;
    info.layer = layer;
    info.useful_macs = macs;
    program.info.push_back(info);
    result.timing.push_back(timing);
  }
  void segment(int64_t start, int64_t end) {
    const auto count = static_cast<int32_t>(program.instructions.size()) - next_;
    program.steps.push_back({-1, next_, count});
    result.steps.push_back({start, end});
    next_ += count;
    result.cycles = end;
  }
  void host(LayerId layer, int64_t start, int64_t end) {
    program.steps.push_back({layer, 0, 0});
    result.steps.push_back({start, end});
    result.cycles = end;
  }
  RunAccount account() const { return account_for(program, result); }

 private:
  int32_t next_ = 0;
};

Matmul matmul(int32_t out_w, int32_t cblocks) {
  Matmul op;
  op.out_h = op.kh = op.kw = 1;
  op.out_w = out_w;
  op.cblocks = cblocks;
  return op;
}

Vector vector_op(VectorFunction function) {
  Vector op;
  op.function = static_cast<int32_t>(function);
  return op;
}

int64_t cycles(const Account& account, CycleState state) { return account[state] / kPes; }

// A load, a matmul that streams 6 pixels, a requant, a store, one after the other.
TEST(Account, OneOfEachInTurn) {
  HandRun run(1);
  run.add(Load{}, 0, {10, 20, 29, 29});
  run.add(matmul(6, 1), 0, {30, 36, 47, 47}, 50);
  run.add(vector_op(VectorFunction::kRequant), 0, {48, 58, 66, 66});
  run.add(Store{}, 0, {67, 70, 80, 80});
  run.add(Halt{}, 0, {15, 15, 81, 81});
  run.segment(0, 82);
  const RunAccount account = run.account();
  EXPECT_EQ(account.total[CycleState::kUseful], 50);
  EXPECT_EQ(account.total[CycleState::kEdge], 6 * kPes - 50);
  EXPECT_EQ(cycles(account.total, CycleState::kWeightLoad), 0);
  EXPECT_EQ(cycles(account.total, CycleState::kFillDrain), 47 - 36);
  EXPECT_EQ(cycles(account.total, CycleState::kVector), 66 - 48);
  EXPECT_EQ(cycles(account.total, CycleState::kLoad), 29 - 10);
  EXPECT_EQ(cycles(account.total, CycleState::kStore), 80 - 67);
  // Cycles 0 to 10 before the load, and the one after each retirement in which nothing is in
  // flight.
  EXPECT_EQ(cycles(account.total, CycleState::kFetch), 11 + 1 + 1 + 1 + 1);
  EXPECT_EQ(account.total.sum(), 82 * kPes);
  EXPECT_EQ(account.layers[0].cycles, 82);
}

// P = 1 < R = 4: each of 3 tiles streams for one cycle and waits three for the next tile's weights.
TEST(Account, ShortTilesWaitForWeights) {
  HandRun run(1);
  run.add(matmul(1, 3), 0, {5, 5 + 12, 5 + 1 + 8 + 11, 25}, 3 * 16);
  run.add(Halt{}, 0, {6, 6, 26, 26});
  run.segment(0, 27);
  const RunAccount account = run.account();
  EXPECT_EQ(account.total[CycleState::kUseful], 48);
  EXPECT_EQ(account.total[CycleState::kEdge], 0);
  EXPECT_EQ(cycles(account.total, CycleState::kWeightLoad), 9);
  EXPECT_EQ(cycles(account.total, CycleState::kFillDrain), 25 - 17);
  EXPECT_EQ(cycles(account.total, CycleState::kFetch), 6 + 1);
}

// Output-stationary: every busy cycle is a feed cycle, short groups included.
TEST(Account, OutputStationaryFeedsAllTheTime) {
  HandRun run(1);
  run.program.arch.array.dataflow = Dataflow::kOs;
  run.add(matmul(5, 2), 0, {0, 16, 35, 35}, 5 * 2 * 16);
  run.add(Halt{}, 0, {6, 6, 36, 36});
  run.segment(0, 37);
  const RunAccount account = run.account();
  EXPECT_EQ(account.total[CycleState::kUseful], 160);
  EXPECT_EQ(account.total[CycleState::kEdge], 16 * kPes - 160);
  EXPECT_EQ(cycles(account.total, CycleState::kWeightLoad), 0);
}

// The array comes before the vector unit, depthwise before other vector work, memory last.
TEST(Account, FirstStateThatAppliesWins) {
  HandRun run(1);
  run.add(Load{}, 0, {0, 5, 100, 100});
  run.add(matmul(10, 1), 0, {9, 19, 30, 30}, 0);
  run.add(vector_op(VectorFunction::kDepthwise), 0, {9, 40, 50, 50});
  run.add(vector_op(VectorFunction::kAdd), 0, {39, 60, 70, 70});
  run.add(Store{}, 0, {69, 100, 120, 120});
  run.add(Halt{}, 0, {6, 6, 121, 121});
  run.segment(0, 122);
  const Account total = run.account().total;
  EXPECT_EQ(cycles(total, CycleState::kFetch), 1 + 1);
  EXPECT_EQ(cycles(total, CycleState::kLoad), 9 + 30);
  EXPECT_EQ(cycles(total, CycleState::kEdge), 10);
  EXPECT_EQ(cycles(total, CycleState::kFillDrain), 11);
  EXPECT_EQ(cycles(total, CycleState::kDepthwise), 20);
  EXPECT_EQ(cycles(total, CycleState::kVector), 20);
  EXPECT_EQ(cycles(total, CycleState::kStore), 20);
}

// T16: the boundary is the latest retirement of the layers before, whatever streams meanwhile.
TEST(Account, LayersMeetAtTheLatestRetirement) {
  HandRun run(2);
  run.add(matmul(4, 1), 0, {0, 4, 15, 15}, 64);
  run.add(vector_op(VectorFunction::kRequant), 0, {15, 20, 30, 30});
  run.add(matmul(8, 1), 1, {26, 34, 45, 45}, 8 * 16);
  run.add(vector_op(VectorFunction::kRequant), 1, {46, 50, 60, 60});
  run.add(Halt{}, 1, {6, 6, 61, 61});
  run.segment(0, 62);
  const RunAccount account = run.account();
  EXPECT_EQ(account.layers[0].cycles, 31);
  EXPECT_EQ(account.layers[1].cycles, 31);
  // The second matmul streams in cycles 27 to 34; 27 to 30 are the first layer's.
  EXPECT_EQ(account.layers[0].account[CycleState::kUseful], 64 + 4 * 16);
  EXPECT_EQ(account.layers[1].account[CycleState::kUseful], 4 * 16);
  EXPECT_EQ(account.total[CycleState::kUseful], 64 + 128);
}

TEST(Account, LayersWithoutComputeOwnNothing) {
  HandRun run(3);
  run.add(vector_op(VectorFunction::kAdd), 0, {0, 4, 10, 10});
  run.add(Load{}, 1, {0, 40, 50, 50});
  run.add(vector_op(VectorFunction::kAdd), 2, {60, 64, 70, 70});
  run.add(Halt{}, 2, {6, 6, 71, 71});
  run.segment(0, 72);
  const RunAccount account = run.account();
  EXPECT_EQ(account.layers[0].cycles, 11);
  EXPECT_EQ(account.layers[1].cycles, 0);
  EXPECT_EQ(account.layers[2].cycles, 61);
  EXPECT_EQ(cycles(account.layers[2].account, CycleState::kLoad), 50 - 10);
}

TEST(Account, HostStepsOwnTheirCycles) {
  HandRun run(3);
  run.host(0, 0, 1000);
  run.add(vector_op(VectorFunction::kAdd), 1, {1010, 1014, 1020, 1020});
  run.add(Halt{}, 1, {1008, 1008, 1021, 1021});
  run.segment(1000, 1022);
  run.host(2, 1022, 3000);
  const RunAccount account = run.account();
  EXPECT_EQ(account.layers[0].cycles, 1000);
  EXPECT_EQ(account.layers[1].cycles, 22);
  EXPECT_EQ(account.layers[2].cycles, 1978);
  EXPECT_EQ(cycles(account.total, CycleState::kHost), 2978);
  EXPECT_EQ(account.cycles, 3000);
}

TEST(Account, RefusesResultsWithoutTimes) {
  HandRun run(1);
  run.add(Halt{}, 0, {5, 5, 6, 6});
  run.segment(0, 7);
  EXPECT_NO_THROW(run.account());
  run.result.cycles = 8;
  EXPECT_THROW(run.account(), std::logic_error);
  run.result.cycles = 7;
  run.result.timing.clear();
  EXPECT_THROW(run.account(), std::logic_error);
}

TEST(Account, RefusesMoreUsefulWorkThanTheArrayCanDo) {
  HandRun run(1);
  run.add(matmul(4, 1), 0, {0, 4, 15, 15}, 4 * 16 + 1);
  run.add(Halt{}, 0, {6, 6, 16, 16});
  run.segment(0, 17);
  EXPECT_THROW(run.account(), std::logic_error);
}

// ---- The rules cycle by cycle, as they are written. ----

bool in_flight(const InstructionTiming& timing, int64_t cycle) {
  return timing.issue + 1 <= cycle && cycle <= timing.retire;
}

std::vector<LayerAccount> plain_account(const Program& program, const RunResult& result) {
  std::vector<LayerAccount> layers(program.network.layers.size());
  const Arch& arch = program.arch;
  std::vector<int64_t> streamed(program.instructions.size());
  for (int64_t t = 0; t < result.cycles; ++t) {
    LayerId owner = -1, last = -1;
    bool active[kCycleStates] = {};
    int64_t useful = 0;
    for (size_t i = 0; i < program.instructions.size(); ++i) {
      const Operation& op = program.instructions[i].op;
      const InstructionTiming& timing = result.timing[i];
      const auto* matmul_op = std::get_if<Matmul>(&op);
      const auto* vector = std::get_if<Vector>(&op);
      if (matmul_op || vector) {
        last = program.info[i].layer;
        if (owner < 0 && t <= timing.retire) owner = last;
      }
      if (matmul_op && timing.issue + 1 <= t && t <= timing.busy_until) {
        const int64_t pixels = int64_t{1} * matmul_op->out_h * matmul_op->out_w;
        const int64_t pace = std::max<int64_t>(pixels, arch.array.rows);
        const bool streams =
            arch.array.dataflow == Dataflow::kOs || (t - timing.issue - 1) % pace < pixels;
        active[static_cast<int>(streams ? CycleState::kUseful : CycleState::kWeightLoad)] = true;
        if (streams) {
          const int64_t busy = timing.busy_until - timing.issue;
          const int64_t total = arch.array.dataflow == Dataflow::kOs ? busy : busy / pace * pixels;
          const int64_t macs = program.info[i].useful_macs;
          useful = macs * (streamed[i] + 1) / total - macs * streamed[i] / total;
          ++streamed[i];
        }
      }
      if (!in_flight(timing, t) || is_halt(op)) continue;
      const bool depthwise =
          vector && VectorFunction(vector->function) == VectorFunction::kDepthwise;
      const CycleState state = matmul_op                          ? CycleState::kFillDrain
                               : depthwise                        ? CycleState::kDepthwise
                               : vector                           ? CycleState::kVector
                               : std::holds_alternative<Load>(op) ? CycleState::kLoad
                                                                  : CycleState::kStore;
      active[static_cast<int>(state)] = true;
    }
    if (owner < 0) owner = last;
    LayerAccount& layer = layers[static_cast<size_t>(owner)];
    ++layer.cycles;
    active[static_cast<int>(CycleState::kFetch)] = true;
    const auto first = std::find(std::begin(active), std::end(active), true) - std::begin(active);
    if (first == static_cast<int>(CycleState::kUseful)) {
      layer.account[CycleState::kUseful] += useful;
      layer.account[CycleState::kEdge] += arch.pes() - useful;
    } else {
      layer.account.pe_cycles[static_cast<size_t>(first)] += arch.pes();
    }
  }
  return layers;
}

// Instructions of random kinds and layers; each unit in order, gaps and overlaps at random.
HandRun random_run(uint32_t seed) {
  std::mt19937 random(seed);
  const auto draw = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint32_t>(high - low + 1));
  };
  HandRun run(5);
  if (seed % 2) run.program.arch.array.dataflow = Dataflow::kOs;
  int64_t free_at[kUnits] = {}, retired[kUnits] = {};
  int64_t end = 0;
  const int64_t count = draw(1, 60);
  for (int64_t i = 0; i < count; ++i) {
    const Operation choices[] = {Load{}, Store{}, matmul(static_cast<int32_t>(draw(1, 9)), 2),
                                 vector_op(VectorFunction::kDepthwise),
                                 vector_op(VectorFunction::kRequant)};
    const Operation op = choices[draw(0, 4)];
    const auto unit = static_cast<size_t>(unit_of(op));
    InstructionTiming timing;
    timing.issue = free_at[unit] + draw(0, 1) * draw(0, 30);
    int64_t busy = draw(1, 25), macs = 0;
    if (const auto* matmul_op = std::get_if<Matmul>(&op)) {
      const int64_t pixels = matmul_op->out_w;
      busy = run.program.arch.array.dataflow == Dataflow::kOs ? 2 * 4 * ((pixels + 3) / 4)
                                                              : 2 * std::max<int64_t>(pixels, 4);
      macs = draw(0, 2 * pixels * kPes);
    }
    timing.busy_until = timing.issue + busy;
    timing.done = timing.busy_until + draw(0, 20);
    timing.retire = std::max(timing.done, retired[unit] + 1) + draw(0, 1) * draw(0, 10);
    free_at[unit] = timing.busy_until;
    retired[unit] = timing.retire;
    end = std::max(end, timing.retire);
    run.add(op, static_cast<LayerId>(draw(i * 5 / count, std::min<int64_t>(4, i * 5 / count + 1))),
            timing, macs);
  }
  run.add(vector_op(VectorFunction::kAdd), 4,
          {free_at[2], free_at[2] + 1, end + 1, std::max(end, retired[2]) + 1});
  run.add(Halt{}, 4, {1, 1, end + 2, end + 2});
  run.segment(0, end + 3);
  return run;
}

TEST(Account, EqualsThePlainEvaluation) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    const HandRun run = random_run(seed);
    const RunAccount account = run.account();
    const std::vector<LayerAccount> expected = plain_account(run.program, run.result);
    for (size_t layer = 0; layer < expected.size(); ++layer) {
      ASSERT_EQ(account.layers[layer].cycles, expected[layer].cycles) << seed << " " << layer;
      for (int state = 0; state < kCycleStates; ++state) {
        ASSERT_EQ(account.layers[layer].account[CycleState(state)],
                  expected[layer].account[CycleState(state)])
            << "seed " << seed << " layer " << layer << " " << name_of(CycleState(state));
      }
    }
  }
}

}  // namespace
}  // namespace qsim
