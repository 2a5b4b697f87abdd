// One layer by itself, for the planner.
#pragma once

#include <vector>

#include "compiler/emit/scheduler.h"
#include "compiler/emit/steps.h"

namespace qsim {

// Appends one device layer's steps to work.
void append_layer_steps(const LayerView& view, const Plan& plan, const LayerConstants& constants,
                        Work& work);

// The constants of a layer that runs alone.
LayerConstants constants_alone(const LayerView& view, const Plan& plan);

// The instructions of one layer run alone, HALT included. Returns false, with `no_fit` filled, when
// its plan does not fit the buffers. `work` is room to build in; its content is lost.
bool emit_alone(const LayerView& view, const Plan& plan, const LayerConstants& constants,
                Work& work, std::vector<Instruction>& instructions, NoFit& no_fit);

}  // namespace qsim
