#include "sim/cli/recipe_file.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "hw/spec/arch.h"
#include "hw/spec/error.h"

namespace qsim::cli {
namespace {

using Json = nlohmann::json;

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

LayerBits read_layer(const std::string& place, const Json& json) {
  require_object(place, json);
  LayerBits bits;
  for (const auto& [key, value] : json.items()) {
    if (key == "weights") {
      bits.weights = read_bits(place + ".weights", value);
    } else if (key == "activations") {
      bits.activations = read_bits(place + ".activations", value);
    } else if (key == "calibrator") {
      bits.calibrator = read_calibrator(place + ".calibrator", value);
    } else {
      unknown_key(place + ".", key, {"weights", "activations", "calibrator"});
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
      recipe.weight_method.has_feedback = read_word(place, value, {"nearest", "feedback"}) == 1;
    } else if (key == "bias_correction") {
      recipe.weight_method.corrects_bias = read_switch(place, value);
    } else if (key == "equalization") {
      recipe.equalizes = read_switch(place, value);
    } else if (key == "layers") {
      require_object(place, value);
      for (const auto& [name, layer] : value.items()) {
        recipe.layers[name] = read_layer(place + "." + name, layer);
      }
    } else {
      unknown_key(
          path + ": ", key,
          {"weights", "activations", "input", "outputs", "calibrator", "symmetric", "scales",
           "weights_per", "weight_scale", "rounding", "bias_correction", "equalization", "layers"});
    }
  }
  return recipe;
}

}  // namespace qsim::cli
