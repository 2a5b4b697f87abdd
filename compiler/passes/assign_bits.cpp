#include <algorithm>
#include <vector>

#include "compiler/passes/recipe.h"
#include "hw/spec/arch.h"
#include "hw/spec/error.h"
#include "hw/spec/packing.h"

namespace qsim {
namespace {

bool reads(const Layer& layer, TensorId id) {
  return std::find(layer.inputs.begin(), layer.inputs.end(), id) != layer.inputs.end();
}

class BitAssigner {
 public:
  BitAssigner(const Flow& flow, const SharedQuantization& shared, const Recipe& recipe,
              Lowered& lowered)
      : flow_(flow),
        shared_(shared),
        recipe_(recipe),
        lowered_(lowered),
        network_(lowered.network) {}

  void check() const {
    if (!leaves_open(flow_, shared_, lowered_)) {
      throw Error(network_.name + ": the file carries its own quantization, which stands; " +
                  recipe_.source + " can only say what a file leaves open");
    }
    std::string problems;
    int count = 0;
    for (const auto& [name, bits] : recipe_.layers) {
      for (const std::string& problem : problems_of(name, bits)) {
        problems += (count++ == 0 ? "" : "; ") + problem;
      }
    }
    if (count == 0) return;
    throw Error(recipe_.source + ": " + std::to_string(count) +
                (count == 1 ? " entry does" : " entries do") + " not fit " + network_.name + ": " +
                problems);
  }

  void run() {
    std::vector<int32_t> bits(flow_.edges.size(), 0);  // per group, at its representative
    for (size_t i = 0; i < network_.tensors.size(); ++i) {
      int32_t& most = bits[group_of(static_cast<TensorId>(i))];
      most = std::max(most, bits_asked(static_cast<TensorId>(i)));
    }
    for (size_t i = 0; i < network_.tensors.size(); ++i) {
      NetTensor& tensor = network_.tensors[i];
      const auto id = static_cast<TensorId>(i);
      if (!tensor.is_float) tensor.bits = is_given(id) ? form(id)->bits : bits[group_of(id)];
    }
    for (size_t i = 0; i < network_.layers.size(); ++i) {
      Layer& layer = network_.layers[i];
      if (layer.op == LayerOp::kConv) {
        layer.weight_bits = has_given_weights(i) ? op_of(i).weight.narrowing().bits
                                                 : named(layer).weights.value_or(recipe_.weights);
      }
      if (!has_clamp(layer.op) && layer.op != LayerOp::kHostQuantize) continue;
      const std::optional<CodeForm>& given = form(layer.output);
      const int32_t of_output = network_.tensor(layer.output).bits;
      layer.clamp_low = given ? given->low : lowest_code(of_output);
      layer.clamp_high = given ? given->high : highest_code(of_output);
    }
  }

 private:
  size_t group_of(TensorId id) const {
    const auto edge = static_cast<size_t>(lowered_.edges[static_cast<size_t>(id)]);
    return static_cast<size_t>(shared_.group[edge]);
  }

  // By the file.
  const std::optional<CodeForm>& form(TensorId id) const { return shared_.form[group_of(id)]; }
  bool is_given(TensorId id) const { return form(id).has_value(); }
  const Op& op_of(size_t layer) const {
    return flow_.ops[static_cast<size_t>(lowered_.origins[layer].op)];
  }
  bool has_given_weights(size_t layer) const {
    return lowered_.origins[layer].op >= 0 && op_of(layer).weight.is_codes;
  }

  LayerBits named(const Layer& layer) const {
    const auto found = recipe_.layers.find(layer.name);
    return found == recipe_.layers.end() ? LayerBits{} : found->second;
  }

  bool is_network_input(TensorId id) const {
    return std::any_of(network_.layers.begin(), network_.layers.end(), [&](const Layer& layer) {
      return layer.op == LayerOp::kHostQuantize && layer.output == id &&
             std::count(network_.inputs.begin(), network_.inputs.end(), layer.inputs[0]) != 0;
    });
  }

  // 0: as its group.
  int32_t bits_asked(TensorId id) const {
    if (network_.tensor(id).is_float) return 0;
    const bool is_input = is_network_input(id);
    int32_t most = 0;
    bool only_host = true;
    for (const Layer& layer : network_.layers) {
      if (!reads(layer, id)) continue;
      const bool passes_on =
          !network_.tensor(layer.output).is_float && group_of(layer.output) == group_of(id);
      const bool is_host = layer.is_host() && !passes_on;
      only_host = only_host && is_host;
      const int32_t otherwise = is_input               ? recipe_.input
                                : passes_on || is_host ? 0
                                                       : recipe_.activations;
      most = std::max(most, named(layer).activations.value_or(otherwise));
    }
    return most == 0 && only_host ? recipe_.outputs : most;
  }

