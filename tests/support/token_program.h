// Programs that only pass tokens around, for tests of issue, retirement and token counters: more
// of them than a compiler needs, between every pair of units, up to full counters.
#pragma once

#include <array>
#include <cstdint>

#include "hw/spec/program.h"
#include "sim/engines/engine.h"

namespace qsim {

// Two segments without values on the structure of `arch`; the seed draws the memory's timing too.
// It never hangs: in program order no counter falls below nothing or rises above its depth. Some
// are not empty when a segment ends. Nothing keeps it from hazards.
Program token_program(const Arch& arch, uint32_t seed);

// Like these, but each segment repeats a few instructions many times, then a few others; tokens are
// even after each repetition. Mostly steady at some time: for folding.
Program repeated_token_program(const Arch& arch, uint32_t seed);

// Cycles in which an instruction of each unit could have retired but for a full counter.
std::array<int64_t, 4> full_token_cycles(const Program& program, const RunResult& run);

}  // namespace qsim
