#include "sim/engines/waveform.h"

#include <algorithm>
#include <stdexcept>

namespace qsim {
namespace {

constexpr int64_t kCycleNs = 10;
constexpr int kWidths[] = {1, 8, 32};  // by Kind

std::string binary(int64_t value) {
  std::string text;
  for (; value > 0; value /= 2) text.insert(text.begin(), static_cast<char>('0' + value % 2));
  return text.empty() ? "0" : text;
}

// Printable characters from ! on name the signals.
std::string code_of(size_t signal) {
  constexpr size_t kFirst = '!', kCodes = '~' - '!' + 1;
  std::string code(1, static_cast<char>(kFirst + signal % kCodes));
  if (signal >= kCodes) code += static_cast<char>(kFirst + signal / kCodes - 1);
  return code;
}

}  // namespace

Waveform::Waveform(const Program& program, std::ostream& out, WaveWindow window)
    : out_(out), window_(window) {
  out_ << "$version qsim $end\n$timescale 1 ns $end\n";
  open_scope("qsim");
  clk_ = declare("clk", Kind::kBit);
  halt_ = declare("halt", Kind::kBit);
  open_scope("host");
  host_busy_ = declare("busy", Kind::kBit);
  host_layer_ = declare("layer", Kind::kIndex);
  close_scope();
  open_scope("fetch");
  fetch_busy_ = declare("busy", Kind::kBit);
  fetch_requested_ = declare("requested", Kind::kIndex);
  fetch_received_ = declare("received", Kind::kIndex);
  close_scope();
  for (int unit = 0; unit < kUnits; ++unit) declare_unit(Unit(unit));
  open_scope("tokens");
  declare_tokens(program);
  close_scope();
  open_scope("memory");
  constexpr const char* kPorts[] = {"fetch", "load", "store"};
  for (size_t port = 0; port < 3; ++port) {
    requests_[port] = declare(std::string(kPorts[port]) + "_request", Kind::kBit);
    beats_[port] = declare(std::string(kPorts[port]) + "_beat", Kind::kBit);
  }
  store_response_ = declare("store_response", Kind::kBit);
  close_scope();
  close_scope();
  out_ << "$enddefinitions $end\n";
}

Waveform::~Waveform() {
  if (!finished_ && !pending_.empty()) finish(pending_.rbegin()->first + 1);
}

Waveform::Signal Waveform::declare(const std::string& name, Kind kind) {
  const int width = kWidths[static_cast<size_t>(kind)];
  out_ << "$var wire " << width << ' ' << code_of(signals_.size()) << ' ' << name;
  if (width > 1) out_ << " [" << width - 1 << ":0]";
  out_ << " $end\n";
  signals_.push_back({kind});
  return signals_.size() - 1;
}

void Waveform::declare_unit(Unit unit) {
  UnitSignals& signals = units_[static_cast<size_t>(unit)];
  open_scope(name_of(unit));
  signals.issue = declare("issue", Kind::kBit);
  signals.busy = declare("busy", Kind::kBit);
  signals.instr = declare("instr", Kind::kIndex);
  signals.done = declare("done", Kind::kBit);
  signals.in_flight = declare("in_flight", Kind::kCount);
  signals.retire = declare("retire", Kind::kBit);
  signals.retired = declare("retired", Kind::kIndex);
  close_scope();
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
    tokens_[pair].signal = declare(giver + "_to_" + taker, Kind::kCount);
  }
}

void Waveform::open_scope(const std::string& name) {
  out_ << "$scope module " << name << " $end\n";
}
void Waveform::close_scope() { out_ << "$upscope $end\n"; }

void Waveform::host_step(LayerId layer, int64_t start, int64_t end) {
  for (const int64_t by : {1, -1}) {
    change(host_busy_, by, by > 0 ? start : end);
    change(host_layer_, by * (int64_t{layer} + 1), by > 0 ? start : end);
  }
}

void Waveform::start_segment(int64_t cycle) {
  for (Tokens& tokens : tokens_) {
    if (tokens.held != 0) change(tokens.signal, -tokens.held, cycle);
    tokens.held = 0;
  }
}

void Waveform::halt(int64_t cycle) { pulse(halt_, cycle); }

void Waveform::fetch_requested(int32_t index, int64_t cycle) {
  change(fetch_busy_, 1, cycle);
  move(fetch_requested_, latest_requested_, index, cycle);
}

void Waveform::fetch_received(int32_t index, int64_t cycle) {
  change(fetch_busy_, -1, cycle + 1);
  move(fetch_received_, latest_received_, index, cycle + 1);
}

