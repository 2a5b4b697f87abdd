#include "sim/cli/synth_text.h"

#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "sim/report/manifest.h"
#include "sim/report/text_table.h"

namespace qsim::cli {
namespace {

using Json = nlohmann::ordered_json;
using synth::Resources;

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string title(const Arch& arch, synth::Target target) {
  return "machine  " + arch.name + ": " + std::to_string(arch.array.rows) + "x" +
         std::to_string(arch.array.cols) + " " + get_arch_key(arch, "array.dataflow") +
         ", requant " + get_arch_key(arch, "vector.requant") + ", for " + name_of(target) + "\n";
}

std::vector<std::string> row(const std::string& name, const Resources& used) {
  return {name, std::to_string(used.lut), std::to_string(used.ff), std::to_string(used.dsp),
          std::to_string(used.bram)};
}

Json resources_json(const Resources& used) {
  return {{"lut", used.lut}, {"ff", used.ff}, {"dsp", used.dsp}, {"bram", used.bram}};
}

Json features_json(const Arch& arch) {
  Json json = Json::object();
  for (const synth::Feature& feature : synth::features(arch)) json[feature.name] = feature.value;
  return json;
}

Json head_json(const Arch& arch, synth::Target target, const std::string& command) {
  Json json = {{"manifest",
                {{"tool", "qsim"},
                 {"version", qsim_version()},
                 {"command", command},
                 {"arch", {{"name", arch.name}, {"sha256", sha256_of(to_text(arch))}}}}}};
  for (const ArchKey& key : arch_keys()) {
    json["machine"][key.name] = get_arch_key(arch, key.name);
  }
  json["target"] = name_of(target);
  return json;
}

}  // namespace

std::string synthesis_text(const Arch& arch, const synth::Synthesis& synthesis) {
  TextTable table({{"module", false}, {"LUT"}, {"FF"}, {"DSP"}, {"block RAM"}});
  for (const synth::ModuleCells& part : synthesis.statistics.parts) {
    const std::string copies = part.copies > 1 ? std::to_string(part.copies) + " x " : "";
    table.add_row(row(copies + part.name, synth::resources_of(synthesis.target, part.cells)));
  }
  table.add_row(row("the machine", synthesis.resources));
  std::string text = title(arch, synthesis.target) + table.render(100);
  for (const synth::Device& device : synth::devices(synthesis.target)) {
    const std::string missing = synth::shortage(device, synthesis.resources);
    text += std::string(device.name) + ": ";
    if (missing.empty()) {
      text += "holds it, with " +
              fixed(100.0 * static_cast<double>(synthesis.resources.lut) /
                        static_cast<double>(device.has.lut),
                    0) +
              " % of its LUTs\n";
    } else {
      text += "does not hold it: " + missing + "\n";
    }
  }
  const std::optional<synth::Placed>& placed = synthesis.placed;
  if (placed) {
    text += "placed and routed on " + placed->device + " (seed " + std::to_string(placed->seed) +
            "): " + fixed(placed->result.mhz, 1) + " MHz, " + std::to_string(placed->result.comb) +
            " of " + std::to_string(placed->result.comb_total) + " logic cells\n";
  } else if (synthesis.target == synth::Target::kXc7) {
    text += "clock: not known; there is no free placer for xc7, synthesis alone\n";
  } else {
    text += "clock: not known without --place\n";
  }
  return text + "measured: " + synthesis.tool + (placed ? "; " + placed->tool : "") + "\n";
}

std::string synthesis_json(const Arch& arch, const synth::Synthesis& synthesis,
                           const std::string& command) {
  Json json = head_json(arch, synthesis.target, command);
  json["origin"] = "measured";
  json["tool"] = synthesis.tool;
  json["resources"] = resources_json(synthesis.resources);
  json["cells"] = synthesis.statistics.total;
  json["modules"] = Json::array();
  for (const synth::ModuleCells& part : synthesis.statistics.parts) {
    Json module = {{"name", part.name}, {"copies", part.copies}};
    module["resources"] = resources_json(synth::resources_of(synthesis.target, part.cells));
    json["modules"].push_back(module);
  }
  json["features"] = features_json(arch);
  json["netlist"] = synthesis.netlist.string();
  json["placed"] = Json();
  if (const std::optional<synth::Placed>& placed = synthesis.placed) {
    json["placed"] = {{"device", placed->device},
                      {"tool", placed->tool},
                      {"seed", placed->seed},
                      {"mhz", placed->result.mhz},
                      {"logic_cells", placed->result.comb},
                      {"logic_cells_of_device", placed->result.comb_total}};
  }
  return json.dump(2) + "\n";
}

std::string prediction_text(const Arch& arch, synth::Target target,
                            const synth::Prediction& prediction) {
  TextTable table({{"", false}, {"predicted"}, {"error left out, at most", false}});
  for (const synth::Estimate& estimate : prediction.estimates) {
    table.add_row(
        {estimate.resource, fixed(estimate.value, 0),
         estimate.beyond.empty() ? fixed(estimate.error_percent, 1) + " %" : "not known"});
  }
  std::string text = title(arch, target) + table.render(100);
  for (const synth::Estimate& estimate : prediction.estimates) {
    if (estimate.beyond.empty()) continue;
    text += std::string(estimate.resource) +
            " is beyond the machines measured: " + estimate.beyond + "\n";
  }
  return text + "fitted: " + std::to_string(prediction.machines) + " machines of " +
         prediction.tool + "; no tool ran\n";
}

std::string prediction_json(const Arch& arch, synth::Target target,
                            const synth::Prediction& prediction, const std::string& command) {
  Json json = head_json(arch, target, command);
  json["origin"] = "fitted";
  json["tool"] = prediction.tool;
  json["machines"] = prediction.machines;
  json["features"] = features_json(arch);
  for (const synth::Estimate& estimate : prediction.estimates) {
    Json& resource = json["resources"][estimate.resource];
    resource["value"] = std::round(estimate.value);
    resource["largest_error_percent"] =
        estimate.beyond.empty() ? Json(estimate.error_percent) : Json();
    if (!estimate.beyond.empty()) resource["beyond"] = estimate.beyond;
  }
  return json.dump(2) + "\n";
}

}  // namespace qsim::cli
