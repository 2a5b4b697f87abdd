// The one line that names the first difference between two engines.
#include "sim/cli/compare.h"

#include <gtest/gtest.h>

#include "sim/engines/analytic/engine.h"
#include "tests/support/hand_program.h"

namespace qsim::cli {
namespace {

EngineRun run_of(const char* engine, const Program& program) {
  EngineRun run;
  run.engine = engine;
  run.result = run_analytic(program);
  for (const Layer& layer : program.network.layers) {
    const NetTensor& output = program.network.tensor(layer.output);
    run.layers.emplace_back(output.is_float ? DataType::kFloat : DataType::kInt8,
                            Shape{output.n, output.h, output.w, output.c});
  }
  return run;
}

std::string text(const std::optional<Difference>& difference) {
  return difference ? difference->text : "";
}

TEST(Compare, EqualRunsDoNotDiffer) {
  const Program program = hand_made_program();
  const EngineRun a = run_of("reference", program), b = run_of("systemc", program);
  EXPECT_EQ(text(first_value_difference(program, a, b)), "");
  EXPECT_EQ(text(first_timing_difference(program, a, b)), "");
}

TEST(Compare, NamesTheInstructionThatWroteTheElement) {
  const Program program = hand_made_program();
  const EngineRun a = run_of("reference", program);
  EngineRun b = run_of("systemc", program);
  b.layers[1].data<int8_t>()[(1 * 2 + 0) * 4 + 3] = -7;
  EXPECT_EQ(text(first_value_difference(program, a, b)),
            "layer conv1 instr 4 VECTOR tile (0,0) element [0,1,0,3]: reference 0, systemc -7 "
            "(cycle " +
                std::to_string(b.result.timing[4].retire) + ")");
}

TEST(Compare, HostLayersHaveNoInstruction) {
  const Program program = hand_made_program();
  const EngineRun a = run_of("reference", program);
  EngineRun b = run_of("systemc", program);
  b.layers[2].data<float>()[5] = 0.25f;
  EXPECT_EQ(text(first_value_difference(program, a, b)),
            "layer dequantize element [0,0,1,1]: reference 0, systemc 0.25");
}

TEST(Compare, TheFirstLayerWins) {
  const Program program = hand_made_program();
  const EngineRun a = run_of("reference", program);
  EngineRun b = run_of("systemc", program);
  b.layers[2].data<float>()[0] = 1;
  b.layers[0].data<int8_t>()[15] = 1;
  EXPECT_EQ(text(first_value_difference(program, a, b)),
            "layer quantize element [0,1,1,3]: reference 0, systemc 1");
}

TEST(Compare, SizesDifferBeforeValues) {
  const Program program = hand_made_program();
  const EngineRun a = run_of("reference", program);
  EngineRun b = run_of("systemc", program);
  b.layers[1] = Tensor(DataType::kInt8, {1, 2, 2, 5});
  EXPECT_EQ(text(first_value_difference(program, a, b)),
            "layer conv1: reference int8 1x2x2x4, systemc int8 1x2x2x5");
}

TEST(Compare, TimesDifferInstructionByInstruction) {
  const Program program = hand_made_program();
  const EngineRun a = run_of("analytic", program);
  EngineRun b = run_of("systemc", program);
  ++b.result.timing[3].retire;
  ++b.result.timing[4].issue;
  const int64_t retire = a.result.timing[3].retire;
  EXPECT_EQ(text(first_timing_difference(program, a, b)),
            "layer conv1 instr 3 MATMUL retire: analytic " + std::to_string(retire) + ", systemc " +
                std::to_string(retire + 1));
}

TEST(Compare, ThenStepsCountersAndTheWhole) {
  const Program program = hand_made_program();
  const EngineRun a = run_of("analytic", program);
  EngineRun b = run_of("systemc", program);
  b.result.cycles = 1;
  EXPECT_EQ(text(first_timing_difference(program, a, b)),
            "cycles: analytic " + std::to_string(a.result.cycles) + ", systemc 1");
  b.result.counters.load_beats = 7;
  EXPECT_EQ(text(first_timing_difference(program, a, b)),
            "counter load_beats: analytic 24, systemc 7");
  b.result.steps[2].end = 5;
  EXPECT_EQ(
      text(first_timing_difference(program, a, b)),
      "step 2 (host dequantize) end: analytic " + std::to_string(a.result.cycles) + ", systemc 5");
}

TEST(Compare, ValueCountersCountBetweenEnginesThatCarryValues) {
  const Program program = hand_made_program();
  EngineRun a = run_of("systemc", program);
  EngineRun b = run_of("rtl", program);
  b.result.counters.zero_operand_macs = 9;
  EXPECT_EQ(text(first_timing_difference(program, a, b)),
            "counter zero_operand_macs: systemc 0, rtl 9");
  a.layers.clear();
  EXPECT_EQ(text(first_timing_difference(program, a, b)), "");
}

}  // namespace
}  // namespace qsim::cli
