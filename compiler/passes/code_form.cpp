#include "compiler/passes/code_form.h"

#include <algorithm>
#include <string_view>

#include "hw/spec/packing.h"

namespace qsim {
namespace {

bool is_codes(const Value& value) {
  return value.type == DataType::kInt8 || value.type == DataType::kUint8;
}

FileRange united(FileRange a, FileRange b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

bool is_output(const Graph& graph, ValueId id) {
  return std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end();
}

}  // namespace

bool moves_codes(std::string_view op) {
  for (std::string_view each : {"DepthToSpace", "Expand", "Flatten", "Gather", "Identity",
                                "MaxPool", "ReduceMax", "Reshape", "Resize", "Slice",
                                "SpaceToDepth", "Squeeze", "Transpose", "Unsqueeze", "Upsample"}) {
    if (op == each) return true;
  }
  return false;
}

FileRange type_range(const Value& value) {
  if (value.type == DataType::kUint8) return {0, (1 << value.bits) - 1};
  return {lowest_code(value.bits), highest_code(value.bits)};
}

FileRange clipped(const Graph& graph, const Node& clip, FileRange input) {
  const double low = input.low, high = input.high;
  const auto bound = [&](const char* name, size_t i, double fallback) {
    return static_cast<int32_t>(
        std::clamp(scalar_parameter(graph, clip, name, i, fallback), low, high));
  };
  return {bound("min", 1, low), bound("max", 2, high)};
}

std::vector<FileRange> code_ranges(const Graph& graph) {
  std::vector<FileRange> ranges(graph.values.size());
  const auto of = [&](ValueId id) -> FileRange& { return ranges[static_cast<size_t>(id)]; };
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (is_codes(graph.values[i])) ranges[i] = type_range(graph.values[i]);
  }
  for (const Node& node : graph.nodes) {
    const ValueId id = node.outputs[0];
    if (!is_codes(graph.value(id))) continue;
    if (node.op == "Clip") {
      of(id) = clipped(graph, node, of(node.inputs[0]));
    } else if (moves_codes(node.op)) {
      of(id) = of(node.inputs[0]);
    } else if (node.op == "Concat") {
      of(id) = of(node.inputs[0]);
      for (ValueId input : node.inputs) of(id) = united(of(id), of(input));
    } else if (node.op == "Pad") {
      const auto code = static_cast<int32_t>(scalar_parameter(graph, node, "value", 2, 0));
      of(id) = united(of(node.inputs[0]), {code, code});
    } else if (node.op != "QLinearSoftmax" && graph.value(id).consumers.size() == 1 &&
               !is_output(graph, id)) {
      const Node& reader = graph.nodes[static_cast<size_t>(graph.value(id).consumers[0])];
      if (reader.op == "Clip" && reader.inputs[0] == id) {
        of(id) = clipped(graph, reader, of(id));
      }
    }
  }
  return ranges;
}

Narrowing narrowing_of(FileRange codes, const std::vector<int32_t>& zero_points) {
  for (int32_t zero : zero_points) codes = united(codes, {zero, zero});
  Narrowing result;
  result.bits = 2;
  while (result.bits < 8 && codes.high - codes.low >= 1 << result.bits) ++result.bits;
  const bool fits =
      codes.low >= lowest_code(result.bits) && codes.high <= highest_code(result.bits);
  result.offset = fits ? 0 : codes.low - lowest_code(result.bits);
  return result;
}

CodeForm form_of(FileRange codes, float scale, int32_t zero_point) {
  const auto [bits, offset] = narrowing_of(codes, {zero_point});
  return {{scale, zero_point - offset}, bits, codes.low - offset, codes.high - offset};
}

}  // namespace qsim
