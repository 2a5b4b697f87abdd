#include "compiler/onnx/model_writer.h"

#include <onnx/onnx_pb.h>

#include <climits>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "hw/spec/error.h"

namespace qsim {
namespace {

constexpr int kInt4 = 22, kUint4 = 21;  // TensorProto.DataType that libonnx 1.12 does not know

int onnx_type(DataType type, int bits) {
  switch (type) {
    case DataType::kFloat:
      return onnx::TensorProto::FLOAT;
    case DataType::kInt8:
      return bits == 4 ? kInt4 : int{onnx::TensorProto::INT8};
    case DataType::kUint8:
      return bits == 4 ? kUint4 : int{onnx::TensorProto::UINT8};
    case DataType::kInt32:
      return onnx::TensorProto::INT32;
    case DataType::kInt64:
      return onnx::TensorProto::INT64;
    default:
      throw std::logic_error(std::string("no exported tensor has elements of ") + name_of(type));
  }
}

void describe(onnx::ValueInfoProto& value, const std::string& name, DataType type,
              const Shape& shape) {
  value.set_name(name);
  onnx::TypeProto_Tensor& tensor = *value.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(onnx_type(type, 8));
  tensor.mutable_shape();  // a scalar's is there, and empty
  for (int64_t size : shape) tensor.mutable_shape()->add_dim()->set_dim_value(size);
}

// The first of two in the low bits.
std::string packed(const std::vector<uint8_t>& codes) {
  std::string bytes((codes.size() + 1) / 2, '\0');
  for (size_t i = 0; i < codes.size(); ++i)
    bytes[i / 2] = static_cast<char>(bytes[i / 2] | (codes[i] & 15) << (i % 2 * 4));
  return bytes;
}

template <typename T>
Tensor tensor_of(DataType type, const Shape& shape, const std::vector<T>& values) {
  Tensor tensor(type, shape);
  std::memcpy(tensor.bytes.data(), values.data(), values.size() * sizeof(T));
  return tensor;
}

}  // namespace

ModelWriter::ModelWriter(const std::string& graph_name, int64_t opset, int64_t ir_version)
    : model_(std::make_unique<onnx::ModelProto>()) {
  model_->set_ir_version(ir_version);
  model_->set_producer_name("qsim");
  onnx::OperatorSetIdProto& import = *model_->add_opset_import();
  import.set_domain("");
  import.set_version(opset);
  model_->mutable_graph()->set_name(graph_name.empty() ? "network" : graph_name);
}

ModelWriter::~ModelWriter() = default;

void ModelWriter::input(const std::string& name, DataType type, const Shape& shape) {
  names_.insert(name);
  describe(*model_->mutable_graph()->add_input(), name, type, shape);
}

void ModelWriter::output(const std::string& name, DataType type, const Shape& shape) {
  names_.insert(name);
  describe(*model_->mutable_graph()->add_output(), name, type, shape);
}

std::string ModelWriter::unique(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 2; !names_.insert(name).second; ++i) name = wanted + ":" + std::to_string(i);
  return name;
}

std::string ModelWriter::constant(const std::string& wanted, const Tensor& tensor, int bits) {
  onnx::TensorProto& proto = *model_->mutable_graph()->add_initializer();
  proto.set_name(unique(wanted));
  proto.set_data_type(onnx_type(tensor.type, bits));
  for (int64_t size : tensor.shape) proto.add_dims(size);
  if (bits == 4) {
    proto.set_raw_data(packed(tensor.bytes));
  } else {
    proto.set_raw_data(tensor.bytes.data(), tensor.bytes.size());
  }
  return proto.name();
}

std::string ModelWriter::constant(const std::string& wanted, const Shape& shape,
                                  const std::vector<float>& values) {
  return constant(wanted, tensor_of(DataType::kFloat, shape, values));
}

std::string ModelWriter::constant(const std::string& wanted, const Shape& shape,
                                  const std::vector<int64_t>& values) {
  return constant(wanted, tensor_of(DataType::kInt64, shape, values));
}

std::string ModelWriter::node(const char* op, const std::vector<std::string>& inputs,
                              const std::string& output,
                              const std::map<std::string, WrittenAttribute>& attributes) {
  onnx::NodeProto& node = *model_->mutable_graph()->add_node();
  node.set_op_type(op);
  node.set_name(output + ":" + op);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  for (const auto& [name, value] : attributes) {
    onnx::AttributeProto& attribute = *node.add_attribute();
    attribute.set_name(name);
    if (const auto* number = std::get_if<int64_t>(&value)) {
      attribute.set_type(onnx::AttributeProto::INT);
      attribute.set_i(*number);
    } else {
      attribute.set_type(onnx::AttributeProto::INTS);
      for (int64_t i : std::get<std::vector<int64_t>>(value)) attribute.add_ints(i);
    }
  }
  return output;
}

std::string ModelWriter::microsoft_node(const char* op, const std::vector<std::string>& inputs,
                                        const std::string& output,
                                        const std::map<std::string, WrittenAttribute>& attributes) {
  if (!has_microsoft_) {
    onnx::OperatorSetIdProto& import = *model_->add_opset_import();
    import.set_domain("com.microsoft");
    import.set_version(1);
    has_microsoft_ = true;
  }
  node(op, inputs, output, attributes);
  onnx::GraphProto& graph = *model_->mutable_graph();
  graph.mutable_node(graph.node_size() - 1)->set_domain("com.microsoft");
  return output;
}

void ModelWriter::save(const std::string& path) const {
  if (model_->ByteSizeLong() > INT_MAX) {
    throw Error(path + ": cannot be written: " + std::to_string(model_->ByteSizeLong()) +
                " bytes are more than " + std::to_string(INT_MAX) + ", protobuf's limit");
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  const bool is_written = file && model_->SerializeToOstream(&file);
  file.close();
  if (!is_written || !file) throw Error(path + ": cannot be written");
}

}  // namespace qsim
