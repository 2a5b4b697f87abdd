// How long an instruction keeps its unit busy and what it counts: rules T13 to T15,
// evaluated from the instruction alone.
#pragma once

#include "hw/spec/arch.h"
#include "hw/spec/isa.h"
#include "sim/engines/engine.h"

namespace qsim::analytic {

// Compute and vector instructions, in cycles after issue.
struct Duration {
  int64_t busy = 0;  // busy_until - issue
  int64_t done = 0;  // done - issue
};

// Both add to the counters what one such instruction counts.
Duration matmul_duration(const Arch& arch, const Matmul& op, Counters& counters);  // T13, T14
Duration vector_duration(const Arch& arch, const Vector& op, Counters& counters);  // T15

}  // namespace qsim::analytic
