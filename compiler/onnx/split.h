// Split becomes one Slice for each of its outputs that somebody may read.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "compiler/onnx/import_state.h"

namespace qsim {

// The Slices of a Split whose input is known; `names` holds the graph's node names and receives
// theirs. Throws what its checks throw.
std::vector<Node> split_into_slices(ImportState& state, Node& split, std::set<std::string>& names);

}  // namespace qsim
