// The SystemC engine: executes a Program instruction by instruction on a model of the machine that
// is built like the RTL - fetch, load, compute, vector and store unit, token counters, buffers, AXI
// memory - and returns values and cycles.
//
// Cycles come from structure, by docs/reference/timing.md: a unit's process waits for tokens, queue
// room, grants of the memory; nothing here evaluates a formula for a whole instruction's life.
// Values are computed from the bytes that lie in the buffers at the cycle of the access, in whole
// tiles and bursts where nobody else touches them, byte by byte where somebody does.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hw/spec/program.h"
#include "sim/engines/engine.h"
#include "sim/engines/waveform.h"
#include "sim/engines/written.h"

namespace qsim {

// A byte set from outside at the end of a cycle, for tests: readers see it from cycle + 1 on.
// Accumulators are little-endian int32 words of array.cols lanes. Pokes of a run without values, or
// at cycles after the end of the run, have no effect.
struct Poke {
  using Target = Memory;
  int64_t cycle = 0;
  Target target = Target::kActivation;
  int64_t address = 0;  // byte
  uint8_t value = 0;
};

struct SystemcOptions {
  LayerObserver observer = {};
  Progress progress = {};     // when it returns false, run() throws Error
  bool check_hazards = true;  // false: a byte that is touched too early has the value it has then
  bool bulk = true;  // false: access by access even where nobody is in the way; slow, for tests
  RetirementObserver retirement = {};  // of every run; without values its reader reads nothing
  std::optional<uint32_t> fill = {};   // none: buffers keep what the run before has left
  std::vector<Poke> pokes = {};        // any order; equal cycles are done in the order given
  bool count_activity = false;   // fills RunResult::activity, of a run with values; costs time
  Waveform* waveform = nullptr;  // gets what happens in the one run that there may be
};

// SystemC elaborates once per process. The one model is set up anew for each run, like hardware
// after a reset, for any machine; so engines may be many and run one after the other, but not at
// the same time in several threads. The program must outlive the engine.
class SystemcEngine {
 public:
  explicit SystemcEngine(const Program& program, SystemcOptions options = {});

  // One tensor per network input, NHWC, float32 or int8 codes (sim/engines/host.h). When the
  // network has no values the inputs are ignored, and only cycles and timing counters come out.
  //
  // Throws Error for a hang (T18), for a hazard (an instruction touches a byte that another one,
  // issued and not retired, has still to write), for inputs that do not fit, and when progress says
  // stop.
  RunResult run(const std::vector<Tensor>& inputs);

  // May be changed between runs.
  SystemcOptions& options() { return options_; }

 private:
  const Program& program_;
  SystemcOptions options_;
  std::vector<uint8_t> instructions_;  // as DRAM holds them
};

}  // namespace qsim
