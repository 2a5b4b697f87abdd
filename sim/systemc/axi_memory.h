// The external memory behind the AXI bus: DRAM bytes, and the time of every beat (T9).
//
// Masters put their requests in at the start of a cycle; at its end, when no more can come, they
// are arbitrated in the fixed order fetch, load, store and granted.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <systemc>

#include "hw/spec/memory_timing.h"
#include "sim/systemc/buffer.h"
#include "sim/systemc/run_context.h"

namespace qsim::model {

// A master's end of the bus.
class AxiPort {
 public:
  virtual ~AxiPort() = default;
  // Comes at the end of the cycle of the request. One request a cycle and master.
  virtual void granted(const BurstTiming& timing) = 0;
};

enum class AxiMaster : uint8_t { kFetch, kLoad, kStore };  // priority order; the last one writes

class AxiBus : virtual public sc_core::sc_interface {
 public:
  virtual void request(AxiMaster master, AxiPort& port, int64_t address, int64_t beats) = 0;
  virtual Buffer& dram() = 0;
};

class AxiMemory : public sc_core::sc_module, public AxiBus {
 public:
  AxiMemory(sc_core::sc_module_name name, RunContext& run);

  void reset();

  void request(AxiMaster master, AxiPort& port, int64_t address, int64_t beats) override;
  Buffer& dram() override { return dram_; }
  // MemoryTiming's, at the end of a run of `cycles` cycles.
  DramCounts dram_counts(int64_t cycles) { return timing_->dram_counts(cycles); }

 private:
  void arbitrate();
  void show(AxiMaster master, const BurstTiming& timing, int64_t beats) const;

  struct Request {
    AxiPort* port = nullptr;  // null: none
    int64_t address = 0;
    int64_t beats = 0;
  };

  RunContext& run_;
  Buffer dram_;
  std::optional<MemoryTiming> timing_;
  std::array<Request, 3> requests_;  // by AxiMaster
  sc_core::sc_event arbitrate_;
};

}  // namespace qsim::model
