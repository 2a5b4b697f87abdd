// What the rules may still look back at in a state, as numbers that can be compared.
#pragma once

#include <vector>

#include "hw/spec/memory_timing.h"
#include "sim/engines/analytic/state.h"

namespace qsim::analytic {

// Writes it down relative to `cycle` and to the instruction that is fetched next: two states with
// the same view go on alike, shifted in time, as long as the instructions to come are alike. For
// memories whose channels are independent.
void write_view(const Arch& arch, int64_t cycle, const State& state, const MemoryTiming& memory,
                std::vector<int64_t>& view);

}  // namespace qsim::analytic
