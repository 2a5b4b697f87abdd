#include "compiler/onnx/graph_inputs.h"

#include <onnx/onnx_pb.h>

#include "compiler/onnx/element_type.h"
#include "compiler/onnx/import_state.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

using Dimensions = google::protobuf::RepeatedPtrField<onnx::TensorShapeProto_Dimension>;

bool is_known(const onnx::TensorShapeProto_Dimension& dim) { return dim.has_dim_value(); }

std::string dimension_text(const onnx::TensorShapeProto_Dimension& dim) {
  if (is_known(dim)) return std::to_string(dim.dim_value());
  return dim.dim_param().empty() ? "?" : printable(dim.dim_param());
}

std::string shape_text(const Dimensions& dims) {
  std::string text;
  for (const auto& dim : dims) text += (text.empty() ? "" : "x") + dimension_text(dim);
  return text.empty() ? "scalar" : text;
}

// What the file declares must hold; only what it leaves open can be chosen.
void check_given_shape(const Shape& given, const Dimensions& dims, const std::string& place) {
  bool agrees = given.size() == static_cast<size_t>(dims.size());
  for (int i = 0; agrees && i < dims.size(); ++i) {
    if (is_known(dims[i])) agrees = dims[i].dim_value() == given[static_cast<size_t>(i)];
  }
  if (!agrees) {
    throw Error(place + ": given shape = " + to_text(given) + " contradicts the file's " +
                shape_text(dims));
  }
}

Shape declared_shape(const Dimensions& dims, int64_t batch, const std::string& place) {
  Shape shape;
  for (int i = 0; i < dims.size(); ++i) {
    if (is_known(dims[i])) {
      shape.push_back(dims[i].dim_value());
    } else if (i == 0) {
      shape.push_back(batch);
    } else {
      throw Error(place + ": dimension " + std::to_string(i) + " of " + shape_text(dims) + " = " +
                  dimension_text(dims[i]) + " is dynamic; pass the input's shape");
    }
  }
  return shape;
}

void check_shape(const Shape& shape, const std::string& place) {
  if (shape.size() > kMaxRank) {
    throw Error(place + ": rank = " + std::to_string(shape.size()) + " is more than " +
                std::to_string(kMaxRank));
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] >= 1 && shape[i] <= kMaxDimension) continue;
    throw Error(place + ": dimension " + std::to_string(i) + " = " + std::to_string(shape[i]) +
                " is outside [1, " + std::to_string(kMaxDimension) + "]");
  }
  if (is_too_large(shape)) {
    throw Error(place + ": shape = " + to_text(shape) + " is more than 2^40 elements");
  }
}

}  // namespace

InputType read_input_type(const onnx::ValueInfoProto& info, const ImportOptions& options,
                          const std::string& path) {
  const std::string place = path + ": input " + printable(info.name());
  if (!info.type().has_tensor_type()) throw Error(place + ": type is not a tensor");
  const onnx::TypeProto::Tensor& tensor = info.type().tensor_type();
  const ElementType type = element_type(tensor.elem_type());
  if (type.stored == DataType::kUndefined) {
    throw Error(place + ": element type = " + to_text(type) + " is not supported");
  }
  InputType input;
  input.type = type.stored;
  if (type.is_packed()) input.bits = type.bits;
  const Dimensions& dims = tensor.shape().dim();
  if (const auto given = options.input_shapes.find(info.name());
      given != options.input_shapes.end()) {
    if (tensor.has_shape()) check_given_shape(given->second, dims, place);
    input.shape = given->second;
    input.takes_batch = true;
  } else if (!tensor.has_shape()) {
    throw Error(place + ": shape is not declared; pass the input's shape");
  } else {
    input.shape = declared_shape(dims, options.batch, place);
    input.takes_batch =
        !dims.empty() && (!is_known(dims[0]) || dims[0].dim_value() == options.batch);
  }
  check_shape(input.shape, place);
  return input;
}

DataType declared_type(const onnx::ValueInfoProto& info) {
  return element_type(info.type().tensor_type().elem_type()).stored;
}

}  // namespace qsim
