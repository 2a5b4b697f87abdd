// Runs one program on several engines and says where they first differ.
#pragma once

#include <string>
#include <vector>

#include "hw/spec/program.h"
#include "sim/engines/engine.h"

namespace qsim {

// Float inputs for a network, seeded: codes of the input's quantization spread over their range and
// somewhat beyond. One tensor per network input, NHWC.
std::vector<Tensor> random_inputs(const IntegerNetwork& network, uint32_t seed);

// Where the cycles of two timed runs of `program`, the analytic engine's and the SystemC engine's,
// first differ: instructions, steps, timing counters. "" when they are equal.
std::string timing_difference(const Program& program, const RunResult& analytic,
                              const RunResult& systemc);

// Executes `program` on the analytic, SystemC and (with values) reference engines. Returns "" when
// every instruction's cycles, every step, every timing counter and every layer's codes are equal,
// else a line about the first difference. `token_full_cycles` gets that counter of the run.
std::string first_engine_difference(const Program& program, uint32_t seed,
                                    int64_t* token_full_cycles = nullptr);

}  // namespace qsim
