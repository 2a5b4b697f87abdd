#include "tests/support/onnx_builder.h"

#include <onnx/onnx_pb.h>
#include <stdlib.h>

#include <fstream>
#include <numeric>
#include <stdexcept>

namespace qsim::test {
namespace {

int onnx_type(DataType type) {
  switch (type) {
    case DataType::kFloat:
      return kOnnxFloat;
    case DataType::kDouble:
      return kOnnxDouble;
    case DataType::kInt8:
      return kOnnxInt8;
    case DataType::kUint8:
      return kOnnxUint8;
    case DataType::kInt16:
      return kOnnxInt16;
    case DataType::kUint16:
      return kOnnxUint16;
    case DataType::kInt32:
      return kOnnxInt32;
    case DataType::kUint32:
      return kOnnxUint32;
    case DataType::kInt64:
      return kOnnxInt64;
    case DataType::kBool:
      return kOnnxBool;
    case DataType::kUndefined:
      break;
  }
  return 0;
}

void fill_tensor(onnx::TensorProto& proto, const std::string& name, int type, const Shape& dims) {
  proto.set_name(name);
  proto.set_data_type(type);
  for (int64_t dim : dims) proto.add_dims(dim);
}

void fill_tensor(onnx::TensorProto& proto, const std::string& name, const Tensor& tensor) {
  fill_tensor(proto, name, onnx_type(tensor.type), tensor.shape);
  proto.set_raw_data(tensor.bytes.data(), tensor.bytes.size());
}

void fill_attribute(onnx::AttributeProto& proto, const std::string& name, const Attribute& value) {
  using Proto = onnx::AttributeProto;
  proto.set_name(name);
  if (const auto* item = std::get_if<int64_t>(&value)) {
    proto.set_type(Proto::INT);
    proto.set_i(*item);
  } else if (const auto* real = std::get_if<float>(&value)) {
    proto.set_type(Proto::FLOAT);
    proto.set_f(*real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    proto.set_type(Proto::STRING);
    proto.set_s(*text);
  } else if (const auto* list = std::get_if<std::vector<int64_t>>(&value)) {
    proto.set_type(Proto::INTS);
    for (int64_t number : *list) proto.add_ints(number);
  } else if (const auto* reals = std::get_if<std::vector<float>>(&value)) {
    proto.set_type(Proto::FLOATS);
    for (float number : *reals) proto.add_floats(number);
  } else {
    proto.set_type(Proto::TENSOR);
    fill_tensor(*proto.mutable_t(), "", std::get<Tensor>(value));
  }
}

}  // namespace

OnnxBuilder::OnnxBuilder(int64_t version, int64_t ir_version)
    : model_(std::make_unique<onnx::ModelProto>()) {
  model_->set_ir_version(ir_version);
  model_->mutable_graph()->set_name("made");
  if (version != 0) opset("", version);
}

OnnxBuilder::~OnnxBuilder() = default;
OnnxBuilder::OnnxBuilder(OnnxBuilder&&) noexcept = default;

OnnxBuilder& OnnxBuilder::opset(const std::string& domain, int64_t version) {
  onnx::OperatorSetIdProto* entry = model_->add_opset_import();
  entry->set_domain(domain);
  entry->set_version(version);
  return *this;
}

OnnxBuilder& OnnxBuilder::input(const std::string& name, const std::vector<OnnxDim>& dims,
                                int type) {
  input_without_shape(name, type);
  const int last = model_->graph().input_size() - 1;
  onnx::TypeProto* proto = model_->mutable_graph()->mutable_input(last)->mutable_type();
  onnx::TensorShapeProto* shape = proto->mutable_tensor_type()->mutable_shape();
  for (const OnnxDim& dim : dims) {
    onnx::TensorShapeProto::Dimension* entry = shape->add_dim();
    if (!dim.is_dynamic) entry->set_dim_value(dim.value);
    if (!dim.param.empty()) entry->set_dim_param(dim.param);
  }
  return *this;
}

OnnxBuilder& OnnxBuilder::input_without_shape(const std::string& name, int type) {
  onnx::ValueInfoProto* info = model_->mutable_graph()->add_input();
  info->set_name(name);
  info->mutable_type()->mutable_tensor_type()->set_elem_type(type);
  return *this;
}

OnnxBuilder& OnnxBuilder::output(const std::string& name, int type) {
  onnx::ValueInfoProto* info = model_->mutable_graph()->add_output();
  info->set_name(name);
  if (type != 0) info->mutable_type()->mutable_tensor_type()->set_elem_type(type);
  return *this;
}

OnnxBuilder& OnnxBuilder::initializer(const std::string& name, const Tensor& tensor) {
  fill_tensor(*model_->mutable_graph()->add_initializer(), name, tensor);
  return *this;
}

OnnxBuilder& OnnxBuilder::raw_initializer(const std::string& name, int type, const Shape& dims,
                                          const std::string& raw_data) {
  onnx::TensorProto* proto = model_->mutable_graph()->add_initializer();
  fill_tensor(*proto, name, type, dims);
  proto->set_raw_data(raw_data);
  return *this;
}

OnnxBuilder& OnnxBuilder::typed_initializer(const std::string& name, int type, const Shape& dims,
                                            const std::string& field,
                                            const std::vector<double>& values) {
  onnx::TensorProto* proto = model_->mutable_graph()->add_initializer();
  fill_tensor(*proto, name, type, dims);
  for (double value : values) {
    if (field == "float") proto->add_float_data(static_cast<float>(value));
    if (field == "double") proto->add_double_data(value);
    if (field == "int32") proto->add_int32_data(static_cast<int32_t>(value));
    if (field == "int64") proto->add_int64_data(static_cast<int64_t>(value));
    if (field == "uint64") proto->add_uint64_data(static_cast<uint64_t>(value));
  }
  return *this;
}

OnnxBuilder& OnnxBuilder::external_initializer(const std::string& name, int type, const Shape& dims,
                                               const std::map<std::string, std::string>& entries) {
  onnx::TensorProto* proto = model_->mutable_graph()->add_initializer();
  fill_tensor(*proto, name, type, dims);
  proto->set_data_location(onnx::TensorProto::EXTERNAL);
  for (const auto& [key, value] : entries) {
    onnx::StringStringEntryProto* entry = proto->add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  }
  return *this;
}

OnnxBuilder& OnnxBuilder::node(const std::string& op, const std::vector<std::string>& inputs,
                               const std::vector<std::string>& outputs,
                               const Attributes& attributes, const std::string& name,
                               const std::string& domain) {
  onnx::NodeProto* proto = model_->mutable_graph()->add_node();
  proto->set_op_type(op);
  if (!name.empty()) proto->set_name(name);
  if (!domain.empty()) proto->set_domain(domain);
  for (const std::string& input_name : inputs) proto->add_input(input_name);
  for (const std::string& output_name : outputs) proto->add_output(output_name);
  for (const auto& [key, value] : attributes) attribute(key, value);
  return *this;
}

OnnxBuilder& OnnxBuilder::graph_attribute(const std::string& name) {
  onnx::GraphProto* graph = model_->mutable_graph();
  onnx::AttributeProto* proto = graph->mutable_node(graph->node_size() - 1)->add_attribute();
  proto->set_name(name);
  proto->set_type(onnx::AttributeProto::GRAPH);
  proto->mutable_g();
  return *this;
}

OnnxBuilder& OnnxBuilder::attribute(const std::string& name, const Attribute& value) {
  onnx::GraphProto* graph = model_->mutable_graph();
  fill_attribute(*graph->mutable_node(graph->node_size() - 1)->add_attribute(), name, value);
  return *this;
}

std::string OnnxBuilder::bytes() const { return model_->SerializeAsString(); }

std::string OnnxBuilder::save(const std::filesystem::path& path) const {
  std::ofstream(path, std::ios::binary) << bytes();
  return path.string();
}

Tensor floats(const Shape& shape) {
  Tensor tensor(DataType::kFloat, shape);
  std::iota(tensor.data<float>(), tensor.data<float>() + tensor.size(), 1.0f);
  return tensor;
}

Tensor floats(const Shape& shape, const std::vector<float>& values) {
  return tensor_of<float>(DataType::kFloat, shape, values);
}

Tensor int64s(const std::vector<int64_t>& values) {
  return tensor_of<int64_t>(DataType::kInt64, {static_cast<int64_t>(values.size())}, values);
}

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "qsim_test_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder: " + name);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::write(const std::string& name, const std::string& content) const {
  const std::filesystem::path path = path_ / name;
  std::ofstream(path, std::ios::binary) << content;
  return path.string();
}

}  // namespace qsim::test
