// The analytic engine: cycles without data, by recurrences over the instruction stream.
//
// Every time in the rules of docs/reference/timing.md is a maximum of earlier times plus constants,
// so instructions are evaluated as soon as what they depend on is known, in no particular order.
// Only requests to the memory must be made in cycle order; between two of them everything else is
// propagated to its fixed point.
#pragma once

#include <span>

#include "hw/spec/program.h"
#include "sim/engines/engine.h"

namespace qsim {

struct AnalyticOptions {
  // Jumps over what repeats (docs/reference/timing.md, Folding). Nothing in the result depends on
  // it. Without effect where the memory is a DRAM.
  bool fold = true;
};

// Runs all steps of a program. Fills cycles, timing, steps and the timing counters of the result.
// Throws Error when the program hangs (T18), naming what waits for what. folded_instructions, if
// given, becomes the number of instructions jumped over.
RunResult run_analytic(const Program& program, const AnalyticOptions& options = {},
                       int64_t* folded_instructions = nullptr);

// Cycles of one device segment on its own, starting at cycle 0: what the planner compares
// candidates by. The last instruction must be HALT.
int64_t segment_cycles(const Arch& arch, std::span<const Instruction> instructions);
int64_t segment_cycles_unfolded(const Arch& arch, std::span<const Instruction> instructions);

}  // namespace qsim
