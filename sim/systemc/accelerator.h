// The whole machine: units, buffers, token counters, memory and host, wired as the RTL will be.
#pragma once

#include <cstdint>
#include <systemc>
#include <vector>

#include "sim/systemc/axi_memory.h"
#include "sim/systemc/compute_unit.h"
#include "sim/systemc/fetch_unit.h"
#include "sim/systemc/host_model.h"
#include "sim/systemc/layer_monitor.h"
#include "sim/systemc/load_unit.h"
#include "sim/systemc/store_unit.h"
#include "sim/systemc/token_matrix.h"
#include "sim/systemc/vector_unit.h"

namespace qsim::model {

class Accelerator : public sc_core::sc_module,
                    public RetirementListener,
                    public HaltListener,
                    public Device {
 public:
  explicit Accelerator(sc_core::sc_module_name name);

  // One inference from reset to the end of the last step.
  RunResult run(const Program& program, const SystemcOptions& options,
                const std::vector<uint8_t>& instructions, const std::vector<Tensor>& inputs);

  void retired(int32_t index) override;
  void halt_dispatched(int32_t index) override;
  void start_segment(int32_t first, int32_t count) override;

 private:
  void reset(const std::vector<uint8_t>& instructions);
  void halt_process();
  void poke_process();
  Buffer& buffer_of(Memory memory);
  void fill_memories();
  void show_retirement(int32_t index);
  [[noreturn]] void report_hang() const;

  RunContext run_;
  LayerMonitor monitor_;
  AxiMemory memory_;
  TokenMatrix tokens_;
  Buffer act_buffer_, weight_buffer_, param_buffer_, acc_buffer_;
  LoadUnit load_;
  ComputeUnit compute_;
  VectorUnit vector_;
  StoreUnit store_;
  FetchUnit fetch_;
  HostModel host_;

  int32_t running_ = 0;      // instructions of the segment not yet retired, HALT not counted
  int32_t retired_ = 0;      // of the run
  int32_t halt_ = -1;        // dispatched and not retired
  std::vector<Poke> pokes_;  // by cycle
  size_t next_poke_ = 0;
  sc_core::sc_event halt_event_, poke_event_;
};

}  // namespace qsim::model
