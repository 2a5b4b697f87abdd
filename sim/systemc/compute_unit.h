// Executes matmuls (T13, T14): streams activation words and weight words into the array, pass after
// pass, and adds the sums that leave it to the accumulators.
#pragma once

#include <cstdint>
#include <deque>
#include <systemc>

#include "sim/systemc/array.h"
#include "sim/systemc/execution_unit.h"
#include "sim/systemc/matmul_run.h"

namespace qsim::model {

class ComputeUnit : public ExecutionUnit {
 public:
  ComputeUnit(sc_core::sc_module_name name, RunContext& run, TokenMatrix& tokens,
              RetirementListener& listener, Buffer& activations, Buffer& weights,
              Buffer& accumulators);

  void reset() override;
  void catch_up(int64_t cycle) override;
  void list_pending(const Buffer& buffer, int32_t instruction, PendingBytes& pending) override;

 protected:
  void start(int32_t index, const Instruction& instruction) override;
  void finish(int32_t index) override;

 private:
  void claim(const MatmulRun& run);
  void enter_pass();
  void pass_process();

  bool contended() const;
  bool take_pass(int64_t cycle);
  bool take_access(int64_t cycle);
  void take_weights(MatmulRun& run, int64_t count);
  void take_pixels(MatmulRun& run, int64_t count);
  void multiply(MatmulRun& run, int64_t pass);
  bool write_sums(int64_t cycle);
  int64_t byte_of(int64_t word) const { return word * run_.arch().array.cols * 4; }

  Array array_;
  Buffer& activations_;
  Buffer& weights_;
  Buffer& accumulators_;
  std::deque<MatmulRun> matmuls_;  // in flight
  int64_t pass_ = 0;               // of the latest one: the pass that streams
  bool advancing_ = false;
  sc_core::sc_event pass_event_;
};

}  // namespace qsim::model
