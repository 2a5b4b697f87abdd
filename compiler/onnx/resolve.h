// The heart of the import: shapes, constant folding, and what is supported.
#pragma once

#include "compiler/onnx/import_state.h"

namespace qsim {

// Walks the sorted graph once: checks each node against the operator table, gives its outputs type
// and shape, replaces it by a constant or by its input where it computes nothing. Nodes that become
// superfluous stay until remove_unneeded_nodes(). Throws Error at the first node that is wrong, or
// at the end for all that are not supported.
void resolve(ImportState& state);

}  // namespace qsim
