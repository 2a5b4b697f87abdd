#include "sim/engines/analytic/timeline.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "hw/spec/error.h"
#include "hw/spec/timing.h"

namespace qsim::analytic {
namespace {

constexpr int kLoad = static_cast<int>(Unit::kLoad);
constexpr int kStore = static_cast<int>(Unit::kStore);
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

}  // namespace

Timeline::Timeline(const Arch& arch, std::span<const Instruction> instructions,
                   int64_t instruction_address, int64_t start, MemoryTiming& memory,
                   std::span<InstructionTiming> timing, Counters& counters)
    : arch_(arch),
      instructions_(instructions),
      instruction_address_(instruction_address),
      start_(start),
      memory_(memory),
      timing_(timing),
      counters_(counters),
      dispatch_cycle_(instructions.size(), kUnknown),
      unit_of_(instructions.size(), -1),
      arrival_(instructions.size(), kUnknown),
      landings_(static_cast<size_t>(arch.dma.load_outstanding), kUnknown) {
  for (size_t i = 0; i < instructions.size(); ++i) {
    if (is_halt(instructions[i].op)) continue;
    unit_of_[i] = static_cast<int8_t>(unit_of(instructions[i].op));
    units_[unit_of_[i]].program.push_back(static_cast<int32_t>(i));
  }
}

int64_t Timeline::run() {
  for (;;) {
    propagate();
    // Requests to the memory in cycle order; in one cycle fetch, then load, then store.
    const int64_t fetch = next_fetch();
    int64_t load = load_request_cycle();
    const int64_t store = store_.bursts ? store_.next_request : kNever;
    if (fetch <= load && fetch <= store) {
      if (fetch == kNever) break;
      request_fetch(fetch);
    } else if (load <= store) {
      // Bursts of one load change nothing for others until the last has been requested.
      while (load_.bursts && load < fetch && load <= store) {
        request_load();
        load = load_request_cycle();
      }
    } else {
      request_store();
    }
  }
  const size_t last = instructions_.size() - 1;
  if (dispatch_cycle_[last] == kUnknown) throw Error(hang_message());
  int64_t halt = dispatch_cycle_[last];
  for (const UnitState& unit : units_) {
    if (unit.retired < unit.program.size()) throw Error(hang_message());
    if (unit.retired > 0) halt = std::max(halt, timing_[unit.program.back()].retire);
  }
  timing_[last] = {dispatch_cycle_[last], dispatch_cycle_[last], halt + 1, halt + 1};
  return halt + 2;  // T2
}

void Timeline::propagate() {
  while (possible_ != 0) {
    const int bit = std::countr_zero(possible_);
    const bool moved = bit < kUnits       ? issue(bit)
                       : bit < 2 * kUnits ? retire(bit - kUnits)
                                          : dispatch();
    if (!moved) possible_ &= ~(1u << bit);
  }
}

bool Timeline::dispatch() {  // T5
  if (dispatched_ == fetched_) return false;
  const size_t i = dispatched_;
  int64_t cycle = arrival_[i] + 1;
  if (i > 0) cycle = std::max(cycle, dispatch_cycle_[i - 1] + 1);
  if (unit_of_[i] >= 0) {
    UnitState& unit = units_[unit_of_[i]];
    const size_t depth = static_cast<size_t>(arch_.fetch.queue_depth);
    if (unit.dispatched >= depth) {
      if (unit.dispatched - depth >= unit.issued) return false;
      cycle = std::max(cycle, timing_[unit.program[unit.dispatched - depth]].issue + 1);
    }
    ++unit.dispatched;
  }
  dispatch_cycle_[i] = cycle;
  ++dispatched_;
  if (unit_of_[i] >= 0) possible_ |= issue_bit(unit_of_[i]);
  return true;
}

bool Timeline::issue(int u) {  // T6
  UnitState& unit = units_[u];
  const size_t j = unit.issued;
  if (j == unit.dispatched || unit.busy_until == kUnknown) return false;
  const int32_t index = unit.program[j];
  const Instruction& instruction = instructions_[index];
  int64_t cycle = std::max(dispatch_cycle_[index] + 1, unit.busy_until);
  const size_t in_flight = static_cast<size_t>(arch_.sync.in_flight);
  if (j >= in_flight) {
    if (j - in_flight >= unit.retired) return false;
    cycle = std::max(cycle, timing_[unit.program[j - in_flight]].retire + 1);
  }
  const auto* vector_op = std::get_if<Vector>(&instruction.op);
  if (vector_op && vector_op->drain && j > 0) {
    if (unit.retired < j) return false;
    cycle = std::max(cycle, timing_[unit.program[j - 1]].retire + 1);
  }
  for (int from = 0; from < kUnits; ++from) {
    if (!(instruction.take >> from & 1)) continue;
    const TokenHistory& history = tokens(from, u);
    if (history.taken.size() == history.given.size()) return false;
    cycle = std::max(cycle, history.given[history.taken.size()] + 1);
  }
  for (int from = 0; from < kUnits; ++from) {
    if (!(instruction.take >> from & 1)) continue;
    tokens(from, u).taken.push_back(cycle);
    possible_ |= retire_bit(from);
  }
  timing_[index].issue = cycle;
  ++unit.issued;
  possible_ |= kDispatchBit | retire_bit(u);
  if (u == kLoad || u == kStore) {
    start_transfer(u, index, cycle);
    return true;
  }
  Duration duration;
  if (const auto* matmul = std::get_if<Matmul>(&instruction.op)) {
    duration = matmul_duration(arch_, *matmul);
    count_matmul(arch_, *matmul, counters_);
  } else {
    const Vector& vector = std::get<Vector>(instruction.op);
    duration = vector_duration(arch_, vector);
    count_vector(arch_, vector, counters_);
  }
  unit.busy_until = timing_[index].busy_until = cycle + duration.busy;
  timing_[index].done = cycle + duration.done;
  return true;
}

bool Timeline::retire(int u) {  // T8
  UnitState& unit = units_[u];
  const size_t j = unit.retired;
  // A transfer is done only once its last burst has been requested.
  const size_t complete = unit.busy_until == kUnknown ? unit.issued - 1 : unit.issued;
  if (j == complete) return false;
  const int32_t index = unit.program[j];
  int64_t ready = timing_[index].done;
  if (j > 0) ready = std::max(ready, timing_[unit.program[j - 1]].retire + 1);
  int64_t cycle = ready;
  const uint8_t give = instructions_[index].give;
  const size_t depth = static_cast<size_t>(arch_.sync.token_depth);
  for (int to = 0; to < kUnits; ++to) {
    if (!(give >> to & 1)) continue;
    const TokenHistory& history = tokens(u, to);
    const size_t gift = history.given.size();
    if (gift < depth) continue;
    if (gift - depth >= history.taken.size()) return false;
    cycle = std::max(cycle, history.taken[gift - depth] + 1);
  }
  for (int to = 0; to < kUnits; ++to) {
    if (!(give >> to & 1)) continue;
    tokens(u, to).given.push_back(cycle);
    possible_ |= issue_bit(to);
  }
  possible_ |= issue_bit(u);
  counters_.token_full_cycles += cycle - ready;
  timing_[index].retire = cycle;
  ++unit.retired;
  return true;
}

void Timeline::start_transfer(int u, int32_t index, int64_t cycle) {
  units_[u].busy_until = kUnknown;
  if (u == kLoad) {
    const Load& op = std::get<Load>(instructions_[index].op);
    load_ = {BurstWalk(arch_, op), index, cycle + timing::kLoadRequestCycles};
    counters_.load_bytes += int64_t{1} * op.bytes * op.count0 * op.count1 * op.count2;
  } else {
    const Store& op = std::get<Store>(instructions_[index].op);
    store_ = {BurstWalk(arch_, op), index, cycle + timing::kStoreRequestCycles};
    counters_.store_bytes += int64_t{1} * op.bytes * op.count0 * op.count1 * op.count2;
  }
}

int64_t Timeline::next_fetch() const {  // T4
  if (fetched_ == instructions_.size()) return kNever;
  if (fetched_ == 0) return start_;
  int64_t cycle = last_fetch_request_ + 1;
  const size_t depth = static_cast<size_t>(arch_.fetch.fifo_depth);
  if (fetched_ >= depth) {
    if (fetched_ - depth >= dispatched_) return kNever;
    cycle = std::max(cycle, dispatch_cycle_[fetched_ - depth] + 1);
  }
  return cycle;
}

void Timeline::request_fetch(int64_t cycle) {
  const int64_t beats = timing::kInstructionBytes / arch_.memory.bus_bytes;
  const int64_t address =
      instruction_address_ + static_cast<int64_t>(fetched_) * timing::kInstructionBytes;
  const BurstTiming burst = memory_.read(cycle, static_cast<uint64_t>(address), beats);
  arrival_[fetched_++] = burst.beat_cycle(beats - 1);
  last_fetch_request_ = cycle;
  counters_.fetch_beats += beats;
  possible_ |= kDispatchBit;
}

int64_t Timeline::load_request_cycle() const {  // T11
  if (!load_.bursts) return kNever;
  const int64_t oldest = landings_[oldest_landing_];
  return oldest == kUnknown ? load_.next_request : std::max(load_.next_request, oldest + 1);
}

void Timeline::request_load() {  // T11
  const int64_t cycle = load_request_cycle();
  const uint64_t address = static_cast<uint64_t>(load_.bursts->address());
  const int64_t beats = load_.bursts->next();
  const BurstTiming burst = memory_.read(cycle, address, beats);
  const int64_t landed = burst.beat_cycle(beats - 1) + timing::kLandingCycles;
  landings_[oldest_landing_] = landed;
  if (++oldest_landing_ == landings_.size()) oldest_landing_ = 0;
  load_.next_request = cycle + 1;
  ++counters_.load_bursts;
  counters_.load_beats += beats;
  if (load_.bursts->finished()) {
    InstructionTiming& timing = timing_[load_.instruction];
    units_[kLoad].busy_until = timing.busy_until = cycle + 1;
    timing.done = landed;
    load_.bursts.reset();
    possible_ |= issue_bit(kLoad) | retire_bit(kLoad);
  }
}

void Timeline::request_store() {  // T12
  const uint64_t address = static_cast<uint64_t>(store_.bursts->address());
  const int64_t beats = store_.bursts->next();
  const BurstTiming burst = memory_.write(store_.next_request, address, beats);
  const int64_t accepted = burst.beat_cycle(beats - 1);
  store_.next_request = accepted + 1;
  ++counters_.store_bursts;
  counters_.store_beats += beats;
  if (store_.bursts->finished()) {
    InstructionTiming& timing = timing_[store_.instruction];
    units_[kStore].busy_until = timing.busy_until = accepted + 1;
    timing.done = burst.response_cycle(beats);
    store_.bursts.reset();
    possible_ |= issue_bit(kStore) | retire_bit(kStore);
  }
}

std::string Timeline::hang_message() const {  // T18
  std::string text = "hang: nothing can happen any more";
  for (int u = 0; u < kUnits; ++u) {
    const UnitState& unit = units_[u];
    if (unit.retired == unit.program.size()) continue;
    text += std::string("; ") + name_of(Unit(u));
    if (unit.retired < unit.issued) {
      const int32_t index = unit.program[unit.retired];
      text += " instr " + std::to_string(index) + " waits to give";
      for (int to = 0; to < kUnits; ++to) {
        if (instructions_[index].give >> to & 1) text += std::string(" ") + name_of(Unit(to));
      }
    } else if (unit.issued < unit.dispatched) {
      const int32_t index = unit.program[unit.issued];
      text += " instr " + std::to_string(index) + " waits for a token from";
      for (int from = 0; from < kUnits; ++from) {
        const TokenHistory& history = tokens(from, u);
        if ((instructions_[index].take >> from & 1) &&
            history.taken.size() == history.given.size()) {
          text += std::string(" ") + name_of(Unit(from));
        }
      }
    } else {
      text += " waits for dispatch of instr " + std::to_string(unit.program[unit.issued]);
    }
  }
  return text;
}

}  // namespace qsim::analytic
