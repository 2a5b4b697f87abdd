#include "sim/engines/vcd.h"

#include <algorithm>
#include <stdexcept>

namespace qsim {
namespace {

constexpr int64_t kCycleNs = 10;
constexpr VcdWriter::Signal kClock = 0;
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

VcdWriter::VcdWriter(std::ostream& out, const std::string& top, WaveWindow window)
    : out_(out), window_(window) {
  out_ << "$version qsim $end\n$timescale 1 ns $end\n";
  open_scope(top);
  declare("clk", Kind::kBit);
}

VcdWriter::~VcdWriter() {
  if (!finished_ && !pending_.empty()) finish(pending_.rbegin()->first + 1);
}

void VcdWriter::open_scope(const std::string& name) {
  out_ << "$scope module " << name << " $end\n";
}

void VcdWriter::close_scope() { out_ << "$upscope $end\n"; }

VcdWriter::Signal VcdWriter::declare(const std::string& name, Kind kind) {
  const int width = kWidths[static_cast<size_t>(kind)];
  out_ << "$var wire " << width << ' ' << code_of(signals_.size()) << ' ' << name;
  if (width > 1) out_ << " [" << width - 1 << ":0]";
  out_ << " $end\n";
  signals_.push_back({kind});
  return signals_.size() - 1;
}

void VcdWriter::end_declarations() {
  close_scope();
  out_ << "$enddefinitions $end\n";
}

void VcdWriter::change(Signal signal, int64_t by, int64_t cycle) {
  if (cycle < next_) {
    throw std::logic_error("VCD: a change in cycle " + std::to_string(cycle) + " after cycle " +
                           std::to_string(next_ - 1) + " was written");
  }
  pending_[cycle].push_back({signal, by});
}

void VcdWriter::pulse(Signal signal, int64_t cycle) {
  change(signal, 1, cycle);
  change(signal, -1, cycle + 1);
}

void VcdWriter::apply(int64_t cycle) {
  touched_.clear();
  while (!pending_.empty() && pending_.begin()->first <= cycle) {
    for (const Change& change : pending_.begin()->second) {
      signals_[change.signal].value += change.by;
      touched_.push_back(change.signal);
    }
    pending_.erase(pending_.begin());
  }
}

void VcdWriter::advance(int64_t cycle) {
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

void VcdWriter::write_cycle(int64_t cycle) {
  apply(cycle);
  const std::string clock = code_of(kClock);
  out_ << '#' << cycle * kCycleNs << "\n";
  if (cycle == window_.from) {
    out_ << "$dumpvars\n1" << clock << "\n";
    for (Signal signal = kClock + 1; signal < signals_.size(); ++signal) write(signal);
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

void VcdWriter::write(Signal signal) {
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

void VcdWriter::finish(int64_t cycles) {
  advance(cycles);
  pending_.clear();
  finished_ = true;
  const int64_t end = std::min(cycles - 1, window_.to) + 1;
  if (end > window_.from) out_ << '#' << end * kCycleNs << "\n";
}

}  // namespace qsim
