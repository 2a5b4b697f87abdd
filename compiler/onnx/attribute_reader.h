// AttributeProto -> Attribute.
#pragma once

#include <string>

#include "compiler/graph.h"

namespace onnx {
class NodeProto;
}

namespace qsim {

// Reads all attributes of a node; tensors give up their data. `place` begins messages; external
// data lies in `folder`. Throws Error for an attribute that appears twice and for kinds that no
// supported operator has (graphs, sparse tensors, lists of strings ...).
void read_attributes(onnx::NodeProto& proto, const std::string& place, const std::string& folder,
                     Node& node);

}  // namespace qsim
