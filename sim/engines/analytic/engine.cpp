#include "sim/engines/analytic/engine.h"

#include <algorithm>
#include <cmath>

#include "sim/engines/analytic/timeline.h"

namespace qsim {
namespace {

int64_t host_cycles(const Arch& arch, const IntegerNetwork& network, const Layer& layer) {  // T3
  int64_t read = 0;
  for (TensorId input : layer.inputs) read += network.tensor(input).elements();
  const int64_t elements = std::max(read, network.tensor(layer.output).elements());
  const int64_t rate_milli = std::llround(arch.host.elements_per_cycle * 1000);
  return arch.host.step_cycles + (elements * 1000 + rate_milli - 1) / rate_milli;
}

int64_t cycles_of(const Arch& arch, std::span<const Instruction> instructions, bool fold) {
  MemoryTiming memory(arch);
  Counters counters;
  return analytic::Timeline(arch, instructions, 0, 0, memory, {}, counters, fold).run();
}

}  // namespace

RunResult run_analytic(const Program& program, const AnalyticOptions& options,
                       int64_t* folded_instructions) {
  RunResult result;
  if (folded_instructions) *folded_instructions = 0;
  result.timing.resize(program.instructions.size());
  MemoryTiming memory(program.arch);
  for (const Step& step : program.steps) {
    const int64_t start = result.cycles;
    if (step.host_layer >= 0) {
      const Layer& layer = program.network.layers[static_cast<size_t>(step.host_layer)];
      result.cycles += host_cycles(program.arch, program.network, layer);
    } else {
      const size_t first = static_cast<size_t>(step.first), count = static_cast<size_t>(step.count);
      analytic::Timeline timeline(
          program.arch, std::span(program.instructions).subspan(first, count),
          program.instruction_address + step.first * int64_t{kInstructionBytes}, start, memory,
          std::span(result.timing).subspan(first, count), result.counters, options.fold);
      result.cycles = timeline.run();
      if (folded_instructions) *folded_instructions += timeline.folded_instructions();
    }
    result.steps.push_back({start, result.cycles});
  }
  result.counters.set_memory(memory.dram_counts(result.cycles));
  return result;
}

int64_t segment_cycles(const Arch& arch, std::span<const Instruction> instructions) {
  return cycles_of(arch, instructions, true);
}

int64_t segment_cycles_unfolded(const Arch& arch, std::span<const Instruction> instructions) {
  return cycles_of(arch, instructions, false);
}

}  // namespace qsim
