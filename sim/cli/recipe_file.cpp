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

int32_t read_bits(const std::string& place, const Json& value) {
  // Compared as doubles: numbers beyond int64 do not wrap into the range.
  if (value.is_number_integer() && value.get<double>() >= 2 && value.get<double>() <= 8) {
    return value.get<int32_t>();
  }
  throw Error(place + " = " + value.dump(-1, ' ', false, Json::error_handler_t::replace) +
              " is not a whole number in [2, 8]");
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
    } else {
      unknown_key(place + ".", key, {"weights", "activations"});
    }
  }
  return bits;
}

}  // namespace

Recipe load_recipe(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) throw Error(path + ": cannot be read");
  const Json json = Json::parse(file, nullptr, false);
  require_object(path + ":", json);
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
    } else if (key == "layers") {
      require_object(place, value);
      for (const auto& [name, layer] : value.items()) {
        recipe.layers[name] = read_layer(place + "." + name, layer);
      }
    } else {
      unknown_key(path + ": ", key, {"weights", "activations", "input", "outputs", "layers"});
    }
  }
  return recipe;
}

}  // namespace qsim::cli
