#include "compiler/graph.h"

#include <algorithm>
#include <stdexcept>

namespace qsim {
namespace {

// The attribute as one type; nullptr when the node does not have it.
template <typename T>
const T* find_attribute(const Node& node, const std::string& key) {
  const auto found = node.attributes.find(key);
  if (found == node.attributes.end()) return nullptr;
  if (const T* value = std::get_if<T>(&found->second)) return value;
  throw std::logic_error("node " + node.name + ": attribute " + key + " has another type");
}

template <typename T>
Tensor filled(const Value& value) {
  Tensor tensor(value.type, value.shape);
  std::fill_n(tensor.data<T>(), tensor.size(), static_cast<T>(value.fill));
  return tensor;
}

}  // namespace

int64_t Node::attr_int(const std::string& key, int64_t fallback) const {
  const auto* value = find_attribute<int64_t>(*this, key);
  return value ? *value : fallback;
}

float Node::attr_float(const std::string& key, float fallback) const {
  const auto* value = find_attribute<float>(*this, key);
  return value ? *value : fallback;
}

std::string Node::attr_string(const std::string& key, const std::string& fallback) const {
  const auto* value = find_attribute<std::string>(*this, key);
  return value ? *value : fallback;
}

std::vector<int64_t> Node::attr_ints(const std::string& key, std::vector<int64_t> fallback) const {
  const auto* value = find_attribute<std::vector<int64_t>>(*this, key);
  return value ? *value : fallback;
}

void Graph::link() {
  for (Value& item : values) {
    item.producer = -1;
    item.consumers.clear();
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto index = static_cast<int32_t>(i);
    for (ValueId id : nodes[i].inputs) {
      if (id != kNoValue) value(id).consumers.push_back(index);
    }
    for (ValueId id : nodes[i].outputs) {
      if (id != kNoValue) value(id).producer = index;
    }
  }
}

Tensor constant_tensor(const Value& value) {
  if (!value.is_constant) throw std::logic_error("value " + value.name + " is not a constant");
  if (!value.is_filled) return value.data;
  switch (value.type) {
    case DataType::kFloat:
      return filled<float>(value);
    case DataType::kDouble:
      return filled<double>(value);
    case DataType::kInt8:
      return filled<int8_t>(value);
    case DataType::kUint8:
      return filled<uint8_t>(value);
    case DataType::kInt16:
      return filled<int16_t>(value);
    case DataType::kUint16:
      return filled<uint16_t>(value);
    case DataType::kInt32:
      return filled<int32_t>(value);
    case DataType::kUint32:
      return filled<uint32_t>(value);
    case DataType::kInt64:
      return filled<int64_t>(value);
    case DataType::kBool:
      return filled<uint8_t>(value);
    case DataType::kUndefined:
      break;
  }
  throw std::logic_error("value " + value.name + " has no type");
}

double scalar_parameter(const Graph& graph, const Node& node, const std::string& name, size_t i,
                        double fallback) {
  if (node.attributes.count(name) != 0) return double{node.attr_float(name, 0)};
  if (i >= node.inputs.size() || node.inputs[i] == kNoValue) return fallback;
  const Value& value = graph.value(node.inputs[i]);
  return value.is_filled ? value.fill : double{value.data.as_floats().at(0)};
}

std::vector<int64_t> integer_parameter(const Graph& graph, const Node& node,
                                       const std::string& name, size_t i) {
  if (node.attributes.count(name) != 0) return node.attr_ints(name);
  if (i >= node.inputs.size() || node.inputs[i] == kNoValue) return {};
  return constant_tensor(graph.value(node.inputs[i])).as_ints();
}

}  // namespace qsim
