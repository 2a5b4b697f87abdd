// What all modules of the model share during one run: the program, the options, the result being
// written, and the clock. One cycle of the machine is one nanosecond of SystemC time.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <systemc>
#include <utility>

#include "hw/spec/program.h"
#include "sim/engines/engine.h"
#include "sim/systemc/engine.h"

namespace qsim::model {

constexpr int64_t kNever = INT64_MAX;  // a cycle that nobody knows yet

class RunContext {
 public:
  // Cycle 0 of the run is the present SystemC time, or the next whole cycle.
  void begin(const Program& run_program, const SystemcOptions& run_options);

  const Program& program() const { return *program_; }
  const Arch& arch() const { return program_->arch; }
  const SystemcOptions& options() const { return *options_; }
  bool values() const { return program_->network.has_values; }
  bool counts_activity() const { return values() && options_->count_activity; }
  Waveform* waveform() const { return options_->waveform; }  // null: nobody wants one

  RunResult result;
  Counters& counters() { return result.counters; }
  InstructionTiming& timing(int32_t index) { return result.timing[static_cast<size_t>(index)]; }
  BitChanges& activity(int32_t index) {  // of the instruction's layer
    return result.activity[static_cast<size_t>(info(index).layer)];
  }
  const InstructionInfo& info(int32_t index) const {
    return program_->info[static_cast<size_t>(index)];
  }
  // "instruction 17 (matmul, layer conv1)"
  std::string describe(int32_t index) const;

  int64_t now() const;
  // A cycle has two phases. At its start decisions are taken on what was so before it: dispatch,
  // issue, requests. At its end things happen that are seen in the next cycle: writes, retirement,
  // and the memory's arbitration of the cycle's requests.
  //
  // The event happens in a phase of `cycle` that is not past. A notification that is pending for an
  // earlier time stays, so a woken process must look whether its time has come and wake itself
  // again.
  void wake_at_start(sc_core::sc_event& event, int64_t cycle) const;
  void wake_at_end(sc_core::sc_event& event, int64_t cycle) const;
  // When everything of the cycle is done, before the next one starts.
  void wake_after_end(sc_core::sc_event& event, int64_t cycle) const;

  // Every process runs its body in here. After the first exception no process does anything more,
  // SystemC runs dry, and the engine rethrows.
  template <typename Body>
  void guard(Body&& body) {
    if (error_) return;
    try {
      std::forward<Body>(body)();
    } catch (...) {
      error_ = std::current_exception();
    }
  }
  std::exception_ptr error() const { return error_; }

 private:
  void wake(sc_core::sc_event& event, uint64_t due_ticks) const;

  const Program* program_ = nullptr;
  const SystemcOptions* options_ = nullptr;
  std::exception_ptr error_;
  uint64_t base_ticks_ = 0;
};

}  // namespace qsim::model
