#include "sim/systemc/load_unit.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "hw/spec/timing.h"

namespace qsim::model {

LoadUnit::LoadUnit(sc_core::sc_module_name name, RunContext& run, TokenMatrix& tokens,
                   RetirementListener& listener, const std::array<Buffer*, 3>& buffers)
    : ExecutionUnit(name, Unit::kLoad, run, tokens, listener), axi("axi"), buffers_(buffers) {
  SC_HAS_PROCESS(LoadUnit);
  SC_METHOD(request_process);
  sensitive << request_;
  dont_initialize();
  SC_METHOD(land_process);
  sensitive << land_;
  dont_initialize();
}

void LoadUnit::reset() {
  ExecutionUnit::reset();
  transfer_ = {};
  index_ = -1;
  last_request_ = -1;
  landings_.clear();
  arriving_.clear();
  advancing_ = false;
  request_.cancel();
  land_.cancel();
}

int64_t LoadUnit::Arriving::write_cycle(int64_t beat) const {
  return timing.beat_cycle(beat) + timing::kLandingCycles;
}

void LoadUnit::start(int32_t index, const Instruction& instruction) {
  const Load& op = std::get<Load>(instruction.op);
  transfer_ = Transfer(op, run_.arch().memory.bus_bytes);
  index_ = index;
  buffer_ = buffers_[static_cast<size_t>(op.buffer)];
  issue_cycle_ = run_.now();
  if (run_.values()) {
    const ByteRange range = transfer_.buffer_range();
    buffer_->open(*this, index, range.low, range.high, true, run_.now());
  }
  run_.wake_at_start(request_, request_from());
}

// Every landing up to the latest request is known by now: grants come in the cycle of the request.
int64_t LoadUnit::request_from() const {
  int64_t from = std::max(issue_cycle_ + timing::kLoadRequestCycles, last_request_ + 1);
  if (static_cast<int32_t>(landings_.size()) == run_.arch().dma.load_outstanding) {
    from = std::max(from, landings_.front() + 1);
  }
  return from;
}

void LoadUnit::request_process() {
  run_.guard([&] {
    const Burst burst = transfer_.next();
    requested_.index = index_;
    requested_.buffer = buffer_;
    requested_.burst = burst;
    if (run_.values()) {
      Buffer& dram = axi->dram();
      dram.before_read(*this, index_, burst.dram_address, burst.dram_address + burst.bytes,
                       run_.now());
      if (!spare_.empty()) {
        requested_.data = std::move(spare_.back());
        spare_.pop_back();
      }
      const uint8_t* bytes = dram.bytes() + burst.dram_address;
      requested_.data.assign(bytes, bytes + burst.bytes);
    }
    axi->request(AxiMaster::kLoad, *this, burst.dram_address, burst.beats);
    last_request_ = run_.now();
    run_.counters().load_bursts += 1;
    run_.counters().load_beats += burst.beats;
    run_.counters().load_bytes += burst.bytes;
    if (transfer_.finished()) set_busy_until(run_.now() + 1);
  });
}

void LoadUnit::granted(const BurstTiming& timing) {
  requested_.timing = timing;
  const int64_t landing = requested_.landing();
  landings_.push_back(landing);
  if (static_cast<int32_t>(landings_.size()) > run_.arch().dma.load_outstanding) {
    landings_.pop_front();
  }
  if (transfer_.finished()) {
    set_done(index_, landing);
  } else {
    run_.wake_at_start(request_, request_from());
  }
  if (!run_.values()) return;
  arriving_.push_back(std::move(requested_));
  requested_ = {};
  run_.wake_at_end(land_, arriving_.front().landing());
}

void LoadUnit::land_process() {
  run_.guard([&] {
    catch_up(run_.now());
    if (!arriving_.empty()) run_.wake_at_end(land_, arriving_.front().landing());
  });
}

void LoadUnit::catch_up(int64_t cycle) {
  if (std::exchange(advancing_, true)) return;
  while (!arriving_.empty()) {
    Arriving& head = arriving_.front();
    if (head.landing() <= cycle && !head.buffer->contended(*this)) {
      write_rest(head);
    } else if (head.write_cycle(head.written) <= cycle) {
      write_beat(head);
    } else {
      break;
    }
    if (head.written < head.burst.beats) continue;
    spare_.push_back(std::move(head.data));
    arriving_.pop_front();
  }
  advancing_ = false;
}

void LoadUnit::write_beat(Arriving& arriving) {
  Buffer& buffer = *arriving.buffer;
  const ByteRange part = beat_bytes(arriving.burst, arriving.written, run_.arch().memory.bus_bytes);
  const int64_t low = arriving.burst.buffer_address + part.low;
  const int64_t high = arriving.burst.buffer_address + part.high;
  buffer.before_write(*this, arriving.index, low, high, arriving.write_cycle(arriving.written));
  std::memcpy(buffer.bytes() + low, arriving.data.data() + part.low,
              static_cast<size_t>(high - low));
  buffer.wrote(*this, arriving.index, low, high);
  ++arriving.written;
}

void LoadUnit::write_rest(Arriving& arriving) {
  Buffer& buffer = *arriving.buffer;
  const Burst& burst = arriving.burst;
  const int64_t done = arriving.written == 0
                           ? 0
                           : beat_bytes(burst, arriving.written, run_.arch().memory.bus_bytes).low;
  const int64_t low = burst.buffer_address + done;
  const int64_t high = burst.buffer_address + burst.bytes;
  std::memcpy(buffer.bytes() + low, arriving.data.data() + done, static_cast<size_t>(high - low));
  buffer.wrote(*this, arriving.index, low, high);
  arriving.written = burst.beats;
}

void LoadUnit::list_pending(const Buffer&, int32_t instruction, PendingBytes& pending) {
  const int64_t bus_bytes = run_.arch().memory.bus_bytes;
  for (const Arriving& entry : arriving_) {
    if (entry.index != instruction) continue;
    const int64_t done =
        entry.written == 0 ? 0 : beat_bytes(entry.burst, entry.written, bus_bytes).low;
    pending.add(entry.burst.buffer_address + done, entry.burst.buffer_address + entry.burst.bytes);
  }
  if (instruction != index_) return;
  if (!requested_.data.empty()) {
    const Burst& burst = requested_.burst;
    pending.add(burst.buffer_address, burst.buffer_address + burst.bytes);
  }
  for (Transfer rest = transfer_; !rest.finished();) {
    const Burst burst = rest.next();
    pending.add(burst.buffer_address, burst.buffer_address + burst.bytes);
  }
}

void LoadUnit::finish(int32_t index) {
  if (!run_.values()) return;
  for (Buffer* buffer : buffers_) buffer->close(*this, index);
}

}  // namespace qsim::model
