// TensorProto -> Tensor.
#pragma once

#include <string>

#include "compiler/onnx/model_file.h"
#include "hw/spec/tensor.h"

namespace onnx {
class TensorProto;
}

namespace qsim {

struct TensorPlace {
  std::string text;    // where messages say the tensor is: "model.onnx: initializer conv1.weight"
  std::string folder;  // where its external data may be
  const OpenFile* file = nullptr;  // where its raw_data is, when the proto was parsed without it
  RawRange raw_data;
  bool skips_weights = false;  // leaves Tensor::bytes empty when is_weight_sized(shape)
};

// Matrices and kernels of more than 4096 elements: what a network's weights are, and the parameters
// that shapes or scales depend on are not.
bool is_weight_sized(const Shape& shape);

// Consumes the proto's data. Checks dimensions, element type, and that exactly the elements needed
// are there, in the field that belongs to the type. float16 and bfloat16 are widened,
// elements of 4 and 2 bits unpacked.
Tensor read_tensor(onnx::TensorProto& proto, const TensorPlace& place);

// Folder that contains the file; "." when the path names none.
std::string folder_of(const std::string& path);

}  // namespace qsim
