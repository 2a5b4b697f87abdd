#include "sim/systemc/run_context.h"

namespace qsim::model {
namespace {

constexpr uint64_t kTicksPerCycle = 1000;  // SystemC's default resolution is a picosecond

}  // namespace

void RunContext::begin(const Program& run_program, const SystemcOptions& run_options) {
  program_ = &run_program;
  options_ = &run_options;
  error_ = nullptr;
  result = RunResult{};
  result.timing.resize(run_program.instructions.size());
  result.steps.resize(run_program.steps.size());
  if (counts_activity()) result.activity.resize(run_program.network.layers.size());
  const uint64_t stamp = sc_core::sc_time_stamp().value();
  base_ticks_ = (stamp + kTicksPerCycle - 1) / kTicksPerCycle * kTicksPerCycle;
}

std::string RunContext::describe(int32_t index) const {
  const Instruction& instruction = program_->instructions[static_cast<size_t>(index)];
  const Layer& layer = program_->network.layers[static_cast<size_t>(info(index).layer)];
  return "instruction " + std::to_string(index) + " (" + mnemonic_of(instruction.op) + ", layer " +
         layer.name + ")";
}

int64_t RunContext::now() const {
  const uint64_t stamp = sc_core::sc_time_stamp().value();
  return stamp <= base_ticks_ ? 0 : static_cast<int64_t>((stamp - base_ticks_) / kTicksPerCycle);
}

void RunContext::wake_at_start(sc_core::sc_event& event, int64_t cycle) const {
  wake(event, base_ticks_ + static_cast<uint64_t>(cycle) * kTicksPerCycle);
}

void RunContext::wake_at_end(sc_core::sc_event& event, int64_t cycle) const {
  wake(event, base_ticks_ + static_cast<uint64_t>(cycle) * kTicksPerCycle + kTicksPerCycle / 2);
}

void RunContext::wake_after_end(sc_core::sc_event& event, int64_t cycle) const {
  wake(event, base_ticks_ + static_cast<uint64_t>(cycle) * kTicksPerCycle + kTicksPerCycle / 4 * 3);
}

void RunContext::wake(sc_core::sc_event& event, uint64_t due_ticks) const {
  event.notify(sc_core::sc_time::from_value(due_ticks - sc_core::sc_time_stamp().value()));
}

}  // namespace qsim::model
