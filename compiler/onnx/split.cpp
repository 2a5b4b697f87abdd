#include "compiler/onnx/split.h"

#include "compiler/onnx/infer.h"
#include "compiler/onnx/op_table.h"

namespace qsim {

std::vector<Node> split_into_slices(ImportState& state, Node& split, std::set<std::string>& names) {
  const NodeView view(state, split);
  check_signature(*find_operator("", "Split"), view);
  const std::vector<int64_t> sizes = split_sizes(view);
  std::vector<Node> slices;
  int64_t start = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const int64_t end = start + sizes[i];
    if (split.outputs[i] != kNoValue) {
      Node slice;
      slice.op = "Slice";
      slice.opset = split.opset;
      slice.name = split.name + "/" + std::to_string(i);
      while (!names.insert(slice.name).second) slice.name += "_";
      slice.inputs = {split.inputs[0]};
      slice.outputs = {split.outputs[i]};
      slice.attributes = {{"axes", std::vector<int64_t>{split.attr_int("axis", 0)}},
                          {"starts", std::vector<int64_t>{start}},
                          {"ends", std::vector<int64_t>{end}}};
      slices.push_back(std::move(slice));
    }
    start = end;
  }
  return slices;
}

std::vector<Node> split_dynamic_quantization(ImportState& state, Node& node,
                                             std::set<std::string>& names) {
  const NodeView view(state, node);
  if (!node.attributes.empty()) {
    view.unsupported("with attribute " + printable(node.attributes.begin()->first));
  }
  constexpr const char* kSuffixes[] = {"", "/scale", "/zero_point"};
  if (node.outputs.size() > 3) {
    view.fail("outputs = " + std::to_string(node.outputs.size()) + " is outside [1, 3]");
  }
  std::vector<Node> parts;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    Node part = node;
    if (i > 0) {
      part.name += kSuffixes[i];
      while (!names.insert(part.name).second) part.name += "_";
    }
    part.outputs = {node.outputs[i]};
    part.attributes = {{"output", static_cast<int64_t>(i)}};
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace qsim
