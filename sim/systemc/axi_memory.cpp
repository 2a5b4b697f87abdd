#include "sim/systemc/axi_memory.h"

#include <utility>

namespace qsim::model {

AxiMemory::AxiMemory(sc_core::sc_module_name name, RunContext& run)
    : sc_core::sc_module(name), run_(run), dram_("dram", run) {
  SC_HAS_PROCESS(AxiMemory);
  SC_METHOD(arbitrate);
  sensitive << arbitrate_;
  dont_initialize();
}

void AxiMemory::reset() {
  timing_.emplace(run_.arch());
  dram_.reset(run_.values() ? run_.program().dram_bytes : 0);
  requests_.fill({});
  arbitrate_.cancel();
}

void AxiMemory::read(AxiMaster master, AxiReader& reader, int64_t address, int64_t beats) {
  requests_[static_cast<size_t>(master)] = {&reader, address, beats};
  run_.wake_at_end(arbitrate_, run_.now());
}

void AxiMemory::arbitrate() {
  run_.guard([&] {
    for (Request& slot : requests_) {
      if (!slot.reader) continue;
      const Request request = std::exchange(slot, {});
      request.reader->read_granted(
          timing_->read(run_.now(), static_cast<uint64_t>(request.address), request.beats));
    }
  });
}

BurstTiming AxiMemory::write(int64_t address, int64_t beats) {
  return timing_->write(run_.now(), static_cast<uint64_t>(address), beats);
}

}  // namespace qsim::model
