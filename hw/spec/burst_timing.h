// When the beats of one burst cross the bus: what a memory answers to a request.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "hw/spec/timing.h"

namespace qsim {

// Beats come at a steady pace, start + k * period, or each when it can: then `later` says by how
// many cycles each comes after the first.
struct BurstTiming {
  int64_t start = 0;   // units of 1/units_per_cycle cycle
  int64_t period = 1;  // units from beat to beat, >= units_per_cycle; 0: see `later`
  int64_t units_per_cycle = 1;
  int64_t latency_cycles = 0;  // writes: from the last beat to the response
  std::array<int32_t, timing::kMaxBurstBeats> later = {};

  // Cycle in which beat k (from 0) of a read arrives, or of a write is accepted.
  int64_t beat_cycle(int64_t k) const {
    if (period == 0) return start + later[static_cast<size_t>(k)];
    const int64_t units = start + k * period;
    // Whole beats a cycle are the usual case, and a division is not free.
    return units_per_cycle == 1 ? units : (units + units_per_cycle - 1) / units_per_cycle;
  }
  int64_t response_cycle(int64_t beats) const { return beat_cycle(beats - 1) + latency_cycles; }
};

}  // namespace qsim
