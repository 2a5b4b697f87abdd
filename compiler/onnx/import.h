// ONNX file -> Graph. The only door to the ONNX format: protobuf stays behind it.
//
// Accepted: IR version 3..14; ai.onnx opset 6..25 (written also as domain "ai.onnx") and
// com.microsoft version 1; one file of at most 2 GiB, with external data inside the model's folder.
// Of opsets 23..25 the definitions of our operators differ from 22 in element types alone; later
// ones are refused. libonnx serves as the protobuf schema only: its checker refuses IR versions
// above 8 and its shape inference does not know later operators, so validation and shapes are our
// own.
//
// What the returned graph guarantees, beyond Graph::check():
//   - every shape is known; no activation is empty
//   - nodes that no graph output needs, Identity, Dropout and casts to the same type are gone; what
//     depends on constants alone is folded, except QuantizeLinear and DequantizeLinear, whose
//     parameters a quantizer needs
//   - weights, biases and quantization parameters come from constants: directly, or, for weights
//   and
//     biases, through Q/DQ and layout operators on constants
//   - every operator, attribute and input type is one that compiler/onnx/op_table.cpp lists
// Split becomes one Slice per output, "<name>/<output>". float16 and bfloat16 are widened to
// float32; int4 and int2 to int8, uint4 and uint2 to uint8, and Value::bits says so.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/graph.h"
#include "hw/spec/tensor.h"

namespace qsim {

struct ImportOptions {
  // For inputs whose first dimension is dynamic; >= 1.
  int64_t batch = 1;
  // For inputs with other dynamic dimensions.
  std::map<std::string, Shape> input_shapes;
  // False leaves large weights (matrices and kernels of more than 4096 elements) unread: they
  // become constants filled with 0, and Graph::has_weights is false. For timing, which does not
  // depend on them.
  bool reads_weights = true;
  // Inputs that become constants; operator tests use it.
  std::map<std::string, Tensor> input_values;
};

// Throws Error "<path>: <what>: <name> = <value> <expectation>" on the first thing wrong with the
// file, and one Error naming all of them when operators or variants of them are not supported.
// Memory stays within a small multiple of the file's size.
Graph import_onnx(const std::string& path, const ImportOptions& options = {});

// The files in the model's folder that hold data of its tensors, each once, by name. For models
// that import_onnx() has read. Throws Error as it does.
std::vector<std::string> external_files(const std::string& path);

// Reads a serialized TensorProto, such as the input_0.pb files of the ONNX operator tests; `name`
// receives its name.
Tensor read_onnx_tensor(const std::string& path, std::string* name = nullptr);

}  // namespace qsim
