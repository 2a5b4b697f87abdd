#include "sim/engines/rtl/signals.h"

namespace qsim::rtl {

void Signals::start_segment(int32_t first, int64_t cycle) {
  next_request_ = next_arrival_ = first;
  waveform_.start_segment(cycle);
}

void Signals::bus(int64_t cycle, const Bus& bus, const Inputs& inputs) {
  if (bus.fetch.valid) {
    waveform_.fetch_requested(next_request_++, cycle);
    waveform_.request(WavePort::kFetch, cycle);
  }
  if (bus.load.valid) waveform_.request(WavePort::kLoad, cycle);
  if (bus.store.valid) waveform_.request(WavePort::kStore, cycle);
  if (inputs.fetch.data) {
    waveform_.beat(WavePort::kFetch, cycle);
    if (inputs.fetch.last) waveform_.fetch_received(next_arrival_++, cycle);
  }
  if (inputs.load.data) waveform_.beat(WavePort::kLoad, cycle);
  if (inputs.wready) waveform_.beat(WavePort::kStore, cycle);
  if (inputs.bvalid) waveform_.store_response(cycle);
}

// The model has no port that shows a token counter: they follow from who issues and who retires.
void Signals::events(int64_t cycle, const Events& events, const Trace& trace) {
  for (int u = 0; u < kUnits; ++u) {
    const Unit unit{static_cast<uint8_t>(u)};
    const auto each = [&](uint8_t mask, auto&& body) {
      for (int other = 0; other < kUnits; ++other) {
        if (mask >> other & 1) body(Unit(other));
      }
    };
    const auto instruction = [&](int32_t index) -> const Instruction& {
      return program_.instructions[static_cast<size_t>(index)];
    };
    if (events.free >> u & 1) waveform_.busy_until(unit, cycle);
    if (events.done >> u & 1) waveform_.done(unit, cycle);
    const int32_t retired = trace.retired()[static_cast<size_t>(u)];
    if (retired >= 0) {
      waveform_.retire(unit, retired, cycle);
      each(instruction(retired).give, [&](Unit taker) { waveform_.tokens(unit, taker, 1, cycle); });
    }
    const int32_t issued = trace.issued()[static_cast<size_t>(u)];
    if (issued >= 0) {
      waveform_.issue(unit, issued, cycle);
      each(instruction(issued).take, [&](Unit giver) { waveform_.tokens(giver, unit, -1, cycle); });
    }
  }
  if (events.halt) waveform_.halt(cycle);
}

}  // namespace qsim::rtl
