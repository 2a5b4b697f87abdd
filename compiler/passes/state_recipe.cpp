#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "compiler/passes/recipe.h"
#include "hw/spec/arch.h"
#include "hw/spec/error.h"
#include "hw/spec/packing.h"

namespace qsim {
namespace {

size_t group_of(const SharedQuantization& shared, const Lowered& lowered, size_t tensor) {
  return static_cast<size_t>(shared.group[static_cast<size_t>(lowered.edges[tensor])]);
}

bool has_open_weights(const Flow& flow, const Lowered& lowered, size_t layer) {
  return lowered.network.layers[layer].op == LayerOp::kConv &&
         !flow.ops[static_cast<size_t>(lowered.origins[layer].op)].weight.is_codes;
}

std::string not_found(const std::string& place, const char* kind, const std::string& name,
                      const std::vector<std::string>& names) {
  const std::string guess = nearest(name, names);
  return place + " is no " + kind + (guess.empty() ? "" : " (did you mean " + guess + "?)");
}

std::string text_of(const Quantization& quant) {
  return "scale " + std::to_string(quant.scale) + ", zero_point " +
         std::to_string(quant.zero_point);
}

void state_tensors(const Recipe& recipe, const Lowered& lowered, SharedQuantization& shared,
                   std::vector<std::string>& problems) {
  const std::vector<NetTensor>& tensors = lowered.network.tensors;
  const std::vector<std::optional<CodeForm>> of_file = shared.form;
  std::vector<std::string> names;
  for (const NetTensor& tensor : tensors) {
    if (!tensor.is_float) names.push_back(tensor.name);
  }
  for (const auto& [name, quant] : recipe.tensors) {
    const std::string place = "tensors." + name;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      problems.push_back(not_found(place, "tensor of codes", name, names));
      continue;
    }
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (tensors[i].name != name || tensors[i].is_float) continue;
      const size_t group = group_of(shared, lowered, i);
      const int32_t bits = tensors[i].bits;
      std::optional<CodeForm>& form = shared.form[group];
      if (of_file[group]) {
        problems.push_back(place + " is given, but the file quantizes it");
      } else if (quant.zero_point < lowest_code(bits) || quant.zero_point > highest_code(bits)) {
        problems.push_back(place + ".zero_point = " + std::to_string(quant.zero_point) +
                           " is no code of " + std::to_string(bits) + " bits");
      } else if (form && form->quant != quant) {
        problems.push_back(place + " has " + text_of(quant) +
                           ", but shares its codes with a tensor that has " + text_of(form->quant));
      } else {
        form = CodeForm{.quant = quant, .bits = bits};
      }
    }
  }
}

void check_weights(const Flow& flow, const Recipe& recipe, const Lowered& lowered,
                   std::vector<std::string>& problems) {
  const std::vector<Layer>& layers = lowered.network.layers;
  for (const auto& [name, stated] : recipe.weights_of) {
    const auto found =
        std::find_if(layers.begin(), layers.end(),
                     [&, &name = name](const Layer& layer) { return layer.name == name; });
    if (found == layers.end()) continue;  // named by assign_bits()
    const std::string place = "layers." + name + ".weight_codes";
    const auto at = static_cast<size_t>(found - layers.begin());
    if (!has_open_weights(flow, lowered, at)) {
      problems.push_back(place + " is given, but " +
                         (found->op == LayerOp::kConv
                              ? "the file quantizes its weights"
                              : std::string("a ") + name_of(found->op) + " has no weights"));
      continue;
    }
    const NetTensor& input = lowered.network.tensor(found->inputs[0]);
    const auto channels = static_cast<size_t>(lowered.network.tensor(found->output).c);
    const size_t each = static_cast<size_t>(found->window.kh) *
                        static_cast<size_t>(found->window.kw) *
                        static_cast<size_t>(input.c / found->groups);
    const int32_t most = highest_code(found->weight_bits);
    if (stated.scale.size() != channels || stated.codes.size() != channels * each) {
      problems.push_back(place + " has " + std::to_string(stated.codes.size()) + " codes and " +
                         std::to_string(stated.scale.size()) + " scales, but the layer " +
                         std::to_string(channels * each) + " weights and " +
                         std::to_string(channels) + " output channels");
    } else if (std::any_of(stated.codes.begin(), stated.codes.end(),
                           [&](int8_t code) { return code > most || code < -most - 1; })) {
      problems.push_back(place + " has codes that do not fit weights of " +
                         std::to_string(found->weight_bits) + " bits");
    }
  }
}

}  // namespace

void apply_stated(const Flow& flow, const Recipe& recipe, const Lowered& lowered,
                  SharedQuantization& shared) {
  std::vector<std::string> problems;
  state_tensors(recipe, lowered, shared, problems);
  check_weights(flow, recipe, lowered, problems);
  if (problems.empty()) return;
  std::string list;
  for (const std::string& problem : problems) list += (list.empty() ? "" : "; ") + problem;
  throw Error(recipe.source + ": " + std::to_string(problems.size()) +
              (problems.size() == 1 ? " entry does" : " entries do") + " not fit " +
              lowered.network.name + ": " + list);
}

Recipe stated_recipe(const Flow& flow, const Recipe& recipe, const Lowered& lowered,
                     const SharedQuantization& shared) {
  Recipe result = recipe;
  const IntegerNetwork& network = lowered.network;
  const auto is_open = [&](TensorId id) {
    return !network.tensor(id).is_float &&
           !shared.form[group_of(shared, lowered, static_cast<size_t>(id))];
  };
  for (size_t i = 0; i < network.tensors.size(); ++i) {
    if (is_open(static_cast<TensorId>(i)))
      result.tensors[network.tensors[i].name] = network.tensors[i].quant;
  }
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    std::set<int32_t> bits;  // of what it reads
    for (TensorId id : layer.inputs) {
      if (is_open(id)) bits.insert(network.tensor(id).bits);
    }
    // Where inputs differ (one is the network's own), the keys for all layers say it.
    if (bits.size() == 1) {
      LayerBits& named = result.layers[layer.name];
      if (!named.activations) named.activations = *bits.begin();
    }
    if (!has_open_weights(flow, lowered, i)) continue;
    result.layers[layer.name].weights = layer.weight_bits;
    const WeightMethod method = recipe.method_of(layer.name);
    const bool from_samples = method.corrects_bias || method.needs_products();
    if (!from_samples && !recipe.weights_of.contains(layer.name)) continue;
    StatedWeights& stated = result.weights_of[layer.name];
    stated = {layer.weights, layer.weight_scale, {}};
    for (size_t o = 0; o < layer.bias.size(); ++o) {
      stated.bias.push_back(layer.bias[o] * double{network.tensor(layer.inputs[0]).quant.scale} *
                            double{layer.weight_scale[o]});
    }
  }
  return result;
}

}  // namespace qsim
