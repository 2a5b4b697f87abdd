// The compiler after quantization: IntegerNetwork -> Plan -> Program.
#pragma once

#include "compiler/plan/plan.h"
#include "hw/spec/program.h"

namespace qsim {

// Decides where tensors live and how each layer is cut and ordered. `cost` judges candidates.
// Throws Error for a layer that no tiling fits, naming the layer and the buffer.
Plan make_plan(const IntegerNetwork& network, const Arch& arch, const CostFunction& cost);

// Writes the instructions, constants and tables of a planned network. Values (constants) are
// written when network.has_values.
Program emit(const IntegerNetwork& network, const Arch& arch, const Plan& plan);

}  // namespace qsim
