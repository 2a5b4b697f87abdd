#include "compiler/onnx/attribute_reader.h"

#include <onnx/onnx_pb.h>

#include "compiler/onnx/element_type.h"
#include "compiler/onnx/import_state.h"
#include "compiler/onnx/tensor_reader.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

using Kind = onnx::AttributeProto;

// Writers before IR version 1 was final left the type out; the field that is set tells it.
Kind::AttributeType kind_of(const onnx::AttributeProto& proto) {
  if (proto.type() != Kind::UNDEFINED) return proto.type();
  if (proto.has_i()) return Kind::INT;
  if (proto.has_f()) return Kind::FLOAT;
  if (proto.has_s()) return Kind::STRING;
  if (proto.has_t()) return Kind::TENSOR;
  if (proto.ints_size() > 0) return Kind::INTS;
  if (proto.floats_size() > 0) return Kind::FLOATS;
  return Kind::UNDEFINED;
}

// DequantizeLinear and the like ask how wide an element was; of attributes nothing keeps it.
Attribute read_tensor_attribute(onnx::AttributeProto& proto, const std::string& place,
                                const std::string& folder) {
  const ElementType type = element_type(proto.t().data_type());
  if (type.is_packed()) {
    throw Error(place + ": data_type = " + to_text(type) + " is not supported in attributes");
  }
  TensorPlace tensor_place;
  tensor_place.text = place;
  tensor_place.folder = folder;
  return read_tensor(*proto.mutable_t(), tensor_place);
}

Attribute read_attribute(onnx::AttributeProto& proto, const std::string& place,
                         const std::string& folder) {
  switch (kind_of(proto)) {
    case Kind::INT:
      return proto.i();
    case Kind::FLOAT:
      return proto.f();
    case Kind::STRING:
      return proto.s();
    case Kind::INTS:
      return std::vector<int64_t>(proto.ints().begin(), proto.ints().end());
    case Kind::FLOATS:
      return std::vector<float>(proto.floats().begin(), proto.floats().end());
    case Kind::TENSOR:
      return read_tensor_attribute(proto, place, folder);
    default:
      break;
  }
  throw Error(place + ": type = " + Kind::AttributeType_Name(kind_of(proto)) +
              " is not int, float, string, ints, floats or tensor");
}

}  // namespace

void read_attributes(onnx::NodeProto& proto, const std::string& place, const std::string& folder,
                     Node& node) {
  for (onnx::AttributeProto& attribute : *proto.mutable_attribute()) {
    const std::string here = place + ": attribute " + printable(attribute.name());
    if (node.attributes.contains(attribute.name())) throw Error(here + " appears twice");
    if (!attribute.ref_attr_name().empty()) {
      throw Error(here + ": ref_attr_name = " + printable(attribute.ref_attr_name()) +
                  " is outside a function");
    }
    node.attributes.emplace(attribute.name(), read_attribute(attribute, here, folder));
  }
}

}  // namespace qsim
