#include "sim/synth/tool_output.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "hw/spec/error.h"

namespace qsim::synth {
namespace {

using Json = nlohmann::json;

// yosys 0.23 prints the tree of modules into the object: lines without a quote or a bracket.
std::string without_tree(const std::string& text) {
  std::istringstream lines(text);
  std::string json;
  for (std::string line; std::getline(lines, line);) {
    const bool is_json = line.find_first_of("\"{}") != std::string::npos;
    if (is_json) json += line + "\n";
  }
  return json;
}

// "$paramod$1f3a\qsim_fifo", "$paramod\qsim_pe_ws\PeModes=32'0", "\qsim_top" or "qsim_top".
std::string source_name(const std::string& module) {
  const size_t begin = module.find('\\');
  if (begin == std::string::npos) return module;
  const size_t end = module.find('\\', begin + 1);
  return module.substr(begin + 1, end == std::string::npos ? end : end - begin - 1);
}

void add(CellCounts& sum, const CellCounts& cells, int64_t times) {
  for (const auto& [cell, count] : cells) sum[cell] += times * count;
}

class Design {
 public:
  explicit Design(const Json& modules) {
    for (const auto& [name, module] : modules.items()) {
      for (const auto& [cell, count] : module.at("num_cells_by_type").items()) {
        direct_[name][cell] = count.get<int64_t>();
      }
    }
  }

  std::string find(const std::string& source) const {
    for (const auto& [name, cells] : direct_) {
      if (source_name(name) == source) return name;
    }
    throw Error("no module " + source + " in what yosys counted");
  }

  // With all that it contains.
  const CellCounts& total(const std::string& name) {
    const auto known = totals_.find(name);
    if (known != totals_.end()) return known->second;
    CellCounts sum;
    for (const auto& [cell, count] : direct_.at(name)) {
      if (const std::string* module = module_of(cell)) {
        add(sum, total(*module), count);
      } else {
        sum[cell] += count;
      }
    }
    return totals_[name] = sum;
  }

  std::map<std::string, ModuleCells> parts(const std::string& top) {
    std::map<std::string, ModuleCells> parts;
    for (const auto& [cell, count] : direct_.at(top)) {
      const std::string* module = module_of(cell);
      if (!module) continue;
      ModuleCells& part = parts[source_name(*module)];
      if (part.copies == 0) {
        part = {source_name(*module), count, total(*module)};
        continue;
      }
      CellCounts all;
      add(all, part.cells, part.copies);
      add(all, total(*module), count);
      part.copies = 1;
      part.cells = all;
    }
    return parts;
  }

 private:
  // Names stand with and without the backslash of names from the source.
  const std::string* module_of(const std::string& cell) const {
    for (const std::string& name : {cell, "\\" + cell}) {
      const auto found = direct_.find(name);
      if (found != direct_.end()) return &found->first;
    }
    return nullptr;
  }

  std::map<std::string, CellCounts> direct_;
  std::map<std::string, CellCounts> totals_;
};

}  // namespace

Statistics parse_statistics(const std::string& text, const std::string& top) {
  try {
    Design design(Json::parse(without_tree(text)).at("modules"));
    const std::string name = design.find(top);
    Statistics statistics{design.total(name), {}};
    for (const auto& [part_name, part] : design.parts(name)) statistics.parts.push_back(part);
    return statistics;
  } catch (const Json::exception& error) {
    throw Error(std::string("yosys' statistics are not understood: ") + error.what());
  }
}

Placement parse_placement(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    Placement placement;
    for (const auto& [clock, fmax] : json.at("fmax").items()) {
      const double mhz = fmax.at("achieved").get<double>();
      if (placement.mhz == 0 || mhz < placement.mhz) placement.mhz = mhz;
    }
    if (placement.mhz == 0) throw Error("nextpnr's report names no clock");
    for (const char* cell : {"TRELLIS_COMB", "ICESTORM_LC"}) {
      if (!json.at("utilization").contains(cell)) continue;
      placement.comb = json["utilization"][cell].at("used").get<int64_t>();
      placement.comb_total = json["utilization"][cell].at("available").get<int64_t>();
    }
    return placement;
  } catch (const Json::exception& error) {
    throw Error(std::string("nextpnr's report is not understood: ") + error.what());
  }
}

}  // namespace qsim::synth
