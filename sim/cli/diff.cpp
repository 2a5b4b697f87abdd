#include "sim/cli/diff.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "sim/report/text_table.h"

namespace qsim::cli {
namespace {

using Json = nlohmann::ordered_json;

// A value of both files: null where one has none.
const Json& at(const Json& object, const std::string& key) {
  static const Json kNothing;
  return object.is_object() && object.contains(key) ? object.at(key) : kNothing;
}

std::vector<std::string> keys_of(const Json& a, const Json& b) {
  std::vector<std::string> keys;
  for (const Json* object : {&a, &b}) {
    if (!object->is_object()) continue;
    for (const auto& [key, value] : object->items()) {
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
  }
  return keys;
}

std::string text_of(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_number_integer()) return number_text(value.get<double>(), 0);
  if (value.is_number()) return number_text(value.get<double>(), 3);
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// "+12.5 %" of a number; nothing for what has no ratio.
std::string change_of(const Json& a, const Json& b) {
  if (!a.is_number() || !b.is_number() || a.get<double>() == 0) return "";
  // Of a negative number (an SQNR): + is still more.
  const double percent = 100 * (b.get<double>() - a.get<double>()) / std::fabs(a.get<double>());
  return (percent > 0 ? "+" : "") + number_text(percent, std::fabs(percent) < 10 ? 2 : 1) + " %";
}

// One table of differing rows under a heading.
class Section {
 public:
  Section(std::string heading, const std::string& first)
      : heading_(std::move(heading)),
        table_({{first, false}, {"a", true}, {"b", true}, {"change", true}, {"unit", false}}) {}

  void add(const std::string& name, const Json& a, const Json& b, const std::string& unit) {
    if (a == b) return;
    table_.add_row({name, text_of(a), text_of(b), change_of(a, b), unit});
    is_empty_ = false;
  }

  std::string render(size_t width) const {
    return is_empty_ ? "" : heading_ + ":\n" + table_.render(width) + "\n";
  }

 private:
  std::string heading_;
  TextTable table_;
  bool is_empty_ = true;
};

std::string figures(const std::string& heading, const std::string& key, const ReportFile& a,
                    const ReportFile& b, bool all, size_t width) {
  Section section(heading, "figure");
  const Json &from = at(a.json, key), &to = at(b.json, key);
  for (const std::string& name : keys_of(from, to)) {
    const Json& known = from.contains(name) ? from[name] : to[name];
    section.add(name, at(at(from, name), "value"), at(at(to, name), "value"),
                at(known, "unit").is_string() ? known["unit"].get<std::string>() : "");
    if (!all) continue;
    for (const char* more : {"low", "high", "unit", "origin", "note"}) {
      section.add(name + " " + more, at(at(from, name), more), at(at(to, name), more), "");
    }
  }
  return section.render(width);
}

std::string plain(const std::string& heading, const std::string& key, const ReportFile& a,
                  const ReportFile& b, size_t width) {
  Section section(heading, "key");
  const Json &from = at(a.json, key), &to = at(b.json, key);
  for (const std::string& name : keys_of(from, to)) {
    section.add(name, at(from, name), at(to, name), "");
  }
  return section.render(width);
}

const Json& layer_named(const ReportFile& report, const std::string& name) {
  static const Json kNothing;
  for (const Json& layer : report.json["layers"]) {
    if (layer["name"] == name) return layer;
  }
  return kNothing;
}

// What a first look at a layer needs.
bool is_main(const std::string& key) {
  return key == "cycles" || key == "sqnr_db" || key == "dram_read_bytes" ||
         key == "dram_write_bytes" || key.ends_with("_bits") || key == "energy_nj";
}

std::string layers(const ReportFile& a, const ReportFile& b, bool all, size_t width) {
  std::vector<std::string> names;
  for (const ReportFile* report : {&a, &b}) {
    for (const Json& layer : report->json["layers"]) {
      const auto name = layer["name"].get<std::string>();
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  Section section("Layers", "layer, number");
  const Json &first = a.json["layers"], &second = b.json["layers"];
  for (size_t i = 0; all && i < std::min(first.size(), second.size()); ++i) {
    if (first[i]["name"] == second[i]["name"]) continue;
    section.add("order, place " + std::to_string(i + 1), first[i]["name"], second[i]["name"], "");
    break;
  }
  for (const std::string& name : names) {
    const Json &from = layer_named(a, name), &to = layer_named(b, name);
    if (from.is_null() || to.is_null()) {
      section.add(name, from.is_null() ? Json() : Json("there"),
                  to.is_null() ? Json() : Json("there"), "");
      continue;
    }
    for (const std::string& key : keys_of(from, to)) {
      if (!all && !is_main(key)) continue;
      const Json& column = at(at(a.json, "columns"), key);
      section.add(name + " " + key, at(from, key), at(to, key),
                  at(column, "unit").is_string() ? column["unit"].get<std::string>() : "");
    }
  }
  return section.render(width);
}

// What no section of its own shows: the sum of all layers, coverage, notes.
std::string rest(const ReportFile& a, const ReportFile& b, size_t width) {
  std::string text;
  Section others("Others", "key");
  for (const std::string& key : keys_of(a.json, b.json)) {
    static const std::set<std::string> kShown = {"manifest", "columns",  "machine", "figures",
                                                 "accuracy", "counters", "layers"};
    if (kShown.count(key)) continue;
    if (at(a.json, key).is_object()) {
      text += plain(key, key, a, b, width);
    } else {
      others.add(key, at(a.json, key), at(b.json, key), "");
    }
  }
  return text + others.render(width);
}

std::string files(const ReportFile& a, const ReportFile& b) {
  std::string text;
  for (const char* key : {"model", "data", "calibration", "recipe", "prices"}) {
    const Json &from = at(a.json["manifest"], key), &to = at(b.json["manifest"], key);
    if (at(from, "sha256") == at(to, "sha256")) continue;
    text += std::string("Other ") + key + ": " + text_of(at(from, "path")) + " | " +
            text_of(at(to, "path")) + "\n";
  }
  return text.empty() ? "" : text + "\n";
}

}  // namespace

std::string diff_reports(const ReportFile& a, const ReportFile& b, bool all, size_t width) {
  std::string text = files(a, b) + plain("Machine", "machine", a, b, width) +
                     figures("Figures", "figures", a, b, all, width) +
                     plain("Accuracy", "accuracy", a, b, width) +
                     figures("Counters", "counters", a, b, all, width) + layers(a, b, all, width);
  if (all) text += rest(a, b, width);
  if (text.ends_with("\n\n")) text.pop_back();
  return text;
}

bool same_reports(const ReportFile& a, const ReportFile& b) {
  Json from = a.json, to = b.json;
  for (Json* json : {&from, &to}) {
    json->erase("manifest");
    json->erase("columns");
  }
  return from == to && files(a, b).empty();
}

}  // namespace qsim::cli
