// The engine as a whole: runs again and again, with and without values, in bulk and access by
// access; observers, progress, inputs that do not fit, and a byte that is corrupted in mid-run.
#include "sim/systemc/engine.h"

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "hw/spec/error.h"
#include "sim/engines/analytic/engine.h"
#include "tests/sim/systemc/tiny_program.h"
#include "tests/support/engines.h"
#include "tests/support/hand_program.h"
#include "tests/support/random_case.h"

namespace qsim::test {
namespace {

bool same_values(const RunResult& a, const RunResult& b) {
  for (size_t i = 0; i < a.outputs.size(); ++i) {
    if (a.outputs[i].bytes != b.outputs[i].bytes) return false;
  }
  return a.counters.accumulator_wraps == b.counters.accumulator_wraps &&
         a.counters.zero_operand_macs == b.counters.zero_operand_macs;
}

TEST(SystemcEngine, RunsAreIndependentOfWhatRanBefore) {
  const Program first = random_program(3), second = random_program(4);
  SystemcEngine engine(first);
  const std::vector<Tensor> inputs = random_inputs(first.network, 1);
  const std::vector<Tensor> others = random_inputs(first.network, 2);
  const RunResult once = engine.run(inputs);
  engine.run(others);
  SystemcEngine(second).run(random_inputs(second.network, 1));
  const RunResult again = engine.run(inputs);
  EXPECT_EQ(once.timing, again.timing);
  EXPECT_EQ(once.steps, again.steps);
  EXPECT_TRUE(same_values(once, again));
}

TEST(SystemcEngine, WithoutValuesTheCyclesAreTheSame) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    Program program = random_program(seed);
    const RunResult valued = SystemcEngine(program).run(random_inputs(program.network, seed));
    program.network.has_values = false;
    program.constants.clear();
    const RunResult bare = SystemcEngine(program).run({});
    EXPECT_EQ(valued.timing, bare.timing);
    EXPECT_EQ(valued.steps, bare.steps);
    EXPECT_EQ(bare.counters.zero_operand_macs, 0);
    EXPECT_TRUE(bare.outputs.empty());
  }
}

// Tiles in bulk are an optimisation: bytes moved one access at a time, each in its own cycle, give
// the same.
TEST(SystemcEngine, BulkAndSingleAccessesGiveTheSame) {
  SystemcOptions single;
  single.bulk = false;
  for (uint32_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(seed);
    const Program program = random_program(seed);
    const std::vector<Tensor> inputs = random_inputs(program.network, seed);
    const RunResult fast = SystemcEngine(program).run(inputs);
    if (fast.cycles > 100000) continue;
    const RunResult slow = SystemcEngine(program, single).run(inputs);
    EXPECT_EQ(fast.timing, slow.timing);
    EXPECT_TRUE(same_values(fast, slow));
  }
}

TEST(SystemcEngine, ObserverSeesEveryLayerOnce) {
  const Program program = random_program(5);
  std::vector<int> seen(program.network.layers.size());
  SystemcOptions options;
  options.observer = [&](LayerId layer, const Tensor& output) {
    ++seen[static_cast<size_t>(layer)];
    const NetTensor& tensor =
        program.network.tensor(program.network.layers[static_cast<size_t>(layer)].output);
    EXPECT_EQ(output.shape, (Shape{tensor.n, tensor.h, tensor.w, tensor.c}));
  };
  SystemcEngine(program, options).run(random_inputs(program.network, 1));
  EXPECT_EQ(seen, std::vector<int>(seen.size(), 1));
}

TEST(SystemcEngine, ProgressRisesAndMayStopTheRun) {
  TinyProgram tiny;
  for (int i = 0; i < 1000; ++i) tiny.add(load(BufferId::kActivation, 0, kData, 64));
  std::vector<double> shares;
  SystemcOptions options;
  options.progress = [&](double share) {
    shares.push_back(share);
    return true;
  };
  tiny.run(options);
  EXPECT_GE(shares.size(), 2u);
  EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
  options.progress = [](double) { return false; };
  EXPECT_NE(failure(tiny, options).find("run stopped at cycle"), std::string::npos);
  EXPECT_EQ(TinyProgram().run().cycles, 4);
}

