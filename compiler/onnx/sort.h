// Order and need: steps that look at edges alone.
#pragma once

#include "compiler/onnx/import_state.h"

namespace qsim {

// Brings nodes into topological order, the file's order where it allows. Throws Error that names
// the nodes of one cycle.
void sort_topologically(ImportState& state);

// Drops the nodes that no graph output depends on, then links the graph.
void remove_unneeded_nodes(ImportState& state);

// Drops the values that nothing refers to; ids change. Graph inputs stay.
void remove_unneeded_values(ImportState& state);

}  // namespace qsim
