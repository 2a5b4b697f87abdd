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
      const BurstTiming timing = static_cast<AxiMaster>(master) == AxiMaster::kStore
                                     ? timing_->write(run_.now(), address, request.beats)
                                     : timing_->read(run_.now(), address, request.beats);
      if (run_.waveform()) show(static_cast<AxiMaster>(master), timing, request.beats);
      request.port->granted(timing);
    }
  });
}

void AxiMemory::show(AxiMaster master, const BurstTiming& timing, int64_t beats) const {
  Waveform& waveform = *run_.waveform();
  const auto port = static_cast<WavePort>(master);
  waveform.request(port, run_.now());
  for (int64_t beat = 0; beat < beats; ++beat) waveform.beat(port, timing.beat_cycle(beat));
  if (master == AxiMaster::kStore) waveform.store_response(timing.response_cycle(beats));
}

}  // namespace qsim::model
