#include "sim/engines/analytic/state_view.h"

#include <algorithm>

namespace qsim::analytic {
namespace {

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

}  // namespace

void write_view(const Arch& arch, int64_t cycle, const State& state, const MemoryTiming& memory,
                std::vector<int64_t>& view) {
  View(arch, cycle, state.fetched(), view).write(state, memory);
}

}  // namespace qsim::analytic
