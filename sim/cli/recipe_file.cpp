#include "sim/cli/recipe_file.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "hw/spec/arch.h"
#include "hw/spec/error.h"

namespace qsim::cli {
namespace {

using Json = nlohmann::json;

const std::vector<std::string> kRoundings = {"nearest", "feedback", "adaround"};  // as in Rounding

std::string text_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

int32_t read_bits(const std::string& place, const Json& value) {
  // Compared as doubles: numbers beyond int64 do not wrap into the range.
  if (value.is_number_integer() && value.get<double>() >= 2 && value.get<double>() <= 8) {
    return value.get<int32_t>();
  }
  throw Error(place + " = " + text_of(value) + " is not a whole number in [2, 8]");
}

RangeMethod read_calibrator(const std::string& place, const Json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  if (const auto method = read_range_method(text)) return *method;
  throw Error(place + " = " + text_of(value) + " " + why_no_range_method(text));
}

bool read_switch(const std::string& place, const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  throw Error(place + " = " + text_of(value) + " is not true or false");
}

// The place of a word in `words`.
size_t read_word(const std::string& place, const Json& value,
                 const std::vector<std::string>& words) {
  std::string list;
  for (size_t i = 0; i < words.size(); ++i) {
    if (value == words[i]) return i;
    list += (i == 0 ? "" : ", ") + words[i];
  }
  throw Error(place + " = " + text_of(value) + " is not one of " + list);
}

Rounding read_rounding(const std::string& place, const Json& value) {
  return static_cast<Rounding>(read_word(place, value, kRoundings));
}

[[noreturn]] void unknown_key(const std::string& place, const std::string& key,
                              const std::vector<std::string>& known) {
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  const std::string guess = nearest(key, known);
  throw Error(place + key + " is not one of " + list +
              (guess.empty() ? "" : " (did you mean " + guess + "?)"));
}

void require_object(const std::string& place, const Json& value) {
  if (!value.is_object()) throw Error(place + " is not a JSON object");
}

float read_scale(const std::string& place, const Json& value) {
  const auto scale = value.is_number() ? value.get<float>() : 0.0f;
  if (scale > 0 && std::isfinite(scale)) return scale;
  throw Error(place + " = " + text_of(value) + " is not a number above 0 that fits float32");
}

Quantization read_tensor(const std::string& place, const Json& json) {
  require_object(place, json);
  Quantization quant;
  for (const auto& [key, value] : json.items()) {
    const std::string at = place + "." + key;
    if (key == "scale") {
      quant.scale = read_scale(at, value);
    } else if (key == "zero_point") {
      if (!value.is_number_integer() || std::abs(value.get<double>()) > 128)
        throw Error(at + " = " + text_of(value) + " is not a whole number in [-128, 127]");
      quant.zero_point = value.get<int32_t>();
    } else {
      unknown_key(place + ".", key, {"scale", "zero_point"});
    }
  }
  if (json.size() != 2) throw Error(place + " does not have both scale and zero_point");
  return quant;
}

std::vector<int8_t> read_codes(const std::string& place, const Json& value) {
  const std::string digits = value.is_string() ? value.get<std::string>() : "?";
  if (digits.size() % 2 != 0 || digits.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(place + " is not a text of two hexadecimal digits a code");
  std::vector<int8_t> codes;
  for (size_t i = 0; i < digits.size(); i += 2)
    codes.push_back(static_cast<int8_t>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  return codes;
}

const Json& require_array(const std::string& place, const Json& value) {
  if (!value.is_array()) throw Error(place + " is not a list of numbers, one per output channel");
  return value;
}

StatedWeights read_weights(const std::string& place, const Json& json) {
  StatedWeights stated;
  for (const char* key : {"weight_codes", "weight_scales", "bias"}) {
    if (!json.contains(key))
      throw Error(place + " has no " + key + ", but others of weight_codes, weight_scales, bias");
  }
  stated.codes = read_codes(place + ".weight_codes", json["weight_codes"]);
  const std::string scales = place + ".weight_scales", bias = place + ".bias";
  for (const Json& value : require_array(scales, json["weight_scales"]))
    stated.scale.push_back(read_scale(scales, value));
  for (const Json& value : require_array(bias, json["bias"])) {
    if (!value.is_number()) throw Error(bias + " = " + text_of(value) + " is not a number");
    stated.bias.push_back(value.get<double>());
  }
  if (stated.bias.size() != stated.scale.size())
    throw Error(bias + " has " + std::to_string(stated.bias.size()) + " numbers, weight_scales " +
                std::to_string(stated.scale.size()));
  return stated;
}

LayerBits read_layer(const std::string& place, const Json& json,
                     std::optional<StatedWeights>& stated) {
  require_object(place, json);
  LayerBits bits;
  if (json.contains("weight_codes") || json.contains("weight_scales") || json.contains("bias"))
    stated = read_weights(place, json);
  for (const auto& [key, value] : json.items()) {
    if (key == "weights") {
      bits.weights = read_bits(place + ".weights", value);
    } else if (key == "activations") {
      bits.activations = read_bits(place + ".activations", value);
    } else if (key == "calibrator") {
      bits.calibrator = read_calibrator(place + ".calibrator", value);
    } else if (key == "weights_per") {
      bits.is_per_tensor = read_word(place + "." + key, value, {"channel", "tensor"}) == 1;
    } else if (key == "weight_scale") {
      bits.is_mse = read_word(place + "." + key, value, {"max", "mse"}) == 1;
    } else if (key == "rounding") {
      bits.rounding = read_rounding(place + "." + key, value);
    } else if (key == "bias_correction") {
      bits.corrects_bias = read_switch(place + "." + key, value);
    } else if (key != "weight_codes" && key != "weight_scales" && key != "bias") {
      unknown_key(place + ".", key,
                  {"weights", "activations", "calibrator", "weights_per", "weight_scale",
                   "rounding", "bias_correction", "weight_codes", "weight_scales", "bias"});
    }
  }
  return bits;
}

Json parse_recipe(const std::string& recipe, std::string& place) {
  Json json;
  if (is_recipe_text(recipe)) {
    place = "recipe";
    json = Json::parse(recipe, nullptr, false);
  } else {
    place = recipe;
    std::ifstream file(recipe, std::ios::binary);
    if (!file || std::filesystem::is_directory(recipe)) throw Error(recipe + ": cannot be read");
    json = Json::parse(file, nullptr, false);
  }
  require_object(place + ":", json);
  return json;
}

using Ordered = nlohmann::ordered_json;

Ordered json_of(const LayerBits& bits) {
  Ordered layer = Ordered::object();
  if (bits.weights) layer["weights"] = *bits.weights;
  if (bits.activations) layer["activations"] = *bits.activations;
  if (bits.calibrator) layer["calibrator"] = to_text(*bits.calibrator);
  if (bits.is_per_tensor) layer["weights_per"] = *bits.is_per_tensor ? "tensor" : "channel";
  if (bits.is_mse) layer["weight_scale"] = *bits.is_mse ? "mse" : "max";
  if (bits.rounding) layer["rounding"] = kRoundings[static_cast<size_t>(*bits.rounding)];
  if (bits.corrects_bias) layer["bias_correction"] = *bits.corrects_bias;
  return layer;
}

}  // namespace

bool is_recipe_text(const std::string& recipe) { return recipe.starts_with('{'); }

std::string recipe_text(const std::string& recipe,
                        const std::vector<std::pair<std::string, std::string>>& values) {
  std::string place;
  Json json = recipe.empty() ? Json::object() : parse_recipe(recipe, place);
  for (const auto& [key, text] : values) {
    const Json value = Json::parse(text, nullptr, false);
    json[key] = value.is_discarded() ? Json(text) : value;
  }
  return json.empty() ? "" : text_of(json);
}

Recipe load_recipe(const std::string& recipe_or_path) {
  std::string path;
  const Json json = parse_recipe(recipe_or_path, path);
  Recipe recipe;
  recipe.source = path;
  for (const auto& [key, value] : json.items()) {
    const std::string place = path + ": " + key;
    if (key == "weights") {
      recipe.weights = read_bits(place, value);
    } else if (key == "activations") {
      recipe.activations = read_bits(place, value);
    } else if (key == "input") {
      recipe.input = read_bits(place, value);
    } else if (key == "outputs") {
      recipe.outputs = read_bits(place, value);
    } else if (key == "calibrator") {
      recipe.calibrator = read_calibrator(place, value);
    } else if (key == "symmetric") {
      recipe.activation_form.is_symmetric = read_switch(place, value);
    } else if (key == "scales") {
      recipe.activation_form.is_power_of_two = recipe.weight_method.is_power_of_two =
          read_word(place, value, {"any", "power_of_two"}) == 1;
    } else if (key == "weights_per") {
      recipe.weight_method.is_per_tensor = read_word(place, value, {"channel", "tensor"}) == 1;
    } else if (key == "weight_scale") {
      recipe.weight_method.is_mse = read_word(place, value, {"max", "mse"}) == 1;
    } else if (key == "rounding") {
      recipe.weight_method.rounding = read_rounding(place, value);
    } else if (key == "sequential") {
      recipe.is_sequential = read_switch(place, value);
    } else if (key == "bias_correction") {
      recipe.weight_method.corrects_bias = read_switch(place, value);
    } else if (key == "equalization") {
      recipe.equalizes = read_switch(place, value);
    } else if (key == "first" || key == "last") {
      std::optional<StatedWeights> stated;
      (key == "first" ? recipe.first : recipe.last) = read_layer(place, value, stated);
      if (stated) throw Error(place + ": weight_codes are of one layer; state them in layers");
    } else if (key == "layers") {
      require_object(place, value);
      for (const auto& [name, layer] : value.items()) {
        std::optional<StatedWeights> stated;
        recipe.layers[name] = read_layer(place + "." + name, layer, stated);
        if (stated) recipe.weights_of[name] = std::move(*stated);
      }
    } else if (key == "tensors") {
      require_object(place, value);
      for (const auto& [name, tensor] : value.items()) {
        recipe.tensors[name] = read_tensor(place + "." + name, tensor);
      }
    } else {
      unknown_key(path + ": ", key,
                  {"weights", "activations", "input", "outputs", "calibrator", "symmetric",
                   "scales", "weights_per", "weight_scale", "rounding", "sequential",
                   "bias_correction", "equalization", "first", "last", "layers", "tensors"});
    }
  }
  return recipe;
}

std::string to_json(const Recipe& recipe) {
  const WeightMethod& weights = recipe.weight_method;
  std::vector<std::pair<const char*, Ordered>> keys = {
      {"weights", recipe.weights},
      {"activations", recipe.activations},
      {"input", recipe.input},
      {"outputs", recipe.outputs},
      {"calibrator", to_text(recipe.calibrator)},
      {"symmetric", recipe.activation_form.is_symmetric},
      {"scales", weights.is_power_of_two ? "power_of_two" : "any"},
      {"weights_per", weights.is_per_tensor ? "tensor" : "channel"},
      {"weight_scale", weights.is_mse ? "mse" : "max"},
      {"rounding", kRoundings[static_cast<size_t>(weights.rounding)]},
      {"sequential", recipe.is_sequential},
      {"bias_correction", weights.corrects_bias},
      {"equalization", recipe.equalizes}};
  if (recipe.first != LayerBits{}) keys.emplace_back("first", json_of(recipe.first));
  if (recipe.last != LayerBits{}) keys.emplace_back("last", json_of(recipe.last));
  std::string text = "{";
  for (const auto& [key, value] : keys) {
    text += (text.size() == 1 ? "" : ",") + std::string("\n \"") + key + "\": " + value.dump();
  }
  // A line for each of these, so that people find and change them.
  const auto add_lines = [&](const char* key, const std::map<std::string, Ordered>& lines) {
    text += std::string(",\n \"") + key + "\": {";
    const char* separator = "\n  ";
    for (const auto& [name, value] : lines) {
      text += separator + Ordered(name).dump() + ": " + value.dump();
      separator = ",\n  ";
    }
    text += "}";
  };
  std::map<std::string, Ordered> layers, tensors;
  for (const auto& [name, bits] : recipe.layers) layers[name] = json_of(bits);
  for (const auto& [name, stated] : recipe.weights_of) {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string codes;
    for (int8_t code : stated.codes)
      codes += {kDigits[static_cast<uint8_t>(code) >> 4], kDigits[static_cast<uint8_t>(code) & 15]};
    Ordered& layer = layers[name];
    layer["weight_codes"] = codes;
    layer["weight_scales"] = stated.scale;
    layer["bias"] = stated.bias;
  }
  for (const auto& [name, quant] : recipe.tensors)
    tensors[name] = Ordered{{"scale", quant.scale}, {"zero_point", quant.zero_point}};
  add_lines("layers", layers);
  add_lines("tensors", tensors);
  return text + "\n}\n";
}

}  // namespace qsim::cli
