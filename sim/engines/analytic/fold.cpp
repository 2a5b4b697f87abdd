#include "sim/engines/analytic/fold.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "sim/engines/analytic/same_timing.h"
#include "sim/engines/analytic/state_view.h"

namespace qsim::analytic {
namespace {

// Longer periods are rare, and found late.
constexpr size_t kMaxPeriod = 1024;
constexpr size_t kMaxMultiple = 4;

constexpr size_t kFarFromTransfers = 64;

// A number that instructions of one kind share; others may have it, too.
size_t kind_of(const Instruction& instruction) {
  size_t kind = size_t{instruction.take} * 5 + size_t{instruction.give} * 11;
  if (const auto* load = std::get_if<Load>(&instruction.op)) {
    kind += static_cast<size_t>(load->bytes) / 16 + static_cast<size_t>(load->buffer) * 7;
  } else if (const auto* matmul = std::get_if<Matmul>(&instruction.op)) {
    kind += 17 + static_cast<size_t>(matmul->out_h);
  } else {
    kind += 31;
  }
  return kind;
}

template <typename StateType, typename Visit>
void for_each_history(StateType& state, Visit&& visit) {
  visit(state.arrival);
  visit(state.dispatch);
  for (auto& unit : state.units) {
    visit(unit.index);
    visit(unit.dispatch);
    visit(unit.issue);
    visit(unit.done);
    visit(unit.retire);
  }
  for (auto& tokens : state.tokens) {
    visit(tokens.given);
    visit(tokens.taken);
  }
}

void add_periods(const Counters& before, int64_t times, Counters& counters) {
#define QSIM_COUNTER(name, kind, unit, meaning) \
  counters.name += times * (counters.name - before.name);
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
}

}  // namespace

// Transfers lie between all that repeats, or nothing is transferred for long.
bool Fold::is_watched(const Instruction& instruction, size_t index) {
  const bool is_transfer =
      std::holds_alternative<Load>(instruction.op) || std::holds_alternative<Store>(instruction.op);
  if (is_transfer) latest_transfer_ = index;
  return is_transfer || (std::holds_alternative<Matmul>(instruction.op) &&
                         index - latest_transfer_ > kFarFromTransfers);
}

int64_t Fold::before_fetch(int64_t cycle, State& state, MemoryTiming& memory, Counters& counters) {
  const size_t index = state.fetched();
  if (!is_waiting_ && index < look_from_) return 0;
  const Instruction& instruction = instructions_[index];
  if (!is_watched(instruction, index)) return 0;
  if (!is_waiting_ && ++looked_ == kAttention) {
    looked_ = 0;
    look_from_ = index + pause_;
    pause_ = std::min(2 * pause_, kMaxPause);
    return 0;
  }
  const size_t period = likely_period(kind_of(instruction) % kKinds, {index, cycle});
  if (is_waiting_) {
    if (index < before_.index + period_) return 0;
    is_waiting_ = false;
    if (index == before_.index + period_) {
      const int64_t shift = try_jump(cycle, state, memory, counters);
      if (shift > 0) {
        kinds_ = {};
        contexts_ = {};
        patience_ = kFirstPatience;
        pause_ = kFirstPause;
        looked_ = 0;
        return shift;
      }
      next_try_ = index + patience_ * period_;
      patience_ = std::min(2 * patience_, kMaxPatience);
    }
  }
  if (period == 0 || index < next_try_) return 0;
  // Addresses often take some periods to come back to where they were.
  for (size_t times = 1; times <= kMaxMultiple; ++times) {
    if (!repeats(index, times * period)) continue;
    take_snapshot(cycle, state, memory, counters, before_);
    period_ = times * period;
    is_waiting_ = true;
    return 0;
  }
  next_try_ = index + period;
  return 0;
}

// A period after which fetches have come twice in the same pace, or 0.
size_t Fold::likely_period(size_t kind, const Place& now) {
  // Instructions of one kind come at a distance from the one before. The period is what lies
  // between two that came at the same distance, or after the same four distances.
  const Place distance = now - kinds_[kind].latest;
  kinds_[kind].latest = now;
  const uint64_t mixed = distance.index * 0x9e37 + static_cast<uint64_t>(distance.cycle) * 0x85eb;
  uint64_t& distances = kinds_[kind].distances;
  distances = distances << 16 | (mixed & 0xffff);
  size_t found = 0;
  for (const uint64_t key : {distances & 0xffff, distances}) {
    const uint64_t hash = (key + kind) * 0x9e3779b97f4a7c15 >> 32;
    Context& context = contexts_[hash % kContexts];
    const Place period = now - context.latest;
    if (period == context.period) found = period.index;
    context = {now, period};
  }
  return found;
}

// Whether the instructions of the latest period come twice more: fewer are not worth a snapshot.
bool Fold::repeats(size_t index, size_t period) const {
  const size_t end = index + 2 * period;
  if (period > std::min(index, kMaxPeriod) || end > instructions_.size()) return false;
  for (size_t i = index; i < end; ++i) {
    if (!same_timing(arch_, instructions_[i], instructions_[i - period])) return false;
  }
  return true;
}

void Fold::take_snapshot(int64_t cycle, const State& state, const MemoryTiming& memory,
                         const Counters& counters, Snapshot& snapshot) const {
  snapshot.index = state.fetched();
  snapshot.cycle = cycle;
  write_view(arch_, cycle, state, memory, snapshot.view);
  snapshot.sizes.clear();
  for_each_history(state, [&](const auto& history) { snapshot.sizes.push_back(history.size()); });
  snapshot.oldest = state.dispatched();
  for (const UnitState& unit : state.units) {
    const size_t retired = unit.retire.size();
    if (retired == unit.index.size()) continue;
    snapshot.oldest = std::min(snapshot.oldest, static_cast<size_t>(unit.index[retired]));
  }
  snapshot.counters = counters;
}

// How many more periods of the instructions there are, once the latest has been found equal to the
// one before from the oldest instruction on that has not retired.
int64_t Fold::periods_ahead() const {
  const size_t fetched = before_.index + period_;
  size_t end = before_.oldest + period_;
  while (end < instructions_.size() &&
         same_timing(arch_, instructions_[end], instructions_[end - period_])) {
    ++end;
  }
  return end < fetched ? 0 : static_cast<int64_t>((end - fetched) / period_);
}

int64_t Fold::try_jump(int64_t cycle, State& state, MemoryTiming& memory, Counters& counters) {
  take_snapshot(cycle, state, memory, counters, now_);
  if (now_.view != before_.view) return 0;
  const int64_t times = periods_ahead();
  if (times == 0) return 0;
  const int64_t shift = times * (cycle - before_.cycle);
  const int64_t instructions = times * static_cast<int64_t>(period_);
  if (!timing_.empty()) fill_timing(state, instructions, cycle - before_.cycle);
  jump(times, instructions, shift, state);
  add_periods(before_.counters, times, counters);
  memory.delay(shift);
  folded_ += instructions;
  return shift;
}

// What is not known yet is what was, a period earlier, that much earlier. Of instructions in flight
// after the jump it says too much: what they will have come to is written again.
void Fold::fill_timing(const State& state, int64_t instructions, int64_t later) const {
  const size_t dispatched = state.dispatched();
  const size_t end = state.fetched() + static_cast<size_t>(instructions);
  const auto unit_at = [&](size_t i) { return static_cast<size_t>(unit_of(instructions_[i].op)); };
  // Numbers, in their units, of the next instructions.
  std::array<size_t, kUnits> number;
  for (size_t u = 0; u < kUnits; ++u) number[u] = state.units[u].dispatch.size();
  for (size_t i = dispatched; i-- > before_.oldest;) --number[unit_at(i)];
  for (size_t i = before_.oldest; i < end; ++i) {
    const size_t u = unit_at(i), j = number[u]++;
    const UnitState& unit = state.units[u];
    if (j < unit.retire.size()) continue;
    const InstructionTiming& earlier = timing_[i - period_];
    InstructionTiming& timing = timing_[i];
    if (j >= unit.issue.size()) timing.issue = earlier.issue + later;
    if (j >= unit.done.size()) {
      timing.busy_until = earlier.busy_until + later;
      timing.done = earlier.done + later;
    }
    timing.retire = earlier.retire + later;
  }
}

void Fold::jump(int64_t times, int64_t instructions, int64_t shift, State& state) const {
  auto size = before_.sizes.begin();
  const auto advance = [&](auto& history, int64_t delta) {
    history.advance(static_cast<size_t>(times) * (history.size() - *size++), delta);
  };
  for_each_history(state, [&](auto& history) {
    constexpr bool kIsIndex =
        std::is_same_v<std::remove_reference_t<decltype(history)>, IndexHistory>;
    advance(history, kIsIndex ? instructions : shift);
  });
  for (UnitState& unit : state.units) {
    if (unit.busy_until != kUnknown) unit.busy_until += shift;
  }
  for (int64_t& landing : state.landings) {
    if (landing != kUnknown) landing += shift;
  }
  state.last_fetch_request += shift;
  if (state.load.bursts.finished()) return;
  Transfer& load = state.load;
  load.instruction += instructions;
  load.next_request += shift;
  BurstWalk bursts(arch_, std::get<Load>(instructions_[static_cast<size_t>(load.instruction)].op));
  while (bursts.requested() < load.bursts.requested()) bursts.next();
  load.bursts = bursts;
}

}  // namespace qsim::analytic
