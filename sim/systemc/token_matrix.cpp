#include "sim/systemc/token_matrix.h"

namespace qsim::model {
namespace {

template <typename Condition>
std::string units_where(uint8_t mask, Condition&& condition) {
  std::string text;
  for (int unit = 0; unit < kUnits; ++unit) {
    if (!(mask >> unit & 1) || !condition(unit)) continue;
    text += (text.empty() ? "" : " and ") + std::string(name_of(Unit(unit)));
  }
  return text;
}

}  // namespace

void TokenCounter::add(int32_t tokens, int64_t cycle) {
  if (cycle > changed_) change_ = 0;
  changed_ = cycle;
  change_ += tokens;
  held_ += tokens;
}

TokenMatrix::TokenMatrix(sc_core::sc_module_name name, RunContext& run)
    : sc_core::sc_module(name), run_(run) {}

void TokenMatrix::reset() {
  depth_ = run_.arch().sync.token_depth;
  counters_.fill({});
  for (sc_core::sc_event& event : arrived_) event.cancel();
  for (sc_core::sc_event& event : room_) event.cancel();
}

int64_t TokenMatrix::takeable_from(Unit taker, uint8_t mask) const {
  int64_t from = run_.now();
  for (int giver = 0; giver < kUnits; ++giver) {
    if (!(mask >> giver & 1)) continue;
    const TokenCounter& tokens = counter(giver, static_cast<int>(taker));
    if (tokens.at_start(run_.now()) > 0) continue;
    if (tokens.at_end() <= 0) return kNever;
    from = run_.now() + 1;
  }
  return from;
}

void TokenMatrix::take(Unit taker, uint8_t mask) {
  for (int giver = 0; giver < kUnits; ++giver) {
    if (!(mask >> giver & 1)) continue;
    counter(giver, static_cast<int>(taker)).add(-1, run_.now());
    if (run_.waveform()) run_.waveform()->tokens(Unit(giver), taker, -1, run_.now());
    run_.wake_at_end(room_[static_cast<size_t>(giver)], run_.now() + 1);
  }
}

int64_t TokenMatrix::givable_from(Unit giver, uint8_t mask) const {
  int64_t from = run_.now();
  for (int taker = 0; taker < kUnits; ++taker) {
    if (!(mask >> taker & 1)) continue;
    const TokenCounter& tokens = counter(static_cast<int>(giver), taker);
    if (tokens.at_start(run_.now()) < depth_) continue;
    if (tokens.at_end() >= depth_) return kNever;
    from = run_.now() + 1;
  }
  return from;
}

void TokenMatrix::give(Unit giver, uint8_t mask) {
  for (int taker = 0; taker < kUnits; ++taker) {
    if (!(mask >> taker & 1)) continue;
    counter(static_cast<int>(giver), taker).add(1, run_.now());
    if (run_.waveform()) run_.waveform()->tokens(giver, Unit(taker), 1, run_.now());
    run_.wake_at_start(arrived_[static_cast<size_t>(taker)], run_.now() + 1);
  }
}

std::string TokenMatrix::empty_of(Unit taker, uint8_t mask) const {
  return units_where(
      mask, [&](int giver) { return counter(giver, static_cast<int>(taker)).at_end() == 0; });
}

std::string TokenMatrix::full_of(Unit giver, uint8_t mask) const {
  return units_where(
      mask, [&](int taker) { return counter(static_cast<int>(giver), taker).at_end() >= depth_; });
}

}  // namespace qsim::model
