// The cycle account (rules T16 and T17 of docs/reference/timing.md): where every PE-cycle went,
// layer by layer. A pure function of a program and the times that an engine measured.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/engines/engine.h"

namespace qsim {

// States of T17, in the order in which the first that applies is taken.
enum class CycleState : uint8_t {
  kUseful,
  kEdge,
  kWeightLoad,
  kFillDrain,
  kDepthwise,
  kVector,
  kLoad,
  kStore,
  kFetch,
  kHost
};
constexpr int kCycleStates = 10;
const char* name_of(
    CycleState state);  // "useful", "edge", "weight_load", ... (keys of JSON and CSV)
const char* title_of(CycleState state);    // "weight load": column titles
const char* meaning_of(CycleState state);  // one sentence for the reader of a report

// PE-cycles by state. 1 cycle = array.rows x array.cols PE-cycles.
struct Account {
  std::array<int64_t, kCycleStates> pe_cycles{};

  int64_t& operator[](CycleState state) { return pe_cycles[static_cast<size_t>(state)]; }
  int64_t operator[](CycleState state) const { return pe_cycles[static_cast<size_t>(state)]; }
  int64_t sum() const;
  Account& operator+=(const Account& other);
  bool operator==(const Account&) const = default;
};

// What one layer owns. The cycles are those of T16: the useful PE-cycles in them may be of the next
// layer, whose first matmul streams while this layer's last vector instruction has yet to retire.
// Over the whole run both views agree.
struct LayerAccount {
  int64_t cycles = 0;
  Account account;  // sums to cycles x rows x cols
};

struct RunAccount {
  std::vector<LayerAccount> layers;  // parallel to Program::network.layers
  int64_t cycles = 0;                // = RunResult::cycles
  Account total;                     // sums to cycles x rows x cols
};

// Interval sweep, linear in the number of instructions. Throws std::logic_error when `result` is
// not of a timed engine, or when the account does not sum to the run's cycles exactly.
RunAccount account_for(const Program& program, const RunResult& result);

}  // namespace qsim
