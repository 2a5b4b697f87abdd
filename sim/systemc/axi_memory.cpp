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

void AxiMemory::request(AxiMaster master, AxiPort& port, int64_t address, int64_t beats) {
  requests_[static_cast<size_t>(master)] = {&port, address, beats};
  run_.wake_at_end(arbitrate_, run_.now());
}

void AxiMemory::arbitrate() {
  run_.guard([&] {
    for (size_t master = 0; master < requests_.size(); ++master) {
      const Request request = std::exchange(requests_[master], {});
      if (!request.port) continue;
      const auto address = static_cast<uint64_t>(request.address);
      request.port->granted(static_cast<AxiMaster>(master) == AxiMaster::kStore
                                ? timing_->write(run_.now(), address, request.beats)
                                : timing_->read(run_.now(), address, request.beats));
    }
  });
}

}  // namespace qsim::model
