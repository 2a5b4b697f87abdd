// TensorProto -> Tensor.
#pragma once

#include <string>

#include "hw/spec/tensor.h"

namespace onnx {
class TensorProto;
}

namespace qsim {

struct TensorPlace {
  std::string text;    // where messages say the tensor is: "model.onnx: initializer conv1.weight"
  std::string folder;  // where its external data may be
};

// Consumes the proto's data: each tensor's bytes exist twice only while it is being read. Checks
// dimensions, element type, and that exactly the elements needed are there, in the field that
// belongs to the type. float16 and bfloat16 are widened, 4-bit elements unpacked.
Tensor read_tensor(onnx::TensorProto& proto, const TensorPlace& place);

// Folder that contains the file; "." when the path names none.
std::string folder_of(const std::string& path);

}  // namespace qsim
