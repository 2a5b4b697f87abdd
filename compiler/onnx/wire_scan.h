// ModelProto from its wire format, without the weights.
#pragma once

#include <vector>

#include "compiler/onnx/model_file.h"

namespace qsim {

// Parses the file into `model`, leaves raw_data of graph initializers out, and notes where it is.
// False when the bytes are not a ModelProto, or end too early.
bool scan_model(int file, int64_t file_bytes, onnx::ModelProto& model,
                std::vector<RawRange>& raw_data);

}  // namespace qsim
