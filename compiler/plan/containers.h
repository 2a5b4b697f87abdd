// How wide the containers are in which codes are stored: the packs of a plan.
#pragma once

#include "compiler/plan/plan.h"

namespace qsim {

// Bits that a convolution's weights need on the array, zero points removed: those of its codes,
// more where zero points are not 0, up to 9.
int32_t array_weight_bits(const Layer& layer);

// Fills Placement::pack of every tensor and LayerPlan::weight_pack of every convolution; the sizes
// of plan.tensors and plan.layers and LayerPlan::place are set already.
//
// A code gets the narrowest container that holds it and that the machine's PEs can multiply, but
// for tensors that the array would have to widen (the weights that meet them need more), and
// concatenations whose parts would not begin at a whole byte. Values never depend on it (rule A8).
void choose_packs(const IntegerNetwork& network, const Arch& arch, Plan& plan);

}  // namespace qsim
