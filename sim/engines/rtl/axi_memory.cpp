#include "sim/engines/rtl/axi_memory.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

#include "hw/spec/error.h"

namespace qsim::rtl {
namespace {

constexpr uint8_t kIncr = 1, kOkay = 0;

std::string hexadecimal(uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

AxiMemory::AxiMemory(const Arch& arch, std::span<uint8_t> dram)
    : bus_bytes_(arch.memory.bus_bytes), dram_(dram), timing_(arch) {}

void AxiMemory::reject(const char* port, const std::string& what) const {
  throw Error("rtl engine: AXI, " + std::string(port) + ", cycle " + std::to_string(cycle_) + ": " +
              what);
}

int64_t AxiMemory::check(const char* port, const Request& request) const {
  const int64_t beats = int64_t{request.len} + 1;
  if (request.burst != kIncr) {
    reject(port, "burst = " + std::to_string(request.burst) + " is not 1 (INCR)");
  }
  if (int64_t{1} << request.size != bus_bytes_) {
    reject(port, "size = " + std::to_string(request.size) + " is not the bus's " +
                     std::to_string(std::countr_zero(static_cast<uint64_t>(bus_bytes_))));
  }
  if (beats > timing::kMaxBurstBeats) {
    reject(port, "len = " + std::to_string(request.len) + " is more than " +
                     std::to_string(timing::kMaxBurstBeats) + " beats");
  }
  const auto first = static_cast<int64_t>(request.address) & ~(bus_bytes_ - 1);
  const int64_t last = first + beats * bus_bytes_ - 1;
  const std::string burst = std::to_string(beats) + " beats at " + hexadecimal(request.address);
  if (first / timing::kBurstBoundaryBytes != last / timing::kBurstBoundaryBytes) {
    reject(port, burst + " cross a multiple of " + std::to_string(timing::kBurstBoundaryBytes));
  }
  if (last >= static_cast<int64_t>(dram_.size())) {
    reject(port, burst + " end beyond DRAM's " + std::to_string(dram_.size()) + " bytes");
  }
  return first;
}

void AxiMemory::request_read(ReadPort& port, const Request& request) {
  const int64_t address = check(port.name, request);
  Read& burst = port.bursts.emplace_back();
  burst.beats = int64_t{request.len} + 1;
  burst.timing = timing_.read(cycle_, static_cast<uint64_t>(address), burst.beats);
  std::memcpy(burst.data, dram_.data() + address, static_cast<size_t>(burst.beats * bus_bytes_));
}

void AxiMemory::send(ReadPort& port, bool ready, ReadBeat& beat) {
  beat.data = nullptr;
  if (port.bursts.empty()) return;
  Read& burst = port.bursts.front();
  if (burst.timing.beat_cycle(burst.sent) != cycle_) return;
  if (!ready) reject(port.name, "rready is low when a beat arrives");
  std::memcpy(port.beat, burst.data + burst.sent * bus_bytes_, static_cast<size_t>(bus_bytes_));
  beat = {port.beat, ++burst.sent == burst.beats, kOkay};
  if (beat.last) port.bursts.pop_front();
}

void AxiMemory::check_write_data(const Bus& bus) {
  if (!waiting_.wvalid) return;
  if (!bus.wvalid) reject("store", "wvalid falls before the beat is accepted");
  if (bus.wlast != waiting_.wlast || bus.wstrb != waiting_.wstrb ||
      std::memcmp(bus.wdata, waiting_.wdata, static_cast<size_t>(bus_bytes_)) != 0) {
    reject("store", "write data change before the beat is accepted");
  }
}

// A beat that comes after its cycle is taken when it comes, and the rest of its burst follows.
bool AxiMemory::accept_write(const Bus& bus) {
  const auto open = std::find_if(writes_.begin(), writes_.end(),
                                 [](const Write& write) { return write.accepted < write.beats; });
  if (open == writes_.end() || !bus.wvalid || open->timing.beat_cycle(open->accepted) > cycle_) {
    return false;
  }
  for (int64_t i = 0; i < bus_bytes_; ++i) {
    if (bus.wstrb >> i & 1) dram_[static_cast<size_t>(open->address + i)] = bus.wdata[i];
  }
  open->address += bus_bytes_;
  const bool last = ++open->accepted == open->beats;
  if (bus.wlast != last) {
    reject("store", "wlast = " + std::to_string(bus.wlast) + " at beat " +
                        std::to_string(open->accepted) + " of " + std::to_string(open->beats));
  }
  open->response = cycle_ + open->timing.latency_cycles;
  return true;
}

void AxiMemory::cycle(int64_t cycle, const Bus& bus, Inputs& inputs) {
  cycle_ = cycle;
  if (bus.fetch.valid) request_read(fetch_, bus.fetch);
  if (bus.load.valid) request_read(load_, bus.load);
  if (bus.store.valid) {
    Write& write = writes_.emplace_back();
    write.address = check("store", bus.store);
    write.beats = int64_t{bus.store.len} + 1;
    write.timing = timing_.write(cycle, static_cast<uint64_t>(write.address), write.beats);
  }
  send(fetch_, bus.fetch_rready, inputs.fetch);
  send(load_, bus.load_rready, inputs.load);

  check_write_data(bus);
  inputs.wready = accept_write(bus);
  waiting_.wvalid = bus.wvalid && !inputs.wready;
  if (waiting_.wvalid) waiting_ = bus;

  inputs.bvalid = false;
  if (!writes_.empty()) {
    const Write& oldest = writes_.front();
    inputs.bvalid = oldest.accepted == oldest.beats && oldest.response == cycle;
  }
  if (inputs.bvalid) {
    if (!bus.bready) reject("store", "bready is low when a response arrives");
    inputs.bresp = kOkay;
    writes_.pop_front();
  }
}

}  // namespace qsim::rtl