TEST(SystemcEngine, RefusesInputsThatDoNotFit) {
  const Program program = hand_made_program();
  const auto message = [&](const std::vector<Tensor>& inputs) -> std::string {
    try {
      SystemcEngine(program).run(inputs);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message({}), "small: inputs = 0 are not the network's 1");
  EXPECT_EQ(message({Tensor(DataType::kInt8, {1, 2, 2, 4})}), "input: type = int8 is not float32");
  EXPECT_EQ(message({Tensor(DataType::kFloat, {1, 2, 2, 5})}), "input: elements = 20 are not 16");
  EXPECT_EQ(message({Tensor(DataType::kFloat, {1, 2, 2, 4})}), "");
}

TEST(SystemcEngine, HostStepsTakeTheirTimeOneAfterTheOther) {
  Program program = hand_made_program();
  program.arch.host.step_cycles = 100;
  program.arch.host.elements_per_cycle = 3;
  const RunResult run = SystemcEngine(program).run(random_inputs(program.network, 1));
  EXPECT_EQ(run.steps[0], (StepTiming{0, 100 + 6}));  // 16 elements
  EXPECT_EQ(run.steps[1].start, 106);
  EXPECT_EQ(run.steps[2].start, run.steps[1].end);
  EXPECT_EQ(run.cycles, run.steps[1].end + 106);
}

// Every value comes from the bytes in memories at that moment: a weight changed in DRAM before its
// load changes the output, after it no more; in the weight buffer likewise.
TEST(SystemcEngine, CorruptedByteChangesTheOutputWhileItMatters) {
  const Program program = hand_made_program();
  const std::vector<Tensor> inputs = random_inputs(program.network, 1);
  const RunResult clean = SystemcEngine(program).run(inputs);
  constexpr int64_t kWeightLoad = 1, kMatmul = 3;
  const auto changed = [&](Poke poke) {
    SystemcOptions options;
    options.pokes = {poke};
    const RunResult run = SystemcEngine(program, options).run(inputs);
    EXPECT_EQ(run.timing, clean.timing);
    return run.counters.zero_operand_macs != clean.counters.zero_operand_macs;
  };
  const int64_t request = clean.timing[kWeightLoad].busy_until - 1;
  EXPECT_TRUE(changed({request - 1, Poke::Target::kDram, 512 + 14, 0}));
  EXPECT_FALSE(changed({request, Poke::Target::kDram, 512 + 14, 0}));
  const int64_t landed = clean.timing[kWeightLoad].done;
  const int64_t read = clean.timing[kMatmul].issue + 3;  // row 3
  EXPECT_FALSE(changed({landed - 1, Poke::Target::kWeight, 14, 0}));
  EXPECT_TRUE(changed({landed, Poke::Target::kWeight, 14, 0}));
  EXPECT_TRUE(changed({read - 1, Poke::Target::kWeight, 14, 0}));
  EXPECT_FALSE(changed({read, Poke::Target::kWeight, 14, 0}));
}

TEST(SystemcEngine, InstructionsAreFetchedFromDram) {
  Program program = hand_made_program();
  const std::vector<Tensor> inputs = random_inputs(program.network, 1);
  Instruction shorter = program.instructions[3];
  std::get<Matmul>(shorter.op).out_w = 1;
  const auto bytes = encode(shorter);
  SystemcOptions options;
  for (int64_t i = 0; i < kInstructionBytes; ++i) {
    options.pokes.push_back(
        {0, Poke::Target::kDram, 3 * kInstructionBytes + i, bytes[static_cast<size_t>(i)]});
  }
  options.check_hazards = false;
  EXPECT_EQ(SystemcEngine(program, options).run(inputs).counters.acc_writes, 2);
  EXPECT_EQ(SystemcEngine(program).run(inputs).counters.acc_writes, 4);
  options.pokes = {{0, Poke::Target::kDram, 3 * kInstructionBytes, 0}};  // opcode 0 is HALT
  EXPECT_THROW(SystemcEngine(program, options).run(inputs), Error);
}

}  // namespace
}  // namespace qsim::test
