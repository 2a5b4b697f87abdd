// Where tensors live: in DRAM, or for their whole life in the activation buffer.
#pragma once

#include "compiler/plan/plan.h"

namespace qsim {

// Fills plan.tensors and the rings of plan.layers (whose `place` is set already).
//
// Tensors that the host writes or reads live in DRAM. Any other tensor becomes resident when it
// fits the activation buffer beside the residents that live at the same time, leaving every layer
// it lives through room to stream the rest. Short-lived tensors come first: they save as much
// traffic as long-lived ones of their size and block the buffer less.
void place_tensors(const IntegerNetwork& network, const Arch& arch, Plan& plan);

}  // namespace qsim
