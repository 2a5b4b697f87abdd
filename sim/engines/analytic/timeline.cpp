#include "sim/engines/analytic/timeline.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "hw/spec/error.h"
#include "hw/spec/timing.h"
#include "sim/engines/analytic/durations.h"

namespace qsim::analytic {
namespace {

constexpr int kLoad = static_cast<int>(Unit::kLoad);
constexpr int kStore = static_cast<int>(Unit::kStore);
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

}  // namespace

Timeline::Timeline(const Arch& arch, std::span<const Instruction> instructions,
                   int64_t instruction_address, int64_t start, MemoryTiming& memory,
                   std::span<InstructionTiming> timing, Counters& counters, bool fold)
    : arch_(arch),
      instructions_(instructions),
      instruction_address_(instruction_address),
      start_(start),
      memory_(memory),
      timing_(timing),
      counters_(counters),
      fetch_beats_(timing::kInstructionBytes / arch.memory.bus_bytes) {
  state_.landings.assign(static_cast<size_t>(arch.dma.load_outstanding), kUnknown);
  if (fold && memory.has_independent_channels()) fold_.emplace(arch, instructions, timing);
}

int64_t Timeline::run() {
  for (;;) {
    propagate();
    // Requests to the memory in cycle order; in one cycle fetch, then load, then store.
    int64_t fetch = next_fetch();
    const int64_t load = load_request_cycle();
    const int64_t store = state_.store.bursts.finished() ? kNever : state_.store.next_request;
    if (fetch <= load && fetch <= store) {
      if (fetch == kNever) break;
      if (fold_) fetch += fold_->before_fetch(fetch, state_, memory_, counters_);
      request_fetch(fetch);
    } else if (load <= store) {
      request_loads(fetch, store);
    } else {
      request_store();
    }
  }
  if (state_.dispatched() < instructions_.size()) throw Error(hang_message());
  const int64_t dispatch = state_.dispatch[instructions_.size() - 1];
  int64_t halt = dispatch;
  for (const UnitState& unit : state_.units) {
    const size_t retired = unit.retire.size();
    if (retired < unit.dispatch.size()) throw Error(hang_message());
    if (retired > 0) halt = std::max(halt, unit.retire[retired - 1]);
  }
  if (!timing_.empty()) timing_.back() = {dispatch, dispatch, halt + 1, halt + 1};
  return halt + 2;  // T2
}

void Timeline::propagate() {
  while (possible_ != 0) {
    const int bit = std::countr_zero(possible_);
    possible_ &= possible_ - 1;
    if (bit < kUnits) {
      issue(bit);
    } else if (bit < 2 * kUnits) {
      retire(bit - kUnits);
    } else {
      dispatch();
    }
  }
}

void Timeline::dispatch() {  // T5
  const size_t i = state_.dispatched();
  if (i == state_.fetched()) return;
  int64_t cycle = state_.arrival[i] + 1;
  if (i > 0) cycle = std::max(cycle, state_.dispatch[i - 1] + 1);
  const Operation& op = instructions_[i].op;
  if (!is_halt(op)) {
    const int u = static_cast<int>(unit_of(op));
    UnitState& unit = state_.units[u];
    const size_t j = unit.dispatch.size();
    const size_t depth = static_cast<size_t>(arch_.fetch.queue_depth);
    if (j >= depth) {
      if (j - depth >= unit.issue.size()) return;
      cycle = std::max(cycle, unit.issue[j - depth] + 1);
    }
    unit.index.push(static_cast<int64_t>(i));
    unit.dispatch.push(cycle);
    possible_ |= issue_bit(u);
  }
  state_.dispatch.push(cycle);
  if (i + 1 < state_.fetched()) possible_ |= kDispatchBit;
}

void Timeline::issue(int u) {  // T6
  UnitState& unit = state_.units[u];
  const size_t j = unit.issue.size();
  if (j == unit.dispatch.size() || unit.busy_until == kUnknown) return;
  const int64_t index = unit.index[j];
  const Instruction& instruction = at(index);
  int64_t cycle = std::max(unit.dispatch[j] + 1, unit.busy_until);
  const size_t in_flight = static_cast<size_t>(arch_.sync.in_flight);
  if (j >= in_flight) {
    if (j - in_flight >= unit.retire.size()) return;
    cycle = std::max(cycle, unit.retire[j - in_flight] + 1);
  }
  const auto* vector_op = std::get_if<Vector>(&instruction.op);
  if (vector_op && vector_op->drain && j > 0) {
    if (unit.retire.size() < j) return;
    cycle = std::max(cycle, unit.retire[j - 1] + 1);
  }
  for (uint32_t take = instruction.take; take != 0; take &= take - 1) {
    const TokenState& state = tokens(std::countr_zero(take), u);
    if (state.taken.size() == state.given.size()) return;
    cycle = std::max(cycle, state.given[state.taken.size()] + 1);
  }
  for (uint32_t take = instruction.take; take != 0; take &= take - 1) {
    const int from = std::countr_zero(take);
    tokens(from, u).taken.push(cycle);
    possible_ |= retire_bit(from);
  }
  unit.issue.push(cycle);
  if (!timing_.empty()) timing_[static_cast<size_t>(index)].issue = cycle;
  possible_ |= kDispatchBit | retire_bit(u);
  if (u == kLoad || u == kStore) {
    return start_transfer(u, index, cycle);
  }
  if (j + 1 < unit.dispatch.size()) possible_ |= issue_bit(u);
  Duration duration;
  if (vector_op) {
    duration = vector_duration(arch_, *vector_op, counters_);
  } else {
    duration = matmul_duration(arch_, std::get<Matmul>(instruction.op), counters_);
  }
  unit.busy_until = cycle + duration.busy;
  unit.done.push(cycle + duration.done);
  if (!timing_.empty()) {
    timing_[static_cast<size_t>(index)].busy_until = unit.busy_until;
    timing_[static_cast<size_t>(index)].done = cycle + duration.done;
  }
}

void Timeline::retire(int u) {  // T8
  UnitState& unit = state_.units[u];
  const size_t j = unit.retire.size();
  // A transfer is done only once its last burst has been requested.
  if (j == unit.done.size()) return;
  const int64_t index = unit.index[j];
  int64_t ready = unit.done[j];
  if (j > 0) ready = std::max(ready, unit.retire[j - 1] + 1);
  int64_t cycle = ready;
  const uint32_t gifts = at(index).give;
  const size_t depth = static_cast<size_t>(arch_.sync.token_depth);
  for (uint32_t give = gifts; give != 0; give &= give - 1) {
    const TokenState& state = tokens(u, std::countr_zero(give));
    const size_t gift = state.given.size();
    if (gift < depth) continue;
    if (gift - depth >= state.taken.size()) return;
    cycle = std::max(cycle, state.taken[gift - depth] + 1);
  }
  for (uint32_t give = gifts; give != 0; give &= give - 1) {
    const int to = std::countr_zero(give);
    tokens(u, to).given.push(cycle);
    possible_ |= issue_bit(to);
  }
  possible_ |= issue_bit(u);
  counters_.token_full_cycles += cycle - ready;
  unit.retire.push(cycle);
  if (!timing_.empty()) timing_[static_cast<size_t>(index)].retire = cycle;
  if (j + 1 < unit.done.size()) possible_ |= retire_bit(u);
}

void Timeline::start_transfer(int u, int64_t index, int64_t cycle) {
  state_.units[u].busy_until = kUnknown;
  if (u == kLoad) {
    const Load& op = std::get<Load>(at(index).op);
    state_.load = {BurstWalk(arch_, op), index, cycle + timing::kLoadRequestCycles};
    counters_.load_bytes += int64_t{1} * op.bytes * op.count0 * op.count1 * op.count2;
  } else {
    const Store& op = std::get<Store>(at(index).op);
    state_.store = {BurstWalk(arch_, op), index, cycle + timing::kStoreRequestCycles};
    counters_.store_bytes += int64_t{1} * op.bytes * op.count0 * op.count1 * op.count2;
    if (memory_.has_independent_channels()) store_ahead();
  }
}

void Timeline::end_transfer(int u, int64_t index, int64_t busy_until, int64_t done) {
  state_.units[u].busy_until = busy_until;
  state_.units[u].done.push(done);
  if (!timing_.empty()) {
    timing_[static_cast<size_t>(index)].busy_until = busy_until;
    timing_[static_cast<size_t>(index)].done = done;
  }
  possible_ |= issue_bit(u) | retire_bit(u);
}

int64_t Timeline::next_fetch() const {  // T4
  const size_t i = state_.fetched();
  if (i == instructions_.size()) return kNever;
  if (i == 0) return start_;
  int64_t cycle = state_.last_fetch_request + 1;
  const size_t depth = static_cast<size_t>(arch_.fetch.fifo_depth);
  if (i >= depth) {
    if (i - depth >= state_.dispatched()) return kNever;
    cycle = std::max(cycle, state_.dispatch[i - depth] + 1);
  }
  return cycle;
}

void Timeline::request_fetch(int64_t cycle) {
  const int64_t beats = fetch_beats_;
  if (memory_.has_independent_channels()) {
    state_.arrival.push(memory_.read_last_beat(cycle, beats));
  } else {
    const int64_t address =
        instruction_address_ + static_cast<int64_t>(state_.fetched()) * timing::kInstructionBytes;
    state_.arrival.push(
        memory_.read(cycle, static_cast<uint64_t>(address), beats).beat_cycle(beats - 1));
  }
  state_.last_fetch_request = cycle;
  counters_.fetch_beats += beats;
  possible_ |= kDispatchBit;
}

int64_t Timeline::load_request_cycle() const {  // T11
  if (state_.load.bursts.finished()) return kNever;
  const int64_t oldest = state_.landings[state_.oldest_landing];
  return oldest == kUnknown ? state_.load.next_request
                            : std::max(state_.load.next_request, oldest + 1);
}

// The load's bursts that come before the other units' next requests: they change nothing for others
// until the last has been requested.
void Timeline::request_loads(int64_t fetch, int64_t store) {  // T11
  Transfer& load = state_.load;
  const int64_t before = std::min(fetch, store == kNever ? kNever : store + 1);
  int64_t landed = kUnknown;
  if (memory_.has_independent_channels()) {
    landed = request_load_bursts(before);
  } else {
    for (int64_t cycle = load_request_cycle(); cycle < before; cycle = load_request_cycle()) {
      const uint64_t address = static_cast<uint64_t>(load.bursts.address());
      const int64_t beats = load.bursts.next();
      landed = timing::kLandingCycles + memory_.read(cycle, address, beats).beat_cycle(beats - 1);
      state_.landings[state_.oldest_landing] = landed;
      if (++state_.oldest_landing == state_.landings.size()) state_.oldest_landing = 0;
      load.next_request = cycle + 1;
      counters_.load_beats += beats;
    }
  }
  if (!load.bursts.finished()) return;
  counters_.load_bursts += load.bursts.requested();
  end_transfer(kLoad, load.instruction, load.next_request, landed);
}

// The same with everything in registers; returns the landing of the last.
int64_t Timeline::request_load_bursts(int64_t before) {
  if (load_request_cycle() >= before) return kUnknown;
  BurstWalk bursts = state_.load.bursts;
  MemoryTiming::Reads reads(memory_, load_request_cycle());
  int64_t* const first = state_.landings.data();
  int64_t* const end = first + state_.landings.size();
  int64_t* oldest = first + state_.oldest_landing;
  int64_t next = state_.load.next_request, landed = kUnknown, beats = 0;
  bursts.take_while([&](int64_t of_burst) {
    // kUnknown + 1 is no bound.
    const int64_t cycle = std::max(next, *oldest + 1);
    if (cycle >= before) return false;
    next = cycle + 1;
    *oldest = landed = reads.last_beat(cycle, of_burst) + timing::kLandingCycles;
    if (++oldest == end) oldest = first;
    beats += of_burst;
    return true;
  });
  state_.oldest_landing = static_cast<size_t>(oldest - first);
  state_.load.next_request = next;
  state_.load.bursts = bursts;
  counters_.load_beats += beats;
  return landed;
}

void Timeline::request_store() {  // T12
  Transfer& store = state_.store;
  const uint64_t address = static_cast<uint64_t>(store.bursts.address());
  const int64_t beats = store.bursts.next();
  const BurstTiming burst = memory_.write(store.next_request, address, beats);
  const int64_t accepted = burst.beat_cycle(beats - 1);
  store.next_request = accepted + 1;
  ++counters_.store_bursts;
  counters_.store_beats += beats;
  if (store.bursts.finished()) {
    end_transfer(kStore, store.instruction, accepted + 1, burst.response_cycle(beats));
  }
}

// The same for all bursts of a store at once: nobody else writes, and nothing that others do
// changes when they are accepted.
void Timeline::store_ahead() {
  Transfer& store = state_.store;
  int64_t accepted = store.next_request - 1;
  store.bursts.take_while([&](int64_t beats) {
    accepted = memory_.write_last_beat(accepted + 1, beats);
    counters_.store_beats += beats;
    return true;
  });
  counters_.store_bursts += store.bursts.requested();
  end_transfer(kStore, store.instruction, accepted + 1, accepted + memory_.latency_cycles());
}

std::string Timeline::hang_message() const {  // T18
  std::string text = "hang: nothing can happen any more";
  for (int u = 0; u < kUnits; ++u) {
    const UnitState& unit = state_.units[u];
    const size_t issued = unit.issue.size(), retired = unit.retire.size();
    const bool all_retired = retired == unit.dispatch.size();
    size_t next = state_.dispatched();  // instruction of the unit that was not dispatched
    while (next < instructions_.size() &&
           (is_halt(instructions_[next].op) ||
            static_cast<int>(unit_of(instructions_[next].op)) != u)) {
      ++next;
    }
    if (all_retired && next == instructions_.size()) continue;
    text += std::string("; ") + name_of(Unit(u));
    if (retired < issued) {
      const int64_t index = unit.index[retired];
      text += " instr " + std::to_string(index) + " waits to give";
      for (int to = 0; to < kUnits; ++to) {
        if (at(index).give >> to & 1) text += std::string(" ") + name_of(Unit(to));
      }
    } else if (issued < unit.dispatch.size()) {
      const int64_t index = unit.index[issued];
      text += " instr " + std::to_string(index) + " waits for a token from";
      for (int from = 0; from < kUnits; ++from) {
        const TokenState& state = tokens(from, u);
        if ((at(index).take >> from & 1) && state.taken.size() == state.given.size()) {
          text += std::string(" ") + name_of(Unit(from));
        }
      }
    } else {
      text += " waits for dispatch of instr " + std::to_string(next);
    }
  }
  return text;
}

}  // namespace qsim::analytic
