#include "sim/engines/analytic/fold.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "hw/spec/timing.h"

namespace qsim::analytic {
namespace {

// Longer periods are rare, and found late.
constexpr size_t kMaxPeriod = 1024;
constexpr size_t kMaxMultiple = 4;

constexpr size_t kFarFromTransfers = 64;

// Attempts that fail cost time: after each, twice as many periods pass before the next.
constexpr size_t kFirstPatience = 2, kMaxPatience = 64;

// Looking costs time as well: after so many instructions without a jump comes a pause, each time
// twice as long.
constexpr size_t kAttention = 256, kFirstPause = 512, kMaxPause = 8192;

// Bursts depend on an address modulo 4096. Where every piece begins at a multiple of the longest
// burst, they end there, too, whichever multiple it is.
template <typename Transfer>
bool same_bursts(const Arch& arch, const Transfer& a, const Transfer& b) {
  if (a.bytes != b.bytes || a.count0 != b.count0 || a.count1 != b.count1 || a.count2 != b.count2 ||
      a.dram_stride0 != b.dram_stride0 || a.dram_stride1 != b.dram_stride1 ||
      a.dram_stride2 != b.dram_stride2) {
    return false;
  }
  const int64_t distance = a.dram_address - b.dram_address;
  if (distance % timing::kBurstBoundaryBytes == 0) return true;
  const int64_t burst = timing::kMaxBurstBeats * arch.memory.bus_bytes;
  const bool steps = (a.count0 == 1 || a.dram_stride0 % burst == 0) &&
                     (a.count1 == 1 || a.dram_stride1 % burst == 0) &&
                     (a.count2 == 1 || a.dram_stride2 % burst == 0);
  return steps && a.dram_address % burst == 0 && b.dram_address % burst == 0;
}

bool same_matmul(const Matmul& a, const Matmul& b) {
  return a.out_h == b.out_h && a.out_w == b.out_w && a.kh == b.kh && a.kw == b.kw &&
         a.cblocks == b.cblocks && a.act_pack == b.act_pack && a.weight_pack == b.weight_pack;
}

bool same_vector(const Arch& arch, const Vector& a, const Vector& b) {
  // Addresses modulo a word decide how many words a block touches.
  const auto same_lane = [&](int32_t x, int32_t y) { return (x - y) % arch.array.rows == 0; };
  return a.function == b.function && a.blocks == b.blocks && a.last_channels == b.last_channels &&
         a.out_h == b.out_h && a.out_w == b.out_w && a.kh == b.kh && a.kw == b.kw &&
         a.drain == b.drain && a.dst_pack == b.dst_pack && a.src_pack == b.src_pack &&
         a.src2_pack == b.src2_pack && same_lane(a.dst, b.dst) &&
         (VectorFunction(a.function) == VectorFunction::kRequant || same_lane(a.src, b.src)) &&
         same_lane(a.src2, b.src2);
}

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

// Writes down what the rules may still look back at, relative to a cycle and an instruction.
class View {
 public:
  View(const Arch& arch, int64_t cycle, size_t index, std::vector<int64_t>& out)
      : arch_(arch), cycle_(cycle), index_(static_cast<int64_t>(index)), out_(out) {
    out_.clear();
  }

  void write(const State& state, const MemoryTiming& memory) {
    const size_t fifo = static_cast<size_t>(arch_.fetch.fifo_depth);
    cycles(state.arrival, state.dispatched());
    cycles(state.dispatch, state.fetched() - std::min(fifo, state.fetched()));
    cycle(state.last_fetch_request);
    for (const UnitState& unit : state.units) write_unit(unit);
    for (const TokenState& tokens : state.tokens) write_tokens(tokens);
    for (size_t i = state.oldest_landing; i < state.landings.size(); ++i) landing(state, i);
    for (size_t i = 0; i < state.oldest_landing; ++i) landing(state, i);
    if (state.load.bursts.finished()) {
      out_.push_back(kNothing);
    } else {
      out_.push_back(state.load.instruction - index_);
      out_.push_back(state.load.bursts.requested());
      cycle(state.load.next_request);
    }
    const MemoryTiming::Backlog backlog = memory.backlog(cycle_);
    out_.push_back(backlog.read);
    out_.push_back(backlog.write);
  }

