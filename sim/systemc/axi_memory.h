// The external memory behind the AXI bus: DRAM bytes, and the time of every beat (T9).
//
// Readers put their requests in at the start of a cycle; at its end, when no more can come, they
// are arbitrated in the fixed order fetch, load and granted. The write channel has one master and
// nothing to arbitrate.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <systemc>

#include "hw/spec/memory_timing.h"
#include "sim/systemc/buffer.h"
#include "sim/systemc/run_context.h"

namespace qsim::model {

// A master's end of the read channel.
class AxiReader {
 public:
  virtual ~AxiReader() = default;
  // Comes in the cycle of the request. One request a cycle and master.
  virtual void read_granted(const BurstTiming& timing) = 0;
};

enum class AxiMaster : uint8_t { kFetch, kLoad };  // priority order

class AxiBus : virtual public sc_core::sc_interface {
 public:
  virtual void read(AxiMaster master, AxiReader& reader, int64_t address, int64_t beats) = 0;
  virtual BurstTiming write(int64_t address, int64_t beats) = 0;
  virtual Buffer& dram() = 0;
};

class AxiMemory : public sc_core::sc_module, public AxiBus {
 public:
  AxiMemory(sc_core::sc_module_name name, RunContext& run);

  void reset();

  void read(AxiMaster master, AxiReader& reader, int64_t address, int64_t beats) override;
  BurstTiming write(int64_t address, int64_t beats) override;
  Buffer& dram() override { return dram_; }

 private:
  void arbitrate();

  struct Request {
    AxiReader* reader = nullptr;  // null: none
    int64_t address = 0;
    int64_t beats = 0;
  };

  RunContext& run_;
  Buffer dram_;
  std::optional<MemoryTiming> timing_;
  std::array<Request, 2> requests_;
  sc_core::sc_event arbitrate_;
};

}  // namespace qsim::model
