#include "compiler/passes/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "compiler/passes/find_range.h"
#include "compiler/passes/lower.h"
#include "compiler/passes/parameters.h"
#include "compiler/passes/recipe.h"
#include "compiler/passes/rewrites.h"
#include "hw/spec/arithmetic.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

Range clamped(Range range, const Op& op) {
  return {static_cast<float>(std::clamp(double{range.low}, op.clamp_low, op.clamp_high)),
          static_cast<float>(std::clamp(double{range.high}, op.clamp_low, op.clamp_high))};
}

Range joined(Range a, Range b) { return {std::min(a.low, b.low), std::max(a.high, b.high)}; }

// What calibration saw of a group's members together, each within the clamp of its producer.
std::optional<Observed> observed_of_group(Flow& flow, const SharedQuantization& shared,
                                          int32_t group, const CalibrationResult& calibration) {
  std::optional<Observed> seen;
  for (size_t id = 0; id < flow.edges.size(); ++id) {
    const Edge& edge = flow.edges[id];
    if (shared.group[id] != group || edge.is_float) continue;
    const auto found = calibration.ranges.find(edge.range_value);
    if (found == calibration.ranges.end()) continue;
    Observed own{.range = found->second, .average = found->second, .histogram = {}};
    const auto average = calibration.averages.find(edge.range_value);
    if (average != calibration.averages.end()) own.average = average->second;
    const auto histogram = calibration.histograms.find(edge.range_value);
    if (histogram != calibration.histograms.end()) own.histogram = histogram->second;
    if (const Op* producer = flow.producer(static_cast<EdgeId>(id)); producer != nullptr) {
      own.range = clamped(own.range, *producer);
      own.average = clamped(own.average, *producer);
      own.histogram.clamp(producer->clamp_low, producer->clamp_high);
    }
    if (!seen) {
      seen = std::move(own);
    } else {
      seen->range = joined(seen->range, own.range);
      seen->average = joined(seen->average, own.average);
      seen->histogram.merge(own.histogram);
    }
  }
  return seen;
}

// What the recipe says for the first layer that reads the group and is named.
RangeMethod method_of_group(const SharedQuantization& shared, int32_t group, const Recipe& recipe,
                            const Lowered& lowered) {
  for (const Layer& layer : lowered.network.layers) {
    const auto named = recipe.layers.find(layer.name);
    if (named == recipe.layers.end() || !named->second.calibrator) continue;
    for (TensorId id : layer.inputs) {
      const auto edge = static_cast<size_t>(lowered.edges[static_cast<size_t>(id)]);
      if (!lowered.network.tensor(id).is_float && shared.group[edge] == group)
        return *named->second.calibrator;
    }
  }
  return recipe.calibrator;
}

// At most three names.
std::string list_names(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < std::min<size_t>(names.size(), 3); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > 3 ? text + " and " + std::to_string(names.size() - 3) + " more" : text;
}

