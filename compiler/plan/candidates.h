// The ways to cut and order one layer that are worth judging.
#pragma once

#include <vector>

#include "compiler/emit/view.h"

namespace qsim {

// Candidates for a device layer, best guesses first; `plan` gives placements, ring and place. Every
// candidate's tiles fit the activation ring and the accumulators by size; whether its pieces can be
// placed together the scheduler tells. Empty when not even one pixel fits.
std::vector<LayerPlan> array_candidates(const LayerView& view, const Plan& plan);
std::vector<LayerPlan> vector_candidates(const LayerView& view, const Plan& plan);

}  // namespace qsim