  std::vector<std::string> problems_of(const std::string& name, const LayerBits& bits) const {
    const std::string place = "layers." + name;
    const auto found = std::find_if(network_.layers.begin(), network_.layers.end(),
                                    [&](const Layer& layer) { return layer.name == name; });
    if (found == network_.layers.end()) {
      std::vector<std::string> names;
      for (const Layer& layer : network_.layers) names.push_back(layer.name);
      const std::string guess = nearest(name, names);
      return {place + " is no layer" + (guess.empty() ? "" : " (did you mean " + guess + "?)")};
    }
    std::vector<std::string> problems;
    const auto add = [&](const char* key, const std::string& value, const std::string& why) {
      problems.push_back(place + "." + key + value + ", but " + why);
    };
    const auto equals = [](int32_t value) { return " = " + std::to_string(value); };
    std::string why_no_weights;
    if (found->op != LayerOp::kConv) {
      why_no_weights = std::string("a ") + name_of(found->op) + " has no weights";
    } else if (has_given_weights(static_cast<size_t>(found - network_.layers.begin()))) {
      why_no_weights = "the file quantizes its weights";
    }
    if (!why_no_weights.empty()) {
      if (bits.weights) add("weights", equals(*bits.weights), why_no_weights);
      if (bits.is_per_tensor) add("weights_per", " is given", why_no_weights);
      if (bits.is_mse) add("weight_scale", " is given", why_no_weights);
      if (bits.rounding) add("rounding", " is given", why_no_weights);
      if (bits.corrects_bias) add("bias_correction", " is given", why_no_weights);
    }
    const bool reads_codes = !network_.tensor(found->inputs[0]).is_float;
    const bool is_all_given = std::all_of(found->inputs.begin(), found->inputs.end(),
                                          [&](TensorId id) { return is_given(id); });
    if (reads_codes && !is_all_given) return problems;
    const std::string why = reads_codes ? "the file quantizes what it reads" : "it reads float32";
    if (bits.activations) add("activations", equals(*bits.activations), why);
    if (bits.calibrator) add("calibrator", " is given", why);
    return problems;
  }

  const Flow& flow_;
  const SharedQuantization& shared_;
  const Recipe& recipe_;
  Lowered& lowered_;
  IntegerNetwork& network_;
};

}  // namespace

WeightMethod LayerBits::method(const WeightMethod& of_all) const {
  WeightMethod result = of_all;
  result.is_per_tensor = is_per_tensor.value_or(of_all.is_per_tensor);
  result.is_mse = is_mse.value_or(of_all.is_mse);
  result.rounding = rounding.value_or(of_all.rounding);
  result.corrects_bias = corrects_bias.value_or(of_all.corrects_bias);
  return result;
}

CalibrationNeeds Recipe::needs() const {
  CalibrationNeeds needs{.histograms = calibrator.needs_histogram(),
                         .means = weight_method.corrects_bias,
                         .products = weight_method.needs_products()};
  const auto add = [&](const LayerBits& bits) {
    needs.histograms |= bits.calibrator && bits.calibrator->needs_histogram();
    needs.means |= bits.method(weight_method).corrects_bias;
    needs.products |= bits.method(weight_method).needs_products();
  };
  add(first);
  add(last);
  for (const auto& [name, bits] : layers) add(bits);
  return needs;
}

WeightMethod Recipe::method_of(const std::string& layer) const {
  const auto named = layers.find(layer);
  return named == layers.end() ? weight_method : named->second.method(weight_method);
}

bool leaves_open(const Flow& flow, const SharedQuantization& shared, const Lowered& lowered) {
  const IntegerNetwork& network = lowered.network;
  for (size_t i = 0; i < network.tensors.size(); ++i) {
    const auto group = static_cast<size_t>(shared.group[static_cast<size_t>(lowered.edges[i])]);
    if (!network.tensors[i].is_float && !shared.form[group]) return true;
  }
  for (size_t i = 0; i < network.layers.size(); ++i) {
    if (network.layers[i].op != LayerOp::kConv) continue;
    const int32_t op = lowered.origins[i].op;
    if (op < 0 || !flow.ops[static_cast<size_t>(op)].weight.is_codes) return true;
  }
  return false;
}

void assign_bits(const Flow& flow, const SharedQuantization& shared, const Recipe* recipe,
                 Lowered& lowered) {
  const Recipe plain;
  BitAssigner assigner(flow, shared, recipe != nullptr ? *recipe : plain, lowered);
  if (recipe != nullptr) assigner.check();
  assigner.run();
}

}  // namespace qsim
