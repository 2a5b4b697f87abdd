// The shrinker, proven on failures made on purpose: of the description, of a process, of an engine.
#include "tests/fuzz/shrink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "sim/cli/network_inputs.h"
#include "sim/engines/reference/reference_engine.h"
#include "sim/systemc/engine.h"

namespace qsim::fuzz {
namespace {

using std::chrono::milliseconds;
using Kind = Verdict::Kind;

// The first case of structure 2 for which the judge gives this kind.
CaseSpec failing_case(const Judge& judge, Kind kind) {
  for (uint32_t seed = 1; seed < 500; ++seed) {
    const CaseSpec spec = draw_case(2, seed);
    if (spec.layers.size() > 2 && judge(spec).kind == kind) return spec;
  }
  throw Error("no case fails like that");
}

Shrunk shrink_first(const Judge& judge, Kind kind) {
  const CaseSpec spec = failing_case(judge, kind);
  return shrink(spec, judge(spec), judge);
}

TEST(FuzzShrink, LeavesWhatTheFailureNeedsAndNothingElse) {
  const Judge judge = [](const CaseSpec& spec) {
    const auto fails = [&](const CaseLayer& layer) {
      return layer.op == CaseOp::kDepthwise && layer.window.stride_w >= 2 && spec.w >= 4;
    };
    const bool any = std::any_of(spec.layers.begin(), spec.layers.end(), fails) &&
                     spec.arch.memory.model == MemoryModel::kLatency &&
                     spec.arch.memory.latency_cycles > 5;
    return Verdict{any ? Kind::kDifference : Kind::kAgree};
  };
  const Shrunk small = shrink_first(judge, Kind::kDifference);
  CaseSpec expected = small.spec;
  expected.n = expected.h = expected.c = 1;
  expected.w = 4;
  expected.arch.memory.latency_cycles = 6;
  expected.arch.memory.bytes_per_cycle = 64;
  expected.arch.memory.channel_bits = ChannelBits::k64;
  expected.arch.memory.controller_cycles = 0;
  expected.arch.clock.mhz = 500;
  expected.arch.host.step_cycles = 0;
  expected.arch.host.elements_per_cycle = 1;
  expected.values = {false, true, true, true, true, true};
  expected.layers = {CaseLayer()};
  expected.layers[0].op = CaseOp::kDepthwise;
  expected.layers[0].window.stride_w = 2;
  EXPECT_EQ(to_text(small.spec), to_text(expected));
  EXPECT_LT(small.runs, 400);
}

TEST(FuzzShrink, KeepsTheKindOfFailure) {
  // Without the pool it would fail otherwise.
  const Judge judge = [](const CaseSpec& spec) {
    const bool pool = std::any_of(spec.layers.begin(), spec.layers.end(),
                                  [](const CaseLayer& l) { return l.op == CaseOp::kMaxPool; });
    return Verdict{pool ? Kind::kDifference : Kind::kError};
  };
  const Shrunk small = shrink_first(judge, Kind::kDifference);
  ASSERT_EQ(small.spec.layers.size(), 1u);
  EXPECT_EQ(small.spec.layers[0].op, CaseOp::kMaxPool);
  EXPECT_EQ(small.verdict.kind, Kind::kDifference);
}

TEST(FuzzShrink, StopsAtTheMostRuns) {
  const CaseSpec spec = draw_case(2, 1);
  int runs = 0;
  const Judge judge = [&](const CaseSpec&) {
    ++runs;
    return Verdict{Kind::kError};
  };
  EXPECT_EQ(shrink(spec, {Kind::kError}, judge, 7).runs, 7);
  EXPECT_EQ(runs, 7);
}

TEST(FuzzShrink, CrashesAndHangsAreFailuresLikeOthers) {
  const auto in_child = [](void (*fail)(), milliseconds limit) -> Judge {
    return [fail, limit](const CaseSpec& spec) {
      return decode(run_in_child(
          [&] {
            if (spec.w > 6) fail();
            return encode(Verdict{});
          },
          limit));
    };
  };
  const Judge crashing = in_child([] { std::raise(SIGSEGV); }, milliseconds(20000));
  const Shrunk crash = shrink_first(crashing, Kind::kCrash);
  EXPECT_EQ(crash.spec.w, 7);
  EXPECT_TRUE(crash.spec.layers.empty());
  const Judge hanging = in_child(
      [] {
        for (volatile bool forever = true; forever;) {
        }
      },
      milliseconds(100));
  const CaseSpec spec = failing_case(hanging, Kind::kTimeout);
  EXPECT_EQ(shrink(spec, hanging(spec), hanging, 30).verdict.kind, Kind::kTimeout);
}

// A byte of the activation buffer changes while the vector unit or the array read it: SystemC then
// differs from the reference.
Verdict judge_disturbed(const CaseSpec& spec) {
  const ChildEnd end = run_in_child(
      [&] {
        Program program;
        try {
          program = compile_case(spec);
        } catch (const Error&) {
          return encode({Kind::kRefused});
        }
        const std::vector<Tensor> inputs = cli::random_inputs(program.network, spec.seed);
        ReferenceEngine reference(program.network, {.mode = spec.arch.vector.requant});
        const std::vector<Tensor> right = reference.run(inputs);
        SystemcOptions options;
        options.check_hazards = false;
        for (int64_t cycle = 0; cycle < 3000; ++cycle) {
          options.pokes.push_back({cycle, Poke::Target::kActivation, 3, 77});
        }
        const RunResult run = SystemcEngine(program, options).run(inputs);
        const bool differs = run.outputs[0].bytes != right[0].bytes;
        return encode({differs ? Kind::kDifference : Kind::kAgree, "disturbed"});
      },
      milliseconds(20000));
  return decode(end);
}

TEST(FuzzShrink, AnEngineThatGoesWrong) {
  const Shrunk small = shrink_first(judge_disturbed, Kind::kDifference);
  EXPECT_LE(small.spec.layers.size(), 1u);
  EXPECT_EQ(small.spec.arch.memory.model, MemoryModel::kIdeal);
  // The byte must hold something: a fourth element of channels or pixels.
  EXPECT_LE(small.spec.n * small.spec.h * small.spec.w * small.spec.c, 4);
  EXPECT_EQ(to_text(shrink_first(judge_disturbed, Kind::kDifference).spec), to_text(small.spec));
}

}  // namespace
}  // namespace qsim::fuzz
