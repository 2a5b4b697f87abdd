// A run as a trace for https://ui.perfetto.dev and chrome://tracing: JSON of the Trace Event Format
// (Google, "Trace Event Format", complete and async events). One cycle is one nanosecond.
#pragma once

#include <string>

#include "hw/spec/program.h"
#include "sim/engines/engine.h"

namespace qsim {

// Tracks:
//   layers    from the first issue to the last retirement of a layer's instructions; layers overlap
//   load, compute, vector, store: a slice from an instruction's issue to the cycle in which its
//   unit
//             can issue the next one; between them, "waits" with the tokens that the next
//             instruction takes. DMA transfers and tiles are these instructions
//   in flight the same instructions from issue to retirement
//   host      host steps
// Arguments of a slice: the instruction's number, its assembly, issue, done and retirement in
// cycles. Throws std::logic_error when `result` is not of a timed engine.
std::string render_trace(const Program& program, const RunResult& result);

}  // namespace qsim
