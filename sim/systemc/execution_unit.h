// What the four units have in common: the instruction queue in front, issue in order when tokens,
// the unit and the in-flight limit allow (T5, T6), and retirement in order with tokens given (T8).
//
// A unit proper says in start() what an instruction does and calls set_busy_until() and set_done()
// as soon as these cycles are certain.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <systemc>

#include "sim/systemc/buffer.h"
#include "sim/systemc/run_context.h"
#include "sim/systemc/token_matrix.h"

namespace qsim::model {

// Whom a unit tells that an instruction has retired.
class RetirementListener {
 public:
  virtual ~RetirementListener() = default;
  virtual void retired(int32_t index) = 0;
};

class ExecutionUnit : public sc_core::sc_module, public BufferUser {
 public:
  ExecutionUnit(sc_core::sc_module_name name, Unit unit, RunContext& run, TokenMatrix& tokens,
                RetirementListener& listener);

  virtual void reset();

  // The first cycle from now on in which the queue has room for one more; kNever while that is not
  // known. queue_drained() happens in the cycle after each issue.
  int64_t room_from() const;
  sc_core::sc_event& queue_drained() { return queue_drained_; }
  void dispatch(int32_t index, const Instruction& instruction);

  bool idle() const { return queue_.empty() && in_flight_.empty(); }
  // What the unit waits for, when nothing moves any more (T18).
  std::string waiting() const;

 protected:
  // The instruction issues in the present cycle.
  virtual void start(int32_t index, const Instruction& instruction) = 0;
  // It retires in the present cycle; all its accesses have been made.
  virtual void finish(int32_t index) = 0;

  // Of the latest instruction started; of any instruction in flight.
  void set_busy_until(int64_t cycle);
  void set_done(int32_t index, int64_t cycle);

  RunContext& run_;

 private:
  struct Queued {
    int32_t index;
    const Instruction* instruction;
    int64_t dispatched;
  };
  struct InFlight {
    int32_t index;
    uint8_t give;
    int64_t done;
  };

  void issue_process();
  void retire_process();
  int64_t drained_from(const Instruction& instruction) const;
  int64_t issue_from() const;
  int64_t slot_from() const;

  const Unit unit_;
  TokenMatrix& tokens_;
  RetirementListener& listener_;
  std::deque<Queued> queue_;
  std::deque<InFlight> in_flight_;
  int32_t busy_index_ = -1;  // latest instruction started
  int64_t busy_until_ = 0;
  int64_t last_issue_ = -1;
  int64_t last_retirement_ = -1;
  sc_core::sc_event issue_;
  sc_core::sc_event retire_;
  sc_core::sc_event queue_drained_;
};

}  // namespace qsim::model
