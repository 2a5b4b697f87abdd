// What a run writes besides its report, and the manifest that says what it rests on.
#pragma once

#include "sim/cli/evaluate.h"
#include "sim/cli/pipeline.h"

namespace qsim::cli {

// The network's outputs by their ONNX names, and "index": which samples of --data they belong to.
void save_outputs(const std::string& path, const IntegerNetwork& network, const Samples& samples,
                  const Evaluation& evaluation);

// Of an ONNX model with the files beside it that hold its weights, of a .qprog alone. Throws Error
// when a file cannot be read.
FileStamp stamp_model(const std::string& path);

Manifest make_manifest(const RunRequest& request, const CompiledModel& model,
                       const EngineRow& engine, const EngineRow& value_engine);

}  // namespace qsim::cli
