// Types and shapes of graph inputs, where the caller decides what the file leaves open.
#pragma once

#include "compiler/onnx/import.h"

namespace onnx {
class ValueInfoProto;
}

namespace qsim {

// The type and shape of one graph input. A dynamic first dimension becomes options.batch; any other
// one needs options.input_shapes. Errors begin with `path`.
struct InputType {
  DataType type = DataType::kUndefined;
  int32_t bits = 8;  // as Value::bits
  Shape shape;
  bool takes_batch = false;  // the first dimension is dynamic, or equals options.batch
};
InputType read_input_type(const onnx::ValueInfoProto& info, const ImportOptions& options,
                          const std::string& path);

// The declared element type of a graph output; kUndefined when not declared or not supported.
DataType declared_type(const onnx::ValueInfoProto& info);

}  // namespace qsim
