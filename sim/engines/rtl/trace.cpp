#include "sim/engines/rtl/trace.h"

#include "hw/spec/error.h"

namespace qsim::rtl {
namespace {

// Far above what any instruction takes once memory has answered; not a rule of timing.
int64_t generous_cycles(const Operation& op, const Arch& arch) {
  const int64_t side = arch.array.rows + arch.array.cols;
  if (const auto* matmul = std::get_if<Matmul>(&op)) {
    const int64_t tiles = int64_t{1} * matmul->kh * matmul->kw * matmul->cblocks;
    return (int64_t{1} * matmul->out_h * matmul->out_w + side) * (tiles + 4);
  }
  if (const auto* vector = std::get_if<Vector>(&op)) {
    const int64_t reads = int64_t{1} * vector->kh * vector->kw + 2;
    const int64_t pixels = int64_t{1} * vector->out_h * vector->out_w + 16;
    return int64_t{4} * vector->blocks * pixels * reads * (arch.array.cols + 2);
  }
  return 0;
}

}  // namespace

void Trace::start_segment(int32_t first, int32_t count) {
  first_ = first;
  count_ = count;
  halt_dispatched_ = false;
  for (UnitState& unit : units_) unit = {};
  for (int32_t i = first; i + 1 < first + count; ++i) {
    const Unit unit = unit_of(program_.instructions[static_cast<size_t>(i)].op);
    units_[static_cast<size_t>(unit)].instructions.push_back(i);
  }
}

std::string Trace::describe(int32_t index) const {
  const auto i = static_cast<size_t>(index);
  const auto layer = static_cast<size_t>(program_.info[i].layer);
  return "instruction " + std::to_string(index) + " (" + mnemonic_of(program_.instructions[i].op) +
         ", layer " + program_.network.layers[layer].name + ")";
}

void Trace::reject(int64_t cycle, int unit, const char* what) const {
  const UnitState& state = units_[static_cast<size_t>(unit)];
  throw Error("rtl engine: cycle " + std::to_string(cycle) + ": trace of " + name_of(Unit(unit)) +
              " shows an instruction " + what + "; of the segment's " +
              std::to_string(state.instructions.size()) + ", " + std::to_string(state.issued) +
              " have issued, " + std::to_string(state.done) + " are done and " +
              std::to_string(state.retired) + " have retired");
}

void Trace::apply(int64_t cycle, const Events& events) {
  retired_[kUnits] = -1;
  for (int unit = 0; unit < kUnits; ++unit) {
    UnitState& state = units_[static_cast<size_t>(unit)];
    const auto moment = [&](uint8_t signal, size_t& count, size_t limit,
                            int64_t InstructionTiming::*member, const char* what) {
      if (!(signal >> unit & 1)) return -1;
      if (count >= limit) reject(cycle, unit, what);
      const int32_t index = state.instructions[count++];
      timing_[static_cast<size_t>(index)].*member = cycle;
      return index;
    };
    using Timing = InstructionTiming;
    const auto u = static_cast<size_t>(unit);
    moment(events.free, state.freed, state.issued, &Timing::busy_until,
           "no longer busy that did not issue");
    done_[u] =
        moment(events.done, state.done, state.issued, &Timing::done, "done that did not issue");
    retired_[u] = moment(events.retire, state.retired, state.done, &Timing::retire,
                         "retired that is not done");
    issued_[u] = moment(events.issue, state.issued, state.instructions.size(), &Timing::issue,
                        "issued that is not in the program");
    retired_count_ += retired_[u] >= 0;
  }
  if (!events.halt && !events.halt_dispatch) return;
  const int32_t index = first_ + count_ - 1;
  InstructionTiming& timing = timing_[static_cast<size_t>(index)];
  if (events.halt_dispatch) {
    halt_dispatched_ = true;
    timing.issue = timing.busy_until = cycle;
  }
  if (!events.halt) return;
  for (int unit = 0; unit < kUnits; ++unit) {
    const UnitState& state = units_[static_cast<size_t>(unit)];
    const size_t all = state.instructions.size();
    if (state.retired < all || state.freed < all) reject(cycle, unit, "missing when HALT retires");
  }
  if (!halt_dispatched_) {
    throw Error("rtl engine: cycle " + std::to_string(cycle) +
                ": HALT retires before its dispatch");
  }
  timing.done = timing.retire = cycle;
  retired_[kUnits] = index;
  ++retired_count_;
}

int64_t Trace::patience() const {
  int64_t cycles = 0;
  for (const UnitState& unit : units_) {
    for (size_t i = unit.done; i < unit.issued; ++i) {
      const auto index = static_cast<size_t>(unit.instructions[i]);
      cycles += generous_cycles(program_.instructions[index].op, program_.arch);
    }
  }
  return cycles;
}

int64_t Trace::tokens(int giver, int taker) const {
  const UnitState& from = units_[static_cast<size_t>(giver)];
  const UnitState& to = units_[static_cast<size_t>(taker)];
  const auto instruction = [&](int32_t index) -> const Instruction& {
    return program_.instructions[static_cast<size_t>(index)];
  };
  int64_t count = 0;
  for (size_t i = 0; i < from.retired; ++i) {
    count += instruction(from.instructions[i]).give >> taker & 1;
  }
  for (size_t i = 0; i < to.issued; ++i) count -= instruction(to.instructions[i]).take >> giver & 1;
  return count;
}

bool Trace::full_for(int unit, int taker) const {
  return tokens(unit, taker) >= program_.arch.sync.token_depth;
}

std::string Trace::units_where(uint8_t mask, bool (Trace::*condition)(int, int) const,
                               int unit) const {
  std::string text;
  for (int other = 0; other < kUnits; ++other) {
    if (!(mask >> other & 1) || !(this->*condition)(unit, other)) continue;
    text += (text.empty() ? "" : " and ") + std::string(name_of(Unit(other)));
  }
  return text;
}

std::string Trace::unit_waiting(int unit, bool queued) const {
  const UnitState& state = units_[static_cast<size_t>(unit)];
  const std::string name = std::string("; ") + name_of(Unit(unit));
  if (state.retired < state.issued) {
    const int32_t index = state.instructions[state.retired];
    if (state.retired == state.done) return name + " does not finish " + describe(index);
    const Instruction& instruction = program_.instructions[static_cast<size_t>(index)];
    const std::string full = units_where(instruction.give, &Trace::full_for, unit);
    return name + " waits to retire " + describe(index) +
           (full.empty()
                ? ""
                : " until " + full + (full.find(' ') == std::string::npos ? " takes" : " take") +
                      " a token");
  }
  if (!queued) return "";
  const int32_t index = state.instructions[state.issued];
  const Instruction& instruction = program_.instructions[static_cast<size_t>(index)];
  const std::string empty = units_where(instruction.take, &Trace::empty_for, unit);
  return name + " waits to issue " + describe(index) +
         (empty.empty() ? "" : " for a token from " + empty);
}

std::string Trace::waiting(int32_t fetched) const {
  // Fetch dispatches in order until a queue is full.
  std::array<size_t, kUnits> dispatched{};
  int32_t blocked = -1;
  for (int32_t i = first_; i < first_ + fetched && i + 1 < first_ + count_ && blocked < 0; ++i) {
    const auto unit =
        static_cast<size_t>(unit_of(program_.instructions[static_cast<size_t>(i)].op));
    const auto depth = static_cast<size_t>(program_.arch.fetch.queue_depth);
    if (dispatched[unit] >= units_[unit].issued + depth) {
      blocked = i;
    } else {
      ++dispatched[unit];
    }
  }
  std::string text;
  if (blocked >= 0) {
    const Operation& op = program_.instructions[static_cast<size_t>(blocked)].op;
    text += "; fetch waits to dispatch " + describe(blocked) + " until the queue of " +
            name_of(unit_of(op)) + " has room";
  } else if (fetched < count_) {
    text += "; fetch has received " + std::to_string(fetched) + " of " + std::to_string(count_) +
            " instructions";
  }
  for (int unit = 0; unit < kUnits; ++unit) {
    const auto u = static_cast<size_t>(unit);
    text += unit_waiting(unit, dispatched[u] > units_[u].issued);
  }
  return text;
}

}  // namespace qsim::rtl