 private:
  static constexpr int64_t kNothing = INT64_MIN;

  // Whatever happens from now on happens at cycle_ or later, by a rule "at or after the cycle
  // following that one": which earlier cycle that was makes no difference.
  void cycle(int64_t value) { out_.push_back(std::max<int64_t>(value - cycle_, -1)); }

  template <typename Values>
  void cycles(const Values& values, size_t from) {
    out_.push_back(static_cast<int64_t>(values.size() - from));
    for (size_t i = from; i < values.size(); ++i) cycle(values[i]);
  }

  void write_unit(const UnitState& unit) {
    const size_t depth = static_cast<size_t>(arch_.fetch.queue_depth);
    const size_t in_flight = static_cast<size_t>(arch_.sync.in_flight);
    const size_t dispatched = unit.dispatch.size(), issued = unit.issue.size();
    const size_t retired = unit.retire.size();
    out_.push_back(static_cast<int64_t>(dispatched - retired));
    for (size_t j = retired; j < dispatched; ++j) out_.push_back(unit.index[j] - index_);
    cycles(unit.dispatch, issued);
    cycles(unit.issue, dispatched - std::min(depth, dispatched));
    // How long a retirement waits for a full counter is counted, from done on: no earlier cycle
    // will do.
    out_.push_back(static_cast<int64_t>(unit.done.size() - retired));
    for (size_t j = retired; j < unit.done.size(); ++j) out_.push_back(unit.done[j] - cycle_);
    const size_t back = std::max<size_t>(in_flight, 1);
    const size_t from = issued - std::min(back, issued);
    cycles(unit.retire, std::min(from, retired - std::min<size_t>(1, retired)));
    if (retired > 0 && retired < issued) out_.push_back(unit.retire[retired - 1] - cycle_);
    if (unit.busy_until == kUnknown) {
      out_.push_back(kNothing);
    } else {
      cycle(unit.busy_until);
    }
  }

  void write_tokens(const TokenState& tokens) {
    const size_t depth = static_cast<size_t>(arch_.sync.token_depth);
    const size_t given = tokens.given.size();
    if (given == 0) return out_.push_back(kNothing);
    cycles(tokens.given, tokens.taken.size());
    cycles(tokens.taken, given - std::min(depth, given));
  }

  void landing(const State& state, size_t i) {
    if (state.landings[i] == kUnknown) {
      out_.push_back(kNothing);
    } else {
      cycle(state.landings[i]);
    }
  }

  const Arch& arch_;
  int64_t cycle_, index_;
  std::vector<int64_t>& out_;
};

void add_periods(const Counters& before, int64_t times, Counters& counters) {
#define QSIM_COUNTER(name, kind, unit, meaning) \
  counters.name += times * (counters.name - before.name);
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
}

}  // namespace

bool same_timing(const Arch& arch, const Instruction& a, const Instruction& b) {
  if (a.take != b.take || a.give != b.give || a.op.index() != b.op.index()) return false;
  if (const auto* matmul = std::get_if<Matmul>(&a.op)) {
    return same_matmul(*matmul, std::get<Matmul>(b.op));
  }
  if (const auto* vector = std::get_if<Vector>(&a.op)) {
    return same_vector(arch, *vector, std::get<Vector>(b.op));
  }
  if (const auto* load = std::get_if<Load>(&a.op)) {
    return same_bursts(arch, *load, std::get<Load>(b.op));
  }
  if (const auto* store = std::get_if<Store>(&a.op)) {
    return same_bursts(arch, *store, std::get<Store>(b.op));
  }
  return false;  // HALT ends what repeats
}

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
  View(arch_, cycle, snapshot.index, snapshot.view).write(state, memory);
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
