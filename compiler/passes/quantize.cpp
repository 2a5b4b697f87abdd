#include "compiler/passes/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "compiler/passes/lower.h"
#include "compiler/passes/parameters.h"
#include "compiler/passes/recipe.h"
#include "compiler/passes/rewrites.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

// The union of the calibrated ranges of a group's members, each within the clamp of its producer.
std::optional<Range> range_of_group(Flow& flow, const SharedQuantization& shared, int32_t group,
                                    const CalibrationResult* calibration) {
  std::optional<Range> range;
  for (size_t id = 0; id < flow.edges.size(); ++id) {
    const Edge& edge = flow.edges[id];
    if (shared.group[id] != group || edge.is_float || calibration == nullptr) continue;
    const auto found = calibration->ranges.find(edge.range_value);
    if (found == calibration->ranges.end()) continue;
    const Op* producer = flow.producer(static_cast<EdgeId>(id));
    double low = double{found->second.low}, high = double{found->second.high};
    if (producer != nullptr) {
      low = std::clamp(low, producer->clamp_low, producer->clamp_high);
      high = std::clamp(high, producer->clamp_low, producer->clamp_high);
    }
    const Range own = {static_cast<float>(low), static_cast<float>(high)};
    range = range ? Range{std::min(range->low, own.low), std::max(range->high, own.high)} : own;
  }
  return range;
}

// Names, at most three of them, of tensors without quantization.
std::string list_names(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < std::min<size_t>(names.size(), 3); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > 3 ? text + " and " + std::to_string(names.size() - 3) + " more" : text;
}

void set_quantization(Flow& flow, SharedQuantization& shared, const CalibrationResult* calibration,
                      Lowered& lowered) {
  std::vector<std::string> missing;
  for (size_t i = 0; i < lowered.network.tensors.size(); ++i) {
    NetTensor& tensor = lowered.network.tensors[i];
    if (tensor.is_float) continue;
    const int32_t group = shared.group[static_cast<size_t>(lowered.edges[i])];
    std::optional<CodeForm>& form = shared.form[static_cast<size_t>(group)];
    if (!form) {
      const auto range = range_of_group(flow, shared, group, calibration);
      if (range)
        form = CodeForm{.quant = quantization_of(*range, tensor.bits), .bits = tensor.bits};
    }
    if (form) {
      tensor.quant = form->quant;
    } else {
      missing.push_back(tensor.name);
    }
  }
  // Calibration would not help where there are no weights.
  if (missing.empty() || !lowered.network.value_blockers.empty()) return;
  lowered.network.value_blockers.push_back(
      std::to_string(missing.size()) + " tensors need calibration data (" + list_names(missing) +
      "): pass --calibrate data.npz, or --data data.npz to take a part of it");
}

void find_shape_only_weights(const Flow& flow, bool has_weights, IntegerNetwork& network) {
  if (!has_weights) {
    network.value_blockers.push_back("the weights were not read from the file");
    return;
  }
  std::vector<std::string> names;
  for (const Op& op : flow.ops) {
    if (op.weight.exists() && op.weight.is_filled()) names.push_back(op.name);
  }
  if (names.empty()) return;
  network.value_blockers.push_back("the weights of " + std::to_string(names.size()) + " layers (" +
                                   list_names(names) +
                                   ") are ConstantOfShape: the file holds their shapes only");
}

// Real clamp bounds as codes of the output, within the range of its codes.
void set_clamp(const Op& op, const Quantization& quant, Layer& layer) {
  const int32_t least = layer.clamp_low, most = layer.clamp_high;
  auto code = [&](double bound) {
    const double steps = std::rint(static_cast<double>(static_cast<float>(bound) / quant.scale));
    return static_cast<int32_t>(std::clamp(steps + quant.zero_point, double(least), double(most)));
  };
  if (op.clamp_low != -std::numeric_limits<double>::infinity())
    layer.clamp_low = code(op.clamp_low);
  if (op.clamp_high != std::numeric_limits<double>::infinity())
    layer.clamp_high = code(op.clamp_high);
}

void set_values(const Flow& flow, Lowered& lowered) {
  IntegerNetwork& network = lowered.network;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    Layer& layer = network.layers[i];
    const LayerOrigin& origin = lowered.origins[i];
    if (origin.op < 0) continue;
    const Op& op = flow.ops[static_cast<size_t>(origin.op)];
    set_clamp(op, network.tensor(layer.output).quant, layer);
    if (layer.op == LayerOp::kConv)
      fill_parameters(op, origin, network.tensor(layer.inputs[0]), layer);
  }
}

}  // namespace

IntegerNetwork quantize(const Graph& graph, const QuantizeOptions& options) {
  const std::unique_ptr<const Graph> expanded = expand_sums(graph);
  Problems problems;
  Flow flow = build_flow(expanded ? *expanded : graph, problems);
  problems.raise(graph.name);

  fold_pads(flow, problems);
  fold_affines(flow);
  fuse_clamps(flow);
  SharedQuantization shared = share_quantization(flow);
  Lowered lowered = lower(flow, shared, problems);
  problems.raise(graph.name);
  if (lowered.network.layers.empty()) throw Error(graph.name + ": has no operator to run");

  assign_bits(flow, shared, options.recipe, lowered);
  find_shape_only_weights(flow, graph.has_weights, lowered.network);
  set_quantization(flow, shared, options.calibration, lowered);
  lowered.network.has_values = lowered.network.value_blockers.empty();
  if (lowered.network.has_values) set_values(flow, lowered);
  lowered.network.check();
  return std::move(lowered.network);
}

}  // namespace qsim
