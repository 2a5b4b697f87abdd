// Lock-step comparison, with SystemC as both engines: one of them as it is, the other with a byte
// changed in mid-run or with another machine's timing.
#include "sim/cli/lockstep.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "hw/spec/error.h"
#include "sim/systemc/engine.h"
#include "tests/support/engines.h"
#include "tests/support/hand_program.h"

namespace qsim::cli {
namespace {

// Instructions of hand_made_program(): 0 to 2 load, 3 matmul, 4 requantize, 5 store, 6 HALT.
constexpr size_t kWeightLoad = 1, kMatmul = 3, kRequant = 4, kStore = 5;

class LockstepTest : public testing::Test {
 protected:
  RunResult run(const Program& on, const RetirementObserver& observer,
                std::vector<Poke> pokes = {}) {
    SystemcOptions options;
    options.retirement = observer;
    options.fill = 1;
    options.pokes = std::move(pokes);
    return SystemcEngine(on, options).run(random_inputs(program.network, 1));
  }

  // Compares `program` with a run of `other` in which these bytes are changed; "" when nothing
  // differs.
  std::string compare(const Program& other, std::vector<Poke> pokes = {}) {
    lockstep.emplace(program, "systemc", "rtl");
    clean = run(program, lockstep->record());
    try {
      run(other, lockstep->compare(), std::move(pokes));
    } catch (const RunEnded&) {
    } catch (const Error& error) {
      return lockstep->failed(error.what()).text;
    }
    const auto difference =
        lockstep->difference([&](const RetirementObserver& observer) { run(program, observer); });
    EXPECT_EQ(lockstep->differs(), difference.has_value());
    if (!difference) return "";
    EXPECT_GE(difference->cycle, 0);
    EXPECT_EQ(difference->layer, 1);
    return difference->text;
  }
  std::string compare(const Poke& poke) { return compare(program, {poke}); }

  std::string retired_in(size_t index) const {
    return " (cycle " + std::to_string(clean.timing[index].retire) + ")";
  }

  Program program = hand_made_program();
  std::optional<Lockstep> lockstep;
  RunResult clean = run(program, {});
};

TEST_F(LockstepTest, EqualRunsCompareEverything) {
  EXPECT_EQ(compare(program), "");
  EXPECT_EQ(lockstep->instructions(), 7);
  // Loaded, 4 words of 4 accumulators, codes, stored.
  EXPECT_EQ(lockstep->bytes(), 16 + 16 + 64 + 64 + 16 + 16);
}

TEST_F(LockstepTest, NamesTheByteThatALoadWrote) {
  EXPECT_EQ(compare({0, Memory::kDram, 512 + 14, 99}),
            "layer conv1 instr 1 LOAD weight byte 14: systemc 1, rtl 99" + retired_in(kWeightLoad));
}

// The weight of row 3, column 2.
TEST_F(LockstepTest, NamesTheAccumulatorThatAMatmulWrote) {
  const std::string line = compare({clean.timing[kMatmul].issue + 1, Memory::kWeight, 14, 0xff});
  int pixel = -1, systemc = 0, rtl = 0;
  ASSERT_EQ(std::sscanf(line.c_str(),
                        "layer conv1 instr 3 MATMUL tile (0,0) element [%d,2]: systemc %d, rtl %d",
                        &pixel, &systemc, &rtl),
            3)
      << line;
  EXPECT_NE(systemc, rtl);
  EXPECT_EQ((systemc - rtl) % 2, 0);  // 1 became -1
  EXPECT_NE(line.find(retired_in(kMatmul)), std::string::npos);
}

TEST_F(LockstepTest, NamesTheElementThatAVectorInstructionWrote) {
  // Pixel 2 has been written in the cycle before the last one.
  const int64_t cycle = clean.timing[kRequant].done - 1;
  const int written = -3;  // all parameters are 0: the output's zero point
  EXPECT_EQ(compare({cycle, Memory::kActivation, 16 + 2 * 4 + 1, 7}),
            "layer conv1 instr 4 VECTOR tile (0,0) element [0,1,0,1]: systemc " +
                std::to_string(written) + ", rtl 7" + retired_in(kRequant));
}

TEST_F(LockstepTest, NamesTheByteThatAStoreWrote) {
  EXPECT_EQ(compare({clean.timing[kStore].done - 1, Memory::kDram, 1045, 7}),
            "layer conv1 instr 5 STORE DRAM byte 1045: systemc -3, rtl 7" + retired_in(kStore));
}

TEST_F(LockstepTest, CyclesDifferBeforeBytes) {
  Program slower = program;
  ++slower.arch.memory.latency_cycles;
  const std::string issue = std::to_string(clean.timing[0].issue);
  EXPECT_EQ(compare(slower, {{0, Memory::kDram, 1024, 99}}),
            "layer conv1 instr 0 LOAD issue: systemc " + issue + ", rtl " +
                std::to_string(clean.timing[0].issue + 1));
}

// The matmul retires in time; the parameters, wanted by the requantization alone, come later.
TEST_F(LockstepTest, TheInstructionThatShouldHaveRetiredFirstIsNamed) {
  std::get<Load>(program.instructions[2].op).bytes = 16;
  Program longer = program;
  std::get<Load>(longer.instructions[2].op).bytes = 1024;
  EXPECT_EQ(compare(longer).find("layer conv1 instr 2 LOAD busy_until: systemc "), 0u)
      << compare(longer);
  EXPECT_LT(clean.timing[2].retire, clean.timing[kMatmul].retire);
  EXPECT_EQ(lockstep->instructions(), 2);
}

TEST_F(LockstepTest, HangNamesWhatHasNotRetired) {
  Program stuck = program;
  stuck.instructions[kMatmul].take = 0b1000;
  const std::string line = compare(stuck);
  EXPECT_EQ(line.find("layer conv1 instr 3 MATMUL retire: systemc " +
                      std::to_string(clean.timing[kMatmul].retire) +
                      ", rtl hang: nothing can happen after cycle"),
            0u)
      << line;
}

// Which bytes of the first instruction can be compared depends on whether the second has issued.
TEST_F(LockstepTest, IssueOfALaterInstructionDiffersBeforeTheBytesOfTheOneBefore) {
  const Instruction requant = program.instructions[kRequant];
  const InstructionInfo info = program.info[kRequant];
  program.instructions.insert(program.instructions.begin() + kRequant + 1,
                              {requant.op, 0, requant.give});
  program.instructions[kRequant].give = 0;
  program.info.insert(program.info.begin() + kRequant + 1, info);
  program.steps[1].count = 8;
  program.constants_address = 1024 - 80;
  program.dram_tensors = {};
  program.network.layers.erase(program.network.layers.begin() + 2);
  program.steps.pop_back();
  program.network.outputs = {};
  Program drained = program;
  std::get<Vector>(drained.instructions[kRequant + 1].op).drain = 1;
  EXPECT_EQ(compare(drained).find("layer conv1 instr 5 VECTOR issue: systemc "), 0u)
      << compare(drained);
  EXPECT_NE(compare(drained).find(", rtl not before "), std::string::npos) << compare(drained);
}

TEST_F(LockstepTest, WithoutValuesCyclesAreCompared) {
  program.network.has_values = false;
  EXPECT_EQ(compare(program), "");
  EXPECT_EQ(lockstep->instructions(), 7);
  EXPECT_EQ(lockstep->bytes(), 0);
}

}  // namespace
}  // namespace qsim::cli
