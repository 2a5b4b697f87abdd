// When two instructions are one to the timing rules.
#pragma once

#include "hw/spec/arch.h"
#include "hw/spec/isa.h"

namespace qsim::analytic {

// Whether two instructions have the same part in every rule: same unit, tokens, duration and
// counts, and bursts of the same lengths.
bool same_timing(const Arch& arch, const Instruction& a, const Instruction& b);

}  // namespace qsim::analytic
