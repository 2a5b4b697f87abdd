// Where a segment stands: what the timing rules look back at. Internal to the analytic engine.
#pragma once

#include <array>
#include <vector>

#include "hw/spec/isa.h"
#include "sim/engines/analytic/burst_walk.h"
#include "sim/engines/analytic/history.h"

namespace qsim::analytic {

constexpr int64_t kUnknown = -1;

using IndexHistory = History<128>;

// How far each stage of T1 has come in a unit, by its instructions in program order. At most
// fetch.queue_depth (<= 64) have been dispatched and not issued, at most sync.in_flight (<= 8)
// issued and not retired.
struct UnitState {
  IndexHistory index;  // of each dispatched instruction in the segment
  History<64> dispatch, issue;
  History<16> done, retire;
  int64_t busy_until = 0;  // of the latest issued instruction; kUnknown while it transfers
};

// Tokens from one unit to another: cycles of the g-th gift and the g-th taking (T7).
struct TokenState {
  History<64> given, taken;
};

// A transfer that still has bursts to request (T11, T12).
struct Transfer {
  BurstWalk bursts;
  int64_t instruction = -1;
  int64_t next_request = kUnknown;
};

struct State {
  std::array<UnitState, kUnits> units;
  std::array<TokenState, kUnits * kUnits> tokens;  // [from * kUnits + to]
  History<64> arrival;                             // last beat of each fetched instruction
  History<64> dispatch;                            // of each instruction
  int64_t last_fetch_request = 0;
  Transfer load, store;
  std::vector<int64_t> landings;  // ring over the latest load_outstanding bursts
  size_t oldest_landing = 0;      // of the next burst to be requested

  size_t fetched() const { return arrival.size(); }
  size_t dispatched() const { return dispatch.size(); }
};

}  // namespace qsim::analytic
