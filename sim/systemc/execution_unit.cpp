#include "sim/systemc/execution_unit.h"

#include <algorithm>

namespace qsim::model {

ExecutionUnit::ExecutionUnit(sc_core::sc_module_name name, Unit unit, RunContext& run,
                             TokenMatrix& tokens, RetirementListener& listener)
    : sc_core::sc_module(name), run_(run), unit_(unit), tokens_(tokens), listener_(listener) {
  SC_HAS_PROCESS(ExecutionUnit);
  SC_METHOD(issue_process);
  sensitive << issue_ << tokens_.token_arrived(unit_);
  dont_initialize();
  SC_METHOD(retire_process);
  sensitive << retire_ << tokens_.room_made(unit_);
  dont_initialize();
}

void ExecutionUnit::reset() {
  queue_.clear();
  in_flight_.clear();
  busy_index_ = -1;
  busy_until_ = 0;
  last_issue_ = last_retirement_ = -1;
  issue_.cancel();
  retire_.cancel();
  queue_drained_.cancel();
}

int64_t ExecutionUnit::room_from() const {
  const auto depth = static_cast<size_t>(run_.arch().fetch.queue_depth);
  if (queue_.size() >= depth) return kNever;
  const size_t issued_now = last_issue_ == run_.now() ? 1 : 0;
  return queue_.size() + issued_now < depth ? run_.now() : run_.now() + 1;
}

void ExecutionUnit::dispatch(int32_t index, const Instruction& instruction) {
  queue_.push_back({index, &instruction, run_.now()});
  run_.wake_at_start(issue_, run_.now() + 1);
}

// The in-flight limit: the slot of an instruction is free from the cycle after its retirement on.
int64_t ExecutionUnit::slot_from() const {
  const auto limit = static_cast<size_t>(run_.arch().sync.in_flight);
  if (in_flight_.size() >= limit) return kNever;
  const size_t retired_now = last_retirement_ == run_.now() ? 1 : 0;
  return in_flight_.size() + retired_now < limit ? run_.now() : run_.now() + 1;
}

// An instruction that drains its unit issues after everything before it has retired.
int64_t ExecutionUnit::drained_from(const Instruction& instruction) const {
  const auto* vector = std::get_if<Vector>(&instruction.op);
  if (vector == nullptr || !vector->drain) return 0;
  return in_flight_.empty() ? last_retirement_ + 1 : kNever;
}

int64_t ExecutionUnit::issue_from() const {
  const Queued& head = queue_.front();
  return std::max({head.dispatched + 1, busy_until_, slot_from(), drained_from(*head.instruction),
                   tokens_.takeable_from(unit_, head.instruction->take)});
}

void ExecutionUnit::issue_process() {
  run_.guard([&] {
    if (queue_.empty()) return;
    const int64_t from = issue_from();
    if (from == kNever) return;  // whoever makes it known wakes this process
    if (from > run_.now()) return run_.wake_at_start(issue_, from);
    const Queued head = queue_.front();
    queue_.pop_front();
    last_issue_ = run_.now();
    tokens_.take(unit_, head.instruction->take);
    run_.timing(head.index).issue = run_.now();
    if (run_.waveform()) run_.waveform()->issue(unit_, head.index, run_.now());
    in_flight_.push_back({head.index, head.instruction->give, kNever});
    busy_index_ = head.index;
    busy_until_ = kNever;
    run_.wake_at_start(queue_drained_, run_.now() + 1);
    start(head.index, *head.instruction);
  });
}

void ExecutionUnit::set_busy_until(int64_t cycle) {
  busy_until_ = cycle;
  run_.timing(busy_index_).busy_until = cycle;
  if (run_.waveform()) run_.waveform()->busy_until(unit_, cycle);
  if (!queue_.empty()) run_.wake_at_start(issue_, std::max(cycle, queue_.front().dispatched + 1));
}

void ExecutionUnit::set_done(int32_t index, int64_t cycle) {
  run_.timing(index).done = cycle;
  if (run_.waveform()) run_.waveform()->done(unit_, cycle);
  for (InFlight& entry : in_flight_) {
    if (entry.index == index) entry.done = cycle;
  }
  run_.wake_at_end(retire_, cycle);
}

void ExecutionUnit::retire_process() {
  run_.guard([&] {
    if (in_flight_.empty() || in_flight_.front().done == kNever) return;
    const InFlight head = in_flight_.front();
    const int64_t earliest = std::max(head.done, last_retirement_ + 1);
    const int64_t from = std::max(earliest, tokens_.givable_from(unit_, head.give));
    if (from == kNever) return;
    if (from > run_.now()) return run_.wake_at_end(retire_, from);
    catch_up(run_.now());
    finish(head.index);
    run_.counters().token_full_cycles += run_.now() - earliest;
    run_.timing(head.index).retire = last_retirement_ = run_.now();
    if (run_.waveform()) run_.waveform()->retire(unit_, head.index, run_.now());
    tokens_.give(unit_, head.give);
    in_flight_.pop_front();
    run_.wake_at_start(issue_, run_.now() + 1);
    if (!in_flight_.empty()) run_.wake_at_end(retire_, run_.now() + 1);
    listener_.retired(head.index);
  });
}

std::string ExecutionUnit::waiting() const {
  const std::string name = name_of(unit_);
  if (!in_flight_.empty()) {
    const InFlight& head = in_flight_.front();
    const std::string full = tokens_.full_of(unit_, head.give);
    if (!full.empty()) {
      return name + " waits to retire " + run_.describe(head.index) + " until " + full +
             (full.find(' ') == std::string::npos ? " takes" : " take") + " a token";
    }
  }
  if (queue_.empty()) return "";
  const Queued& head = queue_.front();
  const std::string empty = tokens_.empty_of(unit_, head.instruction->take);
  return name + " waits to issue " + run_.describe(head.index) +
         (empty.empty() ? "" : " for a token from " + empty);
}

}  // namespace qsim::model
