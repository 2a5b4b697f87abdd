// The token counters between units (T6 to T8): one for each ordered pair, a unit with itself
// included. Each holds 0 to sync.token_depth tokens.
//
// A counter answers for the start of the present cycle, whatever has been given or taken in it
// already, so the order in which SystemC runs the units' processes does not matter.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <systemc>

#include "hw/spec/isa.h"
#include "sim/systemc/run_context.h"

namespace qsim::model {

class TokenCounter {
 public:
  // Tokens at the start of `cycle`, and at its end as far as is known.
  int32_t at_start(int64_t cycle) const { return cycle > changed_ ? held_ : held_ - change_; }
  int32_t at_end() const { return held_; }
  void add(int32_t tokens, int64_t cycle);

 private:
  int32_t held_ = 0;
  int32_t change_ = 0;  // in cycle changed_
  int64_t changed_ = -1;
};

class TokenMatrix : public sc_core::sc_module {
 public:
  TokenMatrix(sc_core::sc_module_name name, RunContext& run);

  void reset();

  // The first cycle from now on in which `taker` finds a token from every unit of the mask; kNever
  // while that depends on tokens yet to be given. token_arrived(taker) happens when that may
  // change.
  int64_t takeable_from(Unit taker, uint8_t mask) const;
  void take(Unit taker, uint8_t mask);
  sc_core::sc_event& token_arrived(Unit taker) { return arrived_[static_cast<size_t>(taker)]; }

  // Likewise for room in every counter that `giver` gives to.
  int64_t givable_from(Unit giver, uint8_t mask) const;
  void give(Unit giver, uint8_t mask);
  sc_core::sc_event& room_made(Unit giver) { return room_[static_cast<size_t>(giver)]; }

  // "a token from load and vector": the units of the mask whose counter is empty (or full).
  std::string empty_of(Unit taker, uint8_t mask) const;
  std::string full_of(Unit giver, uint8_t mask) const;

 private:
  TokenCounter& counter(int from, int to) {
    return counters_[static_cast<size_t>(from * kUnits + to)];
  }
  const TokenCounter& counter(int from, int to) const {
    return counters_[static_cast<size_t>(from * kUnits + to)];
  }

  RunContext& run_;
  int32_t depth_ = 0;
  std::array<TokenCounter, size_t{kUnits} * kUnits> counters_;
  std::array<sc_core::sc_event, kUnits> arrived_;
  std::array<sc_core::sc_event, kUnits> room_;
};

}  // namespace qsim::model
