// The JSON form of baselines.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hw/spec/error.h"
#include "sim/cli/baseline.h"
#include "sim/cli/output_file.h"

namespace qsim::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "qsim-baseline";
constexpr int kVersion = 1;

// A key of an object at `place`; without a default it must be there.
template <typename T>
T read(const std::string& place, const Json& object, const char* key,
       const std::optional<T>& otherwise = std::nullopt) {
  const auto value = object.find(key);
  if (value == object.end() && otherwise) return *otherwise;
  if (value == object.end()) throw Error(place + ": " + key + " is missing");
  const bool fits =
      std::is_same_v<T, std::string> ? value->is_string() : value->is_number_integer();
  if (!fits) {
    throw Error(place + ": " + key + " = " + value->dump() + " is not " +
                (std::is_same_v<T, std::string> ? "a string" : "an integer"));
  }
  return value->get<T>();
}

const Json& read_array(const std::string& place, const Json& object, const char* key) {
  const auto value = object.find(key);
  if (value == object.end() || !value->is_array()) {
    throw Error(place + ": " + key + " is not an array");
  }
  for (const Json& element : *value) {
    if (!element.is_object()) throw Error(place + ": " + key + " has an element that is no object");
  }
  return *value;
}

BaselineEntry read_entry(const std::string& place, const Json& json) {
  BaselineEntry entry;
  entry.model = read<std::string>(place, json, "model");
  entry.model_sha256 = read<std::string>(place, json, "model_sha256");
  entry.machine = read<std::string>(place, json, "machine");
  entry.machine_sha256 = read<std::string>(place, json, "machine_sha256");
  entry.inputs_sha256 = read<std::string>(place, json, "inputs_sha256", "");
  entry.cycles = read<int64_t>(place, json, "cycles");
  for (const Json& layer : read_array(place, json, "layers")) {
    const std::string inside = place + ": layers[" + std::to_string(entry.layers.size()) + "]";
    entry.layers.push_back({read<std::string>(inside, layer, "name"),
                            read<int64_t>(inside, layer, "cycles"),
                            read<std::string>(inside, layer, "codes_sha256", "")});
  }
  return entry;
}

Json entry_json(const BaselineEntry& entry) {
  Json json = {{"model", entry.model},
               {"model_sha256", entry.model_sha256},
               {"machine", entry.machine},
               {"machine_sha256", entry.machine_sha256}};
  if (!entry.inputs_sha256.empty()) json["inputs_sha256"] = entry.inputs_sha256;
  json["cycles"] = entry.cycles;
  json["layers"] = Json::array();
  for (const BaselineLayer& layer : entry.layers) {
    Json row = {{"name", layer.name}, {"cycles", layer.cycles}};
    if (!layer.codes_sha256.empty()) row["codes_sha256"] = layer.codes_sha256;
    json["layers"].push_back(row);
  }
  return json;
}

}  // namespace

std::vector<BaselineEntry> load_baseline(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) throw Error(path + ": cannot be read");
  const Json json = Json::parse(file, nullptr, false);
  if (!json.is_object()) throw Error(path + ": is not a JSON object");
  const std::string format = read<std::string>(path, json, "format");
  if (format != kFormat) throw Error(path + ": format = " + format + " is not " + kFormat);
  const int64_t version = read<int64_t>(path, json, "version");
  if (version != kVersion) {
    throw Error(path + ": version = " + std::to_string(version) + " is not " +
                std::to_string(kVersion));
  }
  std::vector<BaselineEntry> entries;
  for (const Json& entry : read_array(path, json, "entries")) {
    entries.push_back(
        read_entry(path + ": entries[" + std::to_string(entries.size()) + "]", entry));
  }
  return entries;
}

void update_baseline(const std::string& path, const BaselineEntry& entry) {
  std::vector<BaselineEntry> entries;
  if (std::filesystem::exists(path)) entries = load_baseline(path);
  // A name that ends in "+" may be of many machines.
  const auto place = std::find_if(entries.begin(), entries.end(), [&](const BaselineEntry& old) {
    return old.model == entry.model && old.machine == entry.machine &&
           (old.machine_sha256 == entry.machine_sha256 || !entry.machine.ends_with('+'));
  });
  if (place == entries.end()) {
    entries.push_back(entry);
  } else {
    *place = entry;
  }
  Json json = {{"format", kFormat}, {"version", kVersion}, {"entries", Json::array()}};
  for (const BaselineEntry& each : entries) json["entries"].push_back(entry_json(each));
  write_file(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace qsim::cli
