#include "sim/cli/report_file.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>

#include "hw/spec/error.h"

namespace qsim::cli {
namespace {

using Json = nlohmann::ordered_json;

// That editors put before a text. nlohmann skips it, browsers do not.
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool has_figures(const Json& figures) {
  if (!figures.is_object()) return false;
  for (const auto& [key, figure] : figures.items()) {
    if (!figure.is_object() || !figure.contains("value") || !figure.contains("unit")) return false;
  }
  return true;
}

// Each with a name of its own: reports are compared by it.
bool has_layers(const Json& layers) {
  if (!layers.is_array()) return false;
  std::set<std::string> names;
  for (const Json& layer : layers) {
    if (!layer.is_object() || !layer.contains("name") || !layer["name"].is_string()) return false;
    if (!names.insert(layer["name"].get<std::string>()).second) return false;
  }
  return true;
}

}  // namespace

std::string ReportFile::title() const {
  const Json& model = json["manifest"]["model"]["path"];
  const std::string stem = std::filesystem::path(model.get<std::string>()).stem().string();
  return stem + " on " + json["machine"]["name"].get<std::string>();
}

ReportFile load_report(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path + ": cannot be read");
  std::ostringstream text;
  text << file.rdbuf();
  ReportFile report{path, text.str(), {}};
  if (report.text.starts_with(kByteOrderMark)) report.text.erase(0, kByteOrderMark.size());
  report.json = Json::parse(report.text, nullptr, false);
  const Json& json = report.json;
  const auto fail = [&](const std::string& what) {
    throw Error(path + ": is no report of qsim run --json: " + what);
  };
  if (!json.is_object()) fail("it is not a JSON object");
  for (const char* key : {"manifest", "machine", "columns", "total", "counters", "coverage"}) {
    if (!json.contains(key) || !json[key].is_object()) {
      fail(std::string("key ") + key + " is no object");
    }
  }
  const Json::json_pointer model("/manifest/model/path");
  if (!json.contains(model) || !json[model].is_string()) fail("key manifest.model.path is no text");
  if (!json["machine"].contains("name") || !json["machine"]["name"].is_string()) {
    fail("key machine.name is no text");
  }
  if (!json.contains("figures") || !has_figures(json["figures"])) {
    fail("key figures does not hold values with units");
  }
  if (!json.contains("layers") || !has_layers(json["layers"])) {
    fail("key layers does not hold objects, each with a name of its own");
  }
  return report;
}

}  // namespace qsim::cli
