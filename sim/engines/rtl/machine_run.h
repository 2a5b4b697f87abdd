// One inference on one model: steps of the program, cycles of the segments.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "hw/spec/program.h"
#include "sim/engines/host.h"
#include "sim/engines/rtl/axi_memory.h"
#include "sim/engines/rtl/engine.h"
#include "sim/engines/rtl/layer_collector.h"
#include "sim/engines/rtl/memory_view.h"
#include "sim/engines/rtl/model.h"
#include "sim/engines/rtl/signals.h"
#include "sim/engines/rtl/trace.h"

namespace qsim::rtl {

class MachineRun {
 public:
  // All must outlive the run. `instructions`: their encoding.
  MachineRun(const Program& program, const RtlOptions& options, Model& model,
             const std::vector<uint8_t>& instructions);

  RunResult run(const std::vector<Tensor>& inputs);

 private:
  void load_memories(const std::vector<Tensor>& inputs);
  int64_t host_step(LayerId layer);  // returns its cycles (T3)
  void segment(const Step& step);    // from cycle now_ on; leaves now_ at the next step's first
  void observe();
  void watch(int32_t segment_beats);
  void read_counters();
  bool values() const { return program_.network.has_values; }

  const Program& program_;
  const RtlOptions& options_;
  Model& model_;
  const std::vector<uint8_t>& instructions_;
  std::vector<uint8_t> dram_;
  RunResult result_;
  AxiMemory memory_;
  MemoryView view_;
  Trace trace_;
  std::optional<Host> host_;
  std::optional<LayerCollector> layers_;
  std::optional<Signals> signals_;
  int64_t now_ = 0;
  int64_t last_activity_ = 0;  // cycle
  int64_t next_report_ = 0;    // cycle of the next call of progress
};

}  // namespace qsim::rtl
