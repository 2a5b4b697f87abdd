// Copies pieces of DRAM into the activation, weight and parameter buffers (T11): one read burst
// requested a cycle at most, dma.load_outstanding requested and not landed.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <systemc>
#include <vector>

#include "sim/systemc/axi_memory.h"
#include "sim/systemc/execution_unit.h"
#include "sim/systemc/transfer.h"

namespace qsim::model {

class LoadUnit : public ExecutionUnit, public AxiPort {
 public:
  LoadUnit(sc_core::sc_module_name name, RunContext& run, TokenMatrix& tokens,
           RetirementListener& listener, const std::array<Buffer*, 3>& buffers);

  sc_core::sc_port<AxiBus> axi;

  void reset() override;
  void granted(const BurstTiming& timing) override;
  void catch_up(int64_t cycle) override;
  void list_pending(const Buffer& buffer, int32_t instruction, PendingBytes& pending) override;

 protected:
  void start(int32_t index, const Instruction& instruction) override;
  void finish(int32_t index) override;

 private:
  // A burst on its way, with the bytes that DRAM held when it was requested.
  struct Arriving {
    int32_t index = 0;
    Buffer* buffer = nullptr;
    Burst burst;
    BurstTiming timing;
    std::vector<uint8_t> data;
    int64_t written = 0;  // beats
    int64_t landing() const { return write_cycle(burst.beats - 1); }
    int64_t write_cycle(int64_t beat) const;
  };

  void request_process();
  void land_process();
  int64_t request_from() const;
  void write_beat(Arriving& arriving);
  void write_rest(Arriving& arriving);

  const std::array<Buffer*, 3> buffers_;  // by BufferId
  Transfer transfer_;                     // of the instruction that makes requests
  int32_t index_ = -1;
  Buffer* buffer_ = nullptr;
  int64_t issue_cycle_ = 0;
  Arriving requested_;  // waits for its grant
  int64_t last_request_ = -1;
  std::deque<int64_t> landings_;  // of the latest bursts, load_outstanding at most
  std::deque<Arriving> arriving_;
  std::vector<std::vector<uint8_t>> spare_;  // data of landed bursts, for reuse
  bool advancing_ = false;
  sc_core::sc_event request_, land_;
};

}  // namespace qsim::model
