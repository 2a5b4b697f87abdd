// Copies pieces of the activation buffer to DRAM (T12), one write burst after the other.
//
// A byte is in DRAM when its beat is accepted; as a hazard it counts as still to be written until
// the burst's response, because only then may anyone rely on it.
#pragma once

#include <cstdint>
#include <deque>
#include <systemc>
#include <vector>

#include "sim/systemc/axi_memory.h"
#include "sim/systemc/execution_unit.h"
#include "sim/systemc/transfer.h"

namespace qsim::model {

class StoreUnit : public ExecutionUnit, private AxiPort {
 public:
  StoreUnit(sc_core::sc_module_name name, RunContext& run, TokenMatrix& tokens,
            RetirementListener& listener, Buffer& activations);

  sc_core::sc_port<AxiBus> axi;

  void reset() override;
  void catch_up(int64_t cycle) override;
  void list_pending(const Buffer& buffer, int32_t instruction, PendingBytes& pending) override;

 protected:
  void start(int32_t index, const Instruction& instruction) override;
  void finish(int32_t index) override;

 private:
  // From the moment its request is scheduled until its response.
  struct Departing {
    int32_t index = 0;
    Burst burst;
    int64_t request_cycle = 0;
    BurstTiming timing;      // once requested
    bool requested = false;  // its first beat is read before
    std::vector<uint8_t> data;
    int64_t read = 0, written = 0;  // beats
    int64_t read_cycle() const {
      if (read == 0) return request_cycle - 1;
      return requested ? timing.beat_cycle(read - 1) : kNever;
    }
    int64_t write_cycle() const { return requested ? timing.beat_cycle(written) : kNever; }
    int64_t response() const { return timing.response_cycle(burst.beats); }
  };

  void schedule(int64_t request_cycle);
  void request_process();
  void granted(const BurstTiming& timing) override;
  void accept_process();
  bool advance_one(int64_t cycle);
  void read_beat(Departing& departing);
  void write_beat(Departing& departing);

  Buffer& activations_;
  Transfer transfer_;
  int32_t index_ = -1;
  Burst burst_;                      // the next to be requested
  std::deque<Departing> departing_;  // that one, and those before it; empty without values
  bool advancing_ = false;
  sc_core::sc_event request_, accept_;
};

}  // namespace qsim::model
