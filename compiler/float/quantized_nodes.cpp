#include "compiler/float/quantized_nodes.h"

#include <algorithm>
#include <limits>

namespace qsim {
namespace {

template <typename T>
CodeRange range_of() {
  return {static_cast<double>(std::numeric_limits<T>::min()),
          static_cast<double>(std::numeric_limits<T>::max())};
}

std::vector<float> constant_floats(const Value& value) {
  if (value.is_filled) {
    return std::vector<float>(static_cast<size_t>(element_count(value.shape)),
                              static_cast<float>(value.fill));
  }
  return value.data.as_floats();
}

}  // namespace

CodeSignature code_signature(const Node& node) {
  const std::string& op = node.op;
  if (op == "QuantizeLinear") return {{}, true, {0, 1, 2}};
  if (op == "DequantizeLinear") return {{{0, 1, 2}}, false, {}};
  if (op == "QLinearConv" || op == "QLinearMatMul" || op == "QLinearAdd" || op == "QLinearMul") {
    return {{{0, 1, 2}, {3, 4, 5}}, true, {0, 6, 7}};
  }
  if (op == "QLinearAveragePool" || op == "QLinearGlobalAveragePool" || op == "QLinearSoftmax" ||
      op == "QLinearSigmoid" || op == "QLinearLeakyRelu" || op == "QLinearReduceMean") {
    return {{{0, 1, 2}}, true, {0, 3, 4}};
  }
  if (op == "QLinearWhere") return {{{1, 2, 3}, {4, 5, 6}}, true, {0, 7, 8}};
  if (op == "QGemm") return {{{0, 1, 2}, {3, 4, 5}}, node.inputs.size() > 7, {0, 7, 8}};
  if (op == "QLinearConcat") {
    CodeSignature signature{{}, true, {0, 0, 1}};
    for (size_t i = 2; i + 2 < node.inputs.size(); i += 3)
      signature.inputs.push_back({i, i + 1, i + 2});
    return signature;
  }
  return {};
}

bool makes_integers(std::string_view op) {
  return op == "ArgMax" || op == "ConvInteger" || op == "MatMulInteger" ||
         op == "DynamicQuantizeLinear";
}

CodeParameters read_parameters(const Graph& graph, const Node& node, size_t scale,
                               size_t zero_point) {
  CodeParameters parameters{constant_floats(graph.value(node.inputs[scale])), {}};
  if (zero_point < node.inputs.size() && node.inputs[zero_point] != kNoValue) {
    parameters.zero_point = constant_floats(graph.value(node.inputs[zero_point]));
  }
  const float only = parameters.zero_point.size() == 1 ? parameters.zero_point[0] : 0.0f;
  parameters.zero_point.resize(parameters.scale.size(), only);
  return parameters;
}

ScaleIndex::ScaleIndex(const Graph& graph, const Node& node) {
  const Shape& shape = graph.value(node.inputs[0]).shape;
  const int64_t block = node.attr_int("block_size", 0);
  is_blocked_ = block != 0;
  if (!is_blocked_ && element_count(graph.value(node.inputs[1]).shape) == 1) return;
  const int64_t given = node.attr_int("axis", 1);
  const auto axis =
      static_cast<size_t>(given < 0 ? given + static_cast<int64_t>(shape.size()) : given);
  for (size_t d = axis + 1; d < shape.size(); ++d) inner_ *= static_cast<size_t>(shape[d]);
  size_ = static_cast<size_t>(shape[axis]);
  if (is_blocked_) block_ = static_cast<size_t>(block);
  blocks_ = (size_ - 1) / block_ + 1;
}

CodeRange code_range(const Value& value) {
  const double half = 1 << (value.bits - 1);
  switch (value.type) {
    case DataType::kInt8:
      return {-half, half - 1};
    case DataType::kUint8:
      return {0, 2 * half - 1};
    case DataType::kInt16:
      return range_of<int16_t>();
    case DataType::kUint16:
      return range_of<uint16_t>();
    default:
      return range_of<int32_t>();
  }
}

}  // namespace qsim
