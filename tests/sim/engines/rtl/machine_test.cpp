// The whole accelerator: every instruction in the cycles of the SystemC model, which the analytic
// engine confirms elsewhere, every timing counter, and the same bytes at every retirement.
#include <gtest/gtest.h>

#include <array>
#include <map>

#include "sim/engines/analytic/engine.h"
#include "sim/engines/rtl/engine.h"
#include "sim/systemc/engine.h"
#include "tests/sim/engines/rtl/halt_machine.h"
#include "tests/support/engines.h"
#include "tests/support/random_case.h"
#include "tests/support/structures.h"
#include "tests/support/token_program.h"

namespace qsim::rtl {
namespace {

struct Observed {
  RunResult result;
  std::map<int32_t, std::vector<uint8_t>> written;  // by instruction
  std::map<LayerId, Tensor> layers;
};

template <typename Engine, typename Options>
Observed observe(const Program& program, const std::vector<Tensor>& inputs, Options options) {
  Observed observed;
  options.fill = 5;
  options.observer = [&](LayerId layer, const Tensor& output) { observed.layers[layer] = output; };
  options.retirement = [&](const Retirement& retirement) {
    observed.written[retirement.index] =
        read_written(comparable(program, retirement), retirement.read);
  };
  observed.result = Engine(program, options).run(inputs);
  return observed;
}

class Machine : public HaltMachine, public testing::WithParamInterface<int> {
 protected:
  void expect_equal(const Program& program, uint32_t seed) {
    const std::vector<Tensor> inputs = random_inputs(program.network, seed);
    const Observed systemc = observe<SystemcEngine>(program, inputs, SystemcOptions{});
    RtlOptions options = quick("");
    options.seed = seed;
    const Observed rtl = observe<RtlEngine>(program, inputs, options);
    for (size_t i = 0; i < program.instructions.size(); ++i) {
      SCOPED_TRACE("instruction " + std::to_string(i) + " " + to_text(program.instructions[i]));
      const InstructionTiming& a = systemc.result.timing[i];
      const InstructionTiming& b = rtl.result.timing[i];
      ASSERT_EQ((std::array{a.issue, a.busy_until, a.done, a.retire}),
                (std::array{b.issue, b.busy_until, b.done, b.retire}));
      const auto index = static_cast<int32_t>(i);
      ASSERT_EQ(systemc.written.at(index), rtl.written.at(index));
    }
    EXPECT_EQ(systemc.result.steps, rtl.result.steps);
    EXPECT_EQ(systemc.result.cycles, rtl.result.cycles);
#define QSIM_COUNTER(name, kind, unit, meaning)                                 \
  if (std::string(#kind) == "timing") {                                         \
    EXPECT_EQ(systemc.result.counters.name, rtl.result.counters.name) << #name; \
  }
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
    EXPECT_EQ(systemc.result.counters.accumulator_wraps, rtl.result.counters.accumulator_wraps);
    ASSERT_EQ(systemc.layers.size(), rtl.layers.size());
    for (const auto& [layer, output] : systemc.layers) {
      EXPECT_EQ(output.bytes, rtl.layers.at(layer).bytes) << "layer " << layer;
    }
  }
};  // namespace

TEST_P(Machine, DoesWhatSystemcDoes) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    Program program;
    try {
      program = compile_case(draw_case(GetParam(), seed));
    } catch (const Error& error) {
      ASSERT_TRUE(is_refusal(error)) << error.what();
      continue;
    }
    ASSERT_NO_FATAL_FAILURE(expect_equal(program, seed));
  }
}

// Among them what a compiler's program never has: a store that waits for a full counter.
TEST_P(Machine, PassesTokensBetweenAllPairsOfUnits) {
  int64_t waits_of_store = 0;
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    const Program program = token_program(structure(GetParam()), seed);
    const RunResult analytic = run_analytic(program);
    const RunResult rtl = RtlEngine(program, quick("")).run({});
    EXPECT_EQ(rtl.timing, analytic.timing);
    EXPECT_EQ(rtl.steps, analytic.steps);
    EXPECT_EQ(rtl.counters.token_full_cycles, analytic.counters.token_full_cycles);
    waits_of_store += full_token_cycles(program, rtl)[static_cast<size_t>(Unit::kStore)];
  }
  EXPECT_GT(waits_of_store, 0);
}

// The message of what a run throws, without the cycle, which is the last event's and told
// otherwise.
template <typename Engine, typename Options>
std::string hang_of(const Program& program, Options options) {
  try {
    Engine(program, options).run(random_inputs(program.network, 1));
  } catch (const Error& error) {
    const std::string text = error.what();
    return text.substr(0, text.find(" after cycle")) +
           text.substr(std::min(text.find(';'), text.size()));
  }
  return "no hang";
}

TEST_P(Machine, HangsAsSystemcHangs) {
  int hangs = 0;
  for (uint32_t seed = 1; hangs < 4 && seed <= 40; ++seed) {
    Program program;
    try {
      program = compile_case(draw_case(GetParam(), seed));
    } catch (const Error& error) {
      ASSERT_TRUE(is_refusal(error)) << error.what();
      continue;
    }
    // An instruction in the middle forgets its tokens.
    for (size_t i = program.instructions.size() / 2; i < program.instructions.size(); ++i) {
      if (!program.instructions[i].give) continue;
      program.instructions[i].give = 0;
      break;
    }
    SystemcOptions systemc;
    systemc.check_hazards = false;
    const std::string wanted = hang_of<SystemcEngine>(program, systemc);
    if (!wanted.starts_with("hang")) continue;
    ++hangs;
    EXPECT_EQ(hang_of<RtlEngine>(program, quick("")), wanted) << "seed " << seed;
  }
  EXPECT_GT(hangs, 0);
}

INSTANTIATE_TEST_SUITE_P(SmallStructures, Machine, testing::Range(0, 4));

}  // namespace
}  // namespace qsim::rtl
