// The ways to cut and order one layer that are worth judging.
#pragma once

#include <vector>

#include "compiler/emit/constants.h"

namespace qsim {

// A way, and the cycles below which no schedule of it can be: the busiest of array, vector unit,
// read channel and write channel, with nothing in each other's way.
struct Candidate {
  LayerPlan plan;
  int64_t bound_cycles = 0;
  int64_t instructions = 0;  // about how many it takes
};

// Candidates for a device layer in the order in which to judge them: lowest bound first, then
// fewest instructions. `plan` gives placements, ring and place. Every candidate's tiles fit the
// activation ring and the accumulators by size; whether its pieces can be placed together the
// scheduler tells. Empty when not even one pixel fits.
std::vector<Candidate> candidates_of(const LayerView& view, const Plan& plan,
                                     const LayerConstants& constants);

// Tiles of one pixel, for layers that none of the above fits once all their pieces are counted.
std::vector<Candidate> smallest_candidates(const LayerView& view, const Plan& plan,
                                           const LayerConstants& constants);

}  // namespace qsim
