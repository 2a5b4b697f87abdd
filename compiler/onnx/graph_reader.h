// ModelProto -> Graph without shapes: names become ids, initializers become constants.
#pragma once

#include "compiler/onnx/import.h"
#include "compiler/onnx/import_state.h"

namespace qsim {

struct ModelFile;

// Fills state.graph from the model, which gives up its tensors' data. Graph inputs get their shape,
// node outputs neither type nor shape; nodes stay in file order. Attributes of operators that are
// not in the table are not read. Throws Error for names that are missing or used twice, inputs
// whose shape stays unknown, and damaged tensors.
void read_graph(ModelFile& file, const ImportOptions& options, ImportState& state);

}  // namespace qsim