void Waveform::issue(Unit unit, int32_t index, int64_t cycle) {
  UnitSignals& signals = units_[static_cast<size_t>(unit)];
  pulse(signals.issue, cycle);
  change(signals.busy, 1, cycle + 1);
  change(signals.instr, int64_t{index} + 1, cycle + 1);
  change(signals.in_flight, 1, cycle + 1);
  signals.latest_issued = index;
}

void Waveform::busy_until(Unit unit, int64_t cycle) {
  const UnitSignals& signals = units_[static_cast<size_t>(unit)];
  change(signals.busy, -1, cycle + 1);
  change(signals.instr, -(int64_t{signals.latest_issued} + 1), cycle + 1);
}

void Waveform::done(Unit unit, int64_t cycle) {
  pulse(units_[static_cast<size_t>(unit)].done, cycle);
}

void Waveform::retire(Unit unit, int32_t index, int64_t cycle) {
  UnitSignals& signals = units_[static_cast<size_t>(unit)];
  pulse(signals.retire, cycle);
  change(signals.in_flight, -1, cycle + 1);
  move(signals.retired, signals.latest_retired, index, cycle + 1);
}

void Waveform::tokens(Unit giver, Unit taker, int32_t change_by, int64_t cycle) {
  Tokens& pair = tokens_[static_cast<size_t>(giver) * kUnits + static_cast<size_t>(taker)];
  if (!pair.used) throw std::logic_error("waveform: a token that the program does not use");
  pair.held += change_by;
  change(pair.signal, change_by, cycle + 1);
}

void Waveform::request(WavePort port, int64_t cycle) {
  pulse(requests_[static_cast<size_t>(port)], cycle);
}

void Waveform::beat(WavePort port, int64_t cycle) {
  pulse(beats_[static_cast<size_t>(port)], cycle);
}

void Waveform::store_response(int64_t cycle) { pulse(store_response_, cycle); }

void Waveform::change(Signal signal, int64_t by, int64_t cycle) {
  if (cycle < next_) {
    throw std::logic_error("waveform: a change in cycle " + std::to_string(cycle) +
                           " after cycle " + std::to_string(next_ - 1) + " was written");
  }
  pending_[cycle].push_back({signal, by});
}

void Waveform::pulse(Signal signal, int64_t cycle) {
  change(signal, 1, cycle);
  change(signal, -1, cycle + 1);
}

void Waveform::move(Signal signal, int32_t& before, int32_t index, int64_t cycle) {
  change(signal, int64_t{index} - before, cycle);
  before = index;
}

void Waveform::apply(int64_t cycle) {
  touched_.clear();
  while (!pending_.empty() && pending_.begin()->first <= cycle) {
    for (const Change& change : pending_.begin()->second) {
      signals_[change.signal].value += change.by;
      touched_.push_back(change.signal);
    }
    pending_.erase(pending_.begin());
  }
}

void Waveform::advance(int64_t cycle) {
  if (next_ < window_.from) {
    next_ = std::min(cycle, window_.from);
    apply(next_ - 1);
  }
  for (; next_ < cycle && next_ <= window_.to; ++next_) write_cycle(next_);
  if (next_ < cycle) {
    next_ = cycle;
    apply(next_ - 1);
  }
}

void Waveform::write_cycle(int64_t cycle) {
  apply(cycle);
  const std::string clock = code_of(clk_);
  out_ << '#' << cycle * kCycleNs << "\n";
  if (cycle == window_.from) {
    out_ << "$dumpvars\n1" << clock << "\n";
    for (Signal signal = clk_ + 1; signal < signals_.size(); ++signal) write(signal);
    out_ << "$end\n";
  } else {
    out_ << '1' << clock << "\n";
    std::sort(touched_.begin(), touched_.end());
    for (const Signal signal : touched_) {
      if (signals_[signal].value != signals_[signal].written) write(signal);
    }
  }
  out_ << '#' << cycle * kCycleNs + kCycleNs / 2 << "\n0" << clock << "\n";
}

void Waveform::write(Signal signal) {
  State& state = signals_[signal];
  state.written = state.value;
  if (state.kind == Kind::kBit) {
    out_ << (state.value > 0 ? '1' : '0');
  } else if (state.kind == Kind::kCount) {
    out_ << 'b' << binary(state.value) << ' ';
  } else {
    out_ << 'b' << (state.value == 0 ? "x" : binary(state.value - 1)) << ' ';
  }
  out_ << code_of(signal) << "\n";
}

void Waveform::finish(int64_t cycles) {
  advance(cycles);
  pending_.clear();
  finished_ = true;
  const int64_t end = std::min(cycles - 1, window_.to) + 1;
  if (end > window_.from) out_ << '#' << end * kCycleNs << "\n";
}

}  // namespace qsim
