// The text form of Graph.
#include <cstdio>

#include "compiler/graph.h"

namespace qsim {
namespace {

constexpr int64_t kShownElements = 8;

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.9g", value);
  return text;
}

template <typename List>
std::string list_text(const List& list) {
  std::string text;
  for (auto item : list) {
    if (!text.empty()) text += ", ";
    if constexpr (std::is_integral_v<decltype(item)>) {
      text += std::to_string(item);
    } else {
      text += number_text(item);
    }
  }
  return "[" + text + "]";
}

bool is_real(DataType type) { return type == DataType::kFloat || type == DataType::kDouble; }

// " = [1, 2]" for a small tensor, else nothing.
std::string data_text(const Tensor& tensor) {
  if (tensor.size() > kShownElements) return "";
  return " = " +
         (is_real(tensor.type) ? list_text(tensor.as_floats()) : list_text(tensor.as_ints()));
}

std::string type_text(DataType type, const Shape& shape) {
  return std::string(name_of(type)) + " " + to_text(shape);
}

std::string value_text(const Value& value) {
  return value.name + ": " + type_name(value) + " " + to_text(value.shape);
}

std::string attribute_text(const Attribute& attribute) {
  if (const auto* item = std::get_if<int64_t>(&attribute)) return std::to_string(*item);
  if (const auto* item = std::get_if<float>(&attribute)) return number_text(*item);
  if (const auto* item = std::get_if<std::string>(&attribute)) return *item;
  if (const auto* item = std::get_if<std::vector<int64_t>>(&attribute)) return list_text(*item);
  if (const auto* item = std::get_if<std::vector<float>>(&attribute)) return list_text(*item);
  const Tensor& tensor = std::get<Tensor>(attribute);
  return type_text(tensor.type, tensor.shape) + data_text(tensor);
}

std::string node_text(const Graph& graph, const Node& node) {
  std::string text = "node " + node.name + ": ";
  text += (node.domain.empty() ? "" : node.domain + ".") + node.op + "(";
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const ValueId id = node.inputs[i];
    text += (i == 0 ? "" : ", ") + (id == kNoValue ? std::string("-") : graph.value(id).name);
  }
  text += ")";
  for (const auto& [name, value] : node.attributes)
    text += " " + name + "=" + attribute_text(value);
  text += " ->";
  for (ValueId id : node.outputs) {
    text += " " + (id == kNoValue ? std::string("-") : value_text(graph.value(id)));
  }
  return text;
}

}  // namespace

std::string type_name(const Value& value) {
  if (value.bits == 8) return name_of(value.type);
  return (value.type == DataType::kUint8 ? "uint" : "int") + std::to_string(value.bits);
}

std::string to_text(const Graph& graph) {
  std::string text = "graph " + graph.name + "\n";
  for (ValueId id : graph.inputs) text += "input " + value_text(graph.value(id)) + "\n";
  for (const Value& value : graph.values) {
    if (!value.is_constant) continue;
    text += "constant " + value_text(value);
    text += value.is_filled ? " filled with " + number_text(value.fill) : data_text(value.data);
    text += "\n";
  }
  for (const Node& node : graph.nodes) text += node_text(graph, node) + "\n";
  for (ValueId id : graph.outputs) text += "output " + value_text(graph.value(id)) + "\n";
  return text;
}

}  // namespace qsim
