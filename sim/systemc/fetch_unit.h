// Fetches the instructions of a segment from DRAM, one burst each (T4), decodes them and hands them
// to the units' queues in order (T5). HALT ends the segment and goes to the controller.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <systemc>

#include "sim/systemc/axi_memory.h"
#include "sim/systemc/execution_unit.h"
#include "sim/systemc/run_context.h"

namespace qsim::model {

class HaltListener {
 public:
  virtual ~HaltListener() = default;
  virtual void halt_dispatched(int32_t index) = 0;
};

class FetchUnit : public sc_core::sc_module, public AxiPort, public BufferUser {
 public:
  FetchUnit(sc_core::sc_module_name name, RunContext& run,
            const std::array<ExecutionUnit*, kUnits>& units, HaltListener& listener);

  sc_core::sc_port<AxiBus> axi;

  // `image`: the instructions as they were encoded into DRAM; empty when the run has no values.
  void reset(const std::vector<uint8_t>* image);
  // Instructions [first, first + count), the last one HALT; the first request is made in this
  // cycle.
  void start(int32_t first, int32_t count);
  std::string waiting() const;

  void granted(const BurstTiming& timing) override;
  void catch_up(int64_t) override {}
  void list_pending(const Buffer&, int32_t, PendingBytes&) override {}

 private:
  void request_process();
  void dispatch_process();
  int64_t request_from() const;
  int64_t beats() const { return kInstructionBytes / run_.arch().memory.bus_bytes; }
  void read_instruction(int32_t index);
  const Instruction& fetched(int32_t index) const;

  RunContext& run_;
  const std::array<ExecutionUnit*, kUnits> units_;
  HaltListener& listener_;
  const std::vector<uint8_t>* image_ = nullptr;
  std::map<int32_t, Instruction> altered_;  // those whose bytes in DRAM are not the program's
  int32_t next_request_ = 0, next_dispatch_ = 0, end_ = 0;
  int64_t last_request_ = -1, last_dispatch_ = -1;
  std::deque<int64_t> arrivals_;  // of the last beats of what is requested and not dispatched
  sc_core::sc_event request_, dispatch_;
};

}  // namespace qsim::model
