#include "sim/engines/waveform.h"

#include <stdexcept>

namespace qsim {

using Kind = VcdWriter::Kind;

Waveform::Waveform(const Program& program, std::ostream& out, WaveWindow window)
    : vcd_(out, "qsim", window) {
  halt_ = vcd_.declare("halt", Kind::kBit);
  vcd_.open_scope("host");
  host_busy_ = vcd_.declare("busy", Kind::kBit);
  host_layer_ = vcd_.declare("layer", Kind::kIndex);
  vcd_.close_scope();
  vcd_.open_scope("fetch");
  fetch_busy_ = vcd_.declare("busy", Kind::kBit);
  fetch_requested_ = vcd_.declare("requested", Kind::kIndex);
  fetch_received_ = vcd_.declare("received", Kind::kIndex);
  vcd_.close_scope();
  for (int unit = 0; unit < kUnits; ++unit) declare_unit(Unit(unit));
  vcd_.open_scope("tokens");
  declare_tokens(program);
  vcd_.close_scope();
  vcd_.open_scope("memory");
  constexpr const char* kPorts[] = {"fetch", "load", "store"};
  for (size_t port = 0; port < 3; ++port) {
    requests_[port] = vcd_.declare(std::string(kPorts[port]) + "_request", Kind::kBit);
    beats_[port] = vcd_.declare(std::string(kPorts[port]) + "_beat", Kind::kBit);
  }
  store_response_ = vcd_.declare("store_response", Kind::kBit);
  vcd_.close_scope();
  vcd_.end_declarations();
}

void Waveform::declare_unit(Unit unit) {
  UnitSignals& signals = units_[static_cast<size_t>(unit)];
  vcd_.open_scope(name_of(unit));
  signals.issue = vcd_.declare("issue", Kind::kBit);
  signals.busy = vcd_.declare("busy", Kind::kBit);
  signals.instr = vcd_.declare("instr", Kind::kIndex);
  signals.done = vcd_.declare("done", Kind::kBit);
  signals.in_flight = vcd_.declare("in_flight", Kind::kCount);
  signals.retire = vcd_.declare("retire", Kind::kBit);
  signals.retired = vcd_.declare("retired", Kind::kIndex);
  vcd_.close_scope();
}

void Waveform::declare_tokens(const Program& program) {
  for (const Instruction& instruction : program.instructions) {
    if (is_halt(instruction.op)) continue;
    const auto unit = static_cast<size_t>(unit_of(instruction.op));
    for (size_t other = 0; other < kUnits; ++other) {
      if (instruction.give >> other & 1) tokens_[unit * kUnits + other].used = true;
      if (instruction.take >> other & 1) tokens_[other * kUnits + unit].used = true;
    }
  }
  for (size_t pair = 0; pair < tokens_.size(); ++pair) {
    if (!tokens_[pair].used) continue;
    const std::string giver = name_of(Unit(pair / kUnits)), taker = name_of(Unit(pair % kUnits));
    tokens_[pair].signal = vcd_.declare(giver + "_to_" + taker, Kind::kCount);
  }
}

void Waveform::host_step(LayerId layer, int64_t start, int64_t end) {
  for (const int64_t by : {1, -1}) {
    vcd_.change(host_busy_, by, by > 0 ? start : end);
    vcd_.change(host_layer_, by * (int64_t{layer} + 1), by > 0 ? start : end);
  }
}

void Waveform::start_segment(int64_t cycle) {
  for (Tokens& tokens : tokens_) {
    if (tokens.held != 0) vcd_.change(tokens.signal, -tokens.held, cycle);
    tokens.held = 0;
  }
}

void Waveform::halt(int64_t cycle) { vcd_.pulse(halt_, cycle); }

void Waveform::fetch_requested(int32_t index, int64_t cycle) {
  vcd_.change(fetch_busy_, 1, cycle);
  move(fetch_requested_, latest_requested_, index, cycle);
}

void Waveform::fetch_received(int32_t index, int64_t cycle) {
  vcd_.change(fetch_busy_, -1, cycle + 1);
  move(fetch_received_, latest_received_, index, cycle + 1);
}

void Waveform::issue(Unit unit, int32_t index, int64_t cycle) {
  UnitSignals& signals = units_[static_cast<size_t>(unit)];
  vcd_.pulse(signals.issue, cycle);
  vcd_.change(signals.busy, 1, cycle + 1);
  vcd_.change(signals.instr, int64_t{index} + 1, cycle + 1);
  vcd_.change(signals.in_flight, 1, cycle + 1);
  signals.latest_issued = index;
}

void Waveform::busy_until(Unit unit, int64_t cycle) {
  const UnitSignals& signals = units_[static_cast<size_t>(unit)];
  vcd_.change(signals.busy, -1, cycle + 1);
  vcd_.change(signals.instr, -(int64_t{signals.latest_issued} + 1), cycle + 1);
}

void Waveform::done(Unit unit, int64_t cycle) {
  vcd_.pulse(units_[static_cast<size_t>(unit)].done, cycle);
}

void Waveform::retire(Unit unit, int32_t index, int64_t cycle) {
  UnitSignals& signals = units_[static_cast<size_t>(unit)];
  vcd_.pulse(signals.retire, cycle);
  vcd_.change(signals.in_flight, -1, cycle + 1);
  move(signals.retired, signals.latest_retired, index, cycle + 1);
}

void Waveform::tokens(Unit giver, Unit taker, int32_t change_by, int64_t cycle) {
  Tokens& pair = tokens_[static_cast<size_t>(giver) * kUnits + static_cast<size_t>(taker)];
  if (!pair.used) throw std::logic_error("waveform: a token that the program does not use");
  pair.held += change_by;
  vcd_.change(pair.signal, change_by, cycle + 1);
}

void Waveform::request(WavePort port, int64_t cycle) {
  vcd_.pulse(requests_[static_cast<size_t>(port)], cycle);
}

void Waveform::beat(WavePort port, int64_t cycle) {
  vcd_.pulse(beats_[static_cast<size_t>(port)], cycle);
}

void Waveform::store_response(int64_t cycle) { vcd_.pulse(store_response_, cycle); }

void Waveform::move(Signal signal, int32_t& before, int32_t index, int64_t cycle) {
  vcd_.change(signal, int64_t{index} - before, cycle);
  before = index;
}

}  // namespace qsim
