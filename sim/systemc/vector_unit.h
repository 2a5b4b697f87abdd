// Executes vector instructions (T15): requantization of accumulators, residual add, pooling,
// depthwise convolution, rescaling; block after block, pixel after pixel.
#pragma once

#include <cstdint>
#include <deque>
#include <systemc>
#include <vector>

#include "sim/systemc/execution_unit.h"
#include "sim/systemc/layer_monitor.h"
#include "sim/systemc/vector_functions.h"
#include "sim/systemc/vector_run.h"

namespace qsim::model {

class VectorUnit : public ExecutionUnit {
 public:
  VectorUnit(sc_core::sc_module_name name, RunContext& run, TokenMatrix& tokens,
             RetirementListener& listener, Buffer& activations, Buffer& parameters,
             Buffer& accumulators, LayerMonitor& monitor);

  void reset() override;
  void catch_up(int64_t cycle) override;
  void list_pending(const Buffer& buffer, int32_t instruction, PendingBytes& pending) override;

 protected:
  void start(int32_t index, const Instruction& instruction) override;
  void finish(int32_t index) override;

 private:
  // Codes of pixels [first, first + pixels) of a block, in the pipeline until they are written.
  struct CodesInFlight {
    int32_t index = 0;
    VectorBlock block;
    int64_t first = 0, pixels = 0, written = 0;
    std::vector<int8_t> codes;
    int64_t next_cycle() const { return block.write_cycle(first + written); }
  };

  void claim(const VectorRun& run);
  void enter_block();
  void block_process();

  bool contended() const;
  VectorRun* reading();
  bool take_block(int64_t cycle);
  bool take_access(int64_t cycle);
  void read_parameters(VectorRun& run);
  void check_operands(const VectorRun& run, int64_t cycle);
  void take_pixels(VectorRun& run, int64_t count);
  bool write_codes(int64_t cycle);
  VectorRun& in_flight(int32_t index);

  Buffer& activations_;
  Buffer& parameters_;
  Buffer& accumulators_;
  LayerMonitor& monitor_;
  std::deque<VectorRun> runs_;  // in flight
  VectorBlock block_;           // of the latest one: the block that runs
  BlockParameters block_parameters_;
  std::deque<CodesInFlight> codes_;
  std::vector<std::vector<int8_t>> spare_;
  bool advancing_ = false;
  sc_core::sc_event block_event_;
};

}  // namespace qsim::model
