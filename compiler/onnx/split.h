// Operators of several outputs become one node for each output that somebody may read: Split a
// Slice, DynamicQuantizeLinear one of the same name, whose attribute `output` says which.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "compiler/onnx/import_state.h"

namespace qsim {

// The Slices of a Split whose input is known; `names` holds the graph's node names and receives
// theirs. Throws what its checks throw.
std::vector<Node> split_into_slices(ImportState& state, Node& split, std::set<std::string>& names);

// The parts of a DynamicQuantizeLinear.
std::vector<Node> split_dynamic_quantization(ImportState& state, Node& node,
                                             std::set<std::string>& names);

}  // namespace qsim
