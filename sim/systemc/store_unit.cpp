#include "sim/systemc/store_unit.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "hw/spec/timing.h"

namespace qsim::model {

StoreUnit::StoreUnit(sc_core::sc_module_name name, RunContext& run, TokenMatrix& tokens,
                     RetirementListener& listener, Buffer& activations)
    : ExecutionUnit(name, Unit::kStore, run, tokens, listener),
      axi("axi"),
      activations_(activations) {
  SC_HAS_PROCESS(StoreUnit);
  SC_METHOD(request_process);
  sensitive << request_;
  dont_initialize();
  SC_METHOD(accept_process);
  sensitive << accept_;
  dont_initialize();
}

void StoreUnit::reset() {
  ExecutionUnit::reset();
  transfer_ = {};
  index_ = -1;
  departing_.clear();
  advancing_ = false;
  request_.cancel();
  accept_.cancel();
}

void StoreUnit::start(int32_t index, const Instruction& instruction) {
  transfer_ = Transfer(std::get<Store>(instruction.op), run_.arch().memory.bus_bytes);
  index_ = index;
  if (run_.values()) {
    const ByteRange from = transfer_.buffer_range();
    const ByteRange to = transfer_.dram_range();
    activations_.open(*this, index, from.low, from.high, false, run_.now());
    axi->dram().open(*this, index, to.low, to.high, true, run_.now());
  }
  schedule(run_.now() + timing::kStoreRequestCycles);
}

void StoreUnit::schedule(int64_t request_cycle) {
  burst_ = transfer_.next();
  run_.wake_at_start(request_, request_cycle);
  if (!run_.values()) return;
  Departing departing;
  departing.index = index_;
  departing.burst = burst_;
  departing.request_cycle = request_cycle;
  departing.data.resize(static_cast<size_t>(burst_.bytes));
  departing_.push_back(std::move(departing));
}

void StoreUnit::request_process() {
  run_.guard([&] {
    axi->request(AxiMaster::kStore, *this, burst_.dram_address, burst_.beats);
    run_.counters().store_bursts += 1;
    run_.counters().store_beats += burst_.beats;
    run_.counters().store_bytes += burst_.bytes;
  });
}

void StoreUnit::granted(const BurstTiming& timing) {
  const int64_t accepted = timing.beat_cycle(burst_.beats - 1);
  if (run_.values()) {
    departing_.back().timing = timing;
    departing_.back().requested = true;
    run_.wake_at_end(accept_, accepted);
  }
  if (transfer_.finished()) {
    set_busy_until(accepted + 1);
    set_done(index_, timing.response_cycle(burst_.beats));
  } else {
    schedule(accepted + 1);
  }
}

void StoreUnit::accept_process() {
  run_.guard([&] { catch_up(run_.now()); });
}

void StoreUnit::catch_up(int64_t cycle) {
  if (std::exchange(advancing_, true)) return;
  while (advance_one(cycle)) {
  }
  while (!departing_.empty() && departing_.front().written == departing_.front().burst.beats &&
         departing_.front().response() <= cycle) {
    const Departing& head = departing_.front();
    axi->dram().wrote(*this, head.index, head.burst.dram_address,
                      head.burst.dram_address + head.burst.bytes);
    departing_.pop_front();
  }
  advancing_ = false;
}

// The earliest access that is left; false when it is later than `cycle`. Within a cycle reads come
// first.
bool StoreUnit::advance_one(int64_t cycle) {
  for (Departing& entry : departing_) {
    if (entry.written == entry.burst.beats) continue;
    const bool read_next =
        entry.read < entry.burst.beats && entry.read_cycle() <= entry.write_cycle();
    if ((read_next ? entry.read_cycle() : entry.write_cycle()) > cycle) return false;
    if (read_next) {
      read_beat(entry);
    } else {
      write_beat(entry);
    }
    return true;
  }
  return false;
}

void StoreUnit::read_beat(Departing& departing) {
  const ByteRange part = beat_bytes(departing.burst, departing.read, run_.arch().memory.bus_bytes);
  const int64_t low = departing.burst.buffer_address + part.low;
  const int64_t high = departing.burst.buffer_address + part.high;
  if (activations_.contended(*this)) {
    activations_.before_read(*this, departing.index, low, high, departing.read_cycle());
  }
  std::memcpy(departing.data.data() + part.low, activations_.bytes() + low,
              static_cast<size_t>(high - low));
  ++departing.read;
}

void StoreUnit::write_beat(Departing& departing) {
  const ByteRange part =
      beat_bytes(departing.burst, departing.written, run_.arch().memory.bus_bytes);
  std::memcpy(axi->dram().bytes() + departing.burst.dram_address + part.low,
              departing.data.data() + part.low, static_cast<size_t>(part.high - part.low));
  ++departing.written;
}

void StoreUnit::list_pending(const Buffer&, int32_t instruction, PendingBytes& pending) {
  for (const Departing& entry : departing_) {
    if (entry.index != instruction) continue;
    pending.add(entry.burst.dram_address, entry.burst.dram_address + entry.burst.bytes);
  }
  if (instruction != index_) return;
  for (Transfer rest = transfer_; !rest.finished();) {
    const Burst burst = rest.next();
    pending.add(burst.dram_address, burst.dram_address + burst.bytes);
  }
}

void StoreUnit::finish(int32_t index) {
  if (!run_.values()) return;
  activations_.close(*this, index);
  axi->dram().close(*this, index);
}

}  // namespace qsim::model