void set_quantization(Flow& flow, SharedQuantization& shared, const CalibrationResult* calibration,
                      const Recipe& recipe, Lowered& lowered) {
  std::vector<std::string> missing;
  for (size_t i = 0; i < lowered.network.tensors.size(); ++i) {
    NetTensor& tensor = lowered.network.tensors[i];
    if (tensor.is_float) continue;
    const int32_t group = shared.group[static_cast<size_t>(lowered.edges[i])];
    std::optional<CodeForm>& form = shared.form[static_cast<size_t>(group)];
    if (!form && calibration != nullptr) {
      if (const auto seen = observed_of_group(flow, shared, group, *calibration)) {
        const Range range = find_range(*seen, method_of_group(shared, group, recipe, lowered),
                                       tensor.bits, recipe.activation_form);
        form = CodeForm{.quant = quantization_of(range, tensor.bits, recipe.activation_form),
                        .bits = tensor.bits};
      }
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

std::string counted(const std::vector<std::string>& names, const std::string& noun) {
  return std::to_string(names.size()) + " " + noun + (names.size() == 1 ? "" : "s") + " (" +
         list_names(names) + ")";
}

void add_notes(const Flow& flow, IntegerNetwork& network) {
  if (!flow.wide_values.empty())
    network.notes.push_back(
        counted(flow.wide_values, "activation") +
        " with 16-bit codes in the file, here calibrated codes of 8 bits at most");
  if (!flow.wide_weights.empty())
    network.notes.push_back("the weights of " + counted(flow.wide_weights, "layer") +
                            " with 16-bit codes or a scale for each block in the file, here "
                            "quantized anew with a scale for each channel");
  if (!flow.dynamic_values.empty())
    network.notes.push_back(counted(flow.dynamic_values, "activation") +
                            " with a scale for every input anew in the file "
                            "(DynamicQuantizeLinear), here one scale from calibration");
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

// A24, for each channel that has a function of its own.
void fill_table(const Op& op, const NetTensor& from, const NetTensor& to, Layer& layer) {
  const size_t channels = op.axis < 0 ? 1 : static_cast<size_t>(to.c);
  for (size_t c = 0; c < channels; ++c) {
    const auto table = unary_table([&](double x) { return op.function(x, c); }, from.quant.scale,
                                   from.quant.zero_point, to.quant.scale, to.quant.zero_point,
                                   layer.clamp_low, layer.clamp_high);
    layer.table.insert(layer.table.end(), table.begin(), table.end());
  }
}

void find_missing_moments(const Flow& flow, const Recipe& recipe, Lowered& lowered) {
  std::vector<std::string> names;
  for (size_t i = 0; i < lowered.network.layers.size(); ++i) {
    const Layer& layer = lowered.network.layers[i];
    if (layer.op != LayerOp::kConv || recipe.weights_of.contains(layer.name)) continue;
    const WeightMethod method = recipe.method_of(layer.name);
    const Op& op = flow.ops[static_cast<size_t>(lowered.origins[i].op)];
    if ((method.corrects_bias || method.needs_products()) && !op.weight.is_codes &&
        op.kind != OpKind::kAffine && !op.transposed)  // whose inputs have no moments
      names.push_back(layer.name);
  }
  if (names.empty() || !lowered.network.value_blockers.empty()) return;
  lowered.network.value_blockers.push_back(
      "the weights of " + std::to_string(names.size()) + " layers (" + list_names(names) +
      ") need calibration data for the recipe's rounding or bias correction: pass --calibrate "
      "data.npz, or --data data.npz to take a part of it");
}

void set_values(const Flow& flow, const CalibrationResult* calibration, const Recipe& recipe,
                Lowered& lowered) {
  IntegerNetwork& network = lowered.network;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    Layer& layer = network.layers[i];
    const LayerOrigin& origin = lowered.origins[i];
    if (origin.op < 0) continue;
    const Op& op = flow.ops[static_cast<size_t>(origin.op)];
    set_clamp(op, network.tensor(layer.output).quant, layer);
    if (layer.op == LayerOp::kHostTable) {
      fill_table(op, network.tensor(layer.inputs[0]), network.tensor(layer.output), layer);
    }
    if (layer.op != LayerOp::kConv) continue;
    const InputMoments* moments = nullptr;
    if (calibration != nullptr) {
      const auto found = calibration->moments.find(layer.name);
      if (found != calibration->moments.end()) moments = &found->second;
    }
    const auto stated = recipe.weights_of.find(layer.name);
    fill_parameters(
        op, origin, network.tensor(layer.inputs[0]),
        {recipe.method_of(layer.name), moments,
         stated == recipe.weights_of.end() || op.weight.is_codes ? nullptr : &stated->second},
        layer);
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
  fuse_tables(flow);
  expand_transposed(flow, problems);
  SharedQuantization shared = share_quantization(flow);
  Lowered lowered = lower(flow, shared, problems);
  problems.raise(graph.name);
  if (lowered.network.layers.empty()) throw Error(graph.name + ": has no operator to run");

  Recipe recipe;
  if (options.recipe != nullptr) recipe = with_policies(flow, shared, *options.recipe, lowered);
  assign_bits(flow, shared, options.recipe != nullptr ? &recipe : nullptr, lowered);
  add_notes(flow, lowered.network);
  find_shape_only_weights(flow, graph.has_weights, lowered.network);
  const SharedQuantization of_file = options.stated != nullptr ? shared : SharedQuantization{};
  apply_stated(flow, recipe, lowered, shared);
  set_quantization(flow, shared, options.calibration, recipe, lowered);
  if (options.calibration == nullptr) find_missing_moments(flow, recipe, lowered);
  lowered.network.has_values = lowered.network.value_blockers.empty();
  if (lowered.network.has_values) set_values(flow, options.calibration, recipe, lowered);
  lowered.network.check();
  if (options.stated != nullptr && lowered.network.has_values &&
      leaves_open(flow, of_file, lowered))
    *options.stated = stated_recipe(flow, recipe, lowered, of_file);
  return std::move(lowered.network);
}

}  // namespace qsim
