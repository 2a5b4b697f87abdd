// The host as the machine sees it: runs the steps of a program one after the other (T2, T3). Host
// layers take their stated time; device segments start the fetch unit and end with HALT.
#pragma once

#include <cstdint>
#include <optional>
#include <systemc>
#include <vector>

#include "sim/engines/host.h"
#include "sim/systemc/axi_memory.h"
#include "sim/systemc/run_context.h"

namespace qsim::model {

// What the host starts.
class Device {
 public:
  virtual ~Device() = default;
  // The segment's first cycle is the present one.
  virtual void start_segment(int32_t first, int32_t count) = 0;
};

class HostModel : public sc_core::sc_module {
 public:
  HostModel(sc_core::sc_module_name name, RunContext& run, Device& device);

  sc_core::sc_port<AxiBus> axi;

  // `instructions`: their encoding; both are used when the run has values only.
  void start(const std::vector<uint8_t>& instructions, const std::vector<Tensor>& inputs);
  // The device's HALT retires in the present cycle.
  void segment_halted();
  bool finished() const { return finished_; }

 private:
  void step_process();
  void run_host_step(LayerId layer);
  int64_t host_cycles(LayerId layer) const;

  RunContext& run_;
  Device& device_;
  std::optional<Host> host_;
  size_t step_ = 0;
  bool finished_ = false;
  sc_core::sc_event step_event_;
};

}  // namespace qsim::model
