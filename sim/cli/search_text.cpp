#include <nlohmann/json.hpp>

#include "sim/cli/search.h"
#include "sim/report/text_table.h"

namespace qsim::cli {
namespace {

std::string percent(double share) { return number_text(100 * share, 2); }

nlohmann::json json_of(const SearchPoint& point) {
  return {{"what", point.what},
          {"cycles", point.cost.cycles},
          {"energy_nj", point.cost.energy_nj},
          {"weight_bytes", point.cost.weight_bytes},
          {"accuracy", *point.score.accuracy},
          {"agreement", *point.score.agreement},
          {"loss", point.score.loss},
          {"output_sqnr_db", point.score.sqnr_db},
          {"samples", point.score.samples}};
}

}  // namespace

std::string render_text(const SearchResult& result, const SearchOptions& options, size_t width) {
  std::string text = "Mixed precision of " + result.network + ": least " + options.objective->name +
                     " (" + options.objective->meaning +
                     (options.objective->is_priced ? ", by prices of " + result.prices : "") +
                     ")\n";
  for (const std::string& step : result.trail) text += wrapped("  " + step, width, "    ");

  text += "\n";
  TextTable bits({{"layer", false, 0}, {"weights", true, 0}});
  for (size_t i = 0; i < result.weighted.size(); ++i)
    bits.add_row({result.weighted[i], std::to_string(result.chosen.bits.weights[i])});
  text += bits.render(width) + "\n";
  TextTable codes({{"tensors with codes in common", false, 0}, {"bits", true, 0}});
  for (size_t g = 0; g < result.choices.groups.size(); ++g) {
    const CodeGroup& group = result.choices.groups[g];
    if (!group.is_open) continue;
    const size_t others = group.tensors.size() - 1;
    codes.add_row({group.name + (others > 0 ? " and " + std::to_string(others) + " more" : ""),
                   std::to_string(result.chosen.bits.codes[g])});
  }
  text += codes.render(width) + "\n";

  const std::string what = result.has_labels ? "top-1 %" : "agreement %";
  const bool is_priced = options.objective->is_priced;
  std::vector<TextColumn> columns = {
      {"weights/codes", false, 0}, {what, true, 0}, {"cycles", true, 0}};
  if (is_priced) columns.push_back({"energy nJ", true, 0});
  columns.insert(columns.end(),
                 {{"weight bytes", true, 0}, {"agreement %", true, 1}, {"SQNR dB", true, 1}});
  TextTable table(columns);
  const auto add = [&](const SearchPoint& point) {
    std::vector<std::string> row = {point.what, percent(*point.score.accuracy),
                                    number_text(double(point.cost.cycles), 0)};
    if (is_priced) row.push_back(number_text(point.cost.energy_nj, 0));
    row.insert(row.end(), {number_text(double(point.cost.weight_bytes), 0),
                           percent(*point.score.agreement), number_text(point.score.sqnr_db, 1)});
    table.add_row(row);
  };
  for (const SearchPoint& point : result.uniform) add(point);
  table.add_rule();
  add(result.chosen);
  text += "On " + std::to_string(result.chosen.score.samples) + " other samples (measured; float " +
          percent(result.float_accuracy) + " %, floor " + percent(result.floor) + " %):\n" +
          table.render(width);
  text += result.holds_floor ? "The floor holds." : "The floor does NOT hold on these samples.";
  text += result.is_unmatched ? " No uniform choice of bits is as accurate at no more "
                              : " A uniform choice of bits is as accurate at no more ";
  return text + options.objective->name + ".\n";
}

std::string render_json(const SearchResult& result, const SearchOptions& options) {
  nlohmann::json json;
  json["network"] = result.network;
  json["objective"] = options.objective->name;
  json["prices"] = {{"technology", result.prices}, {"sha256", result.prices_sha256}};
  json["trail"] = result.trail;
  json["floor"] = result.floor;
  json["float_accuracy"] = result.float_accuracy;
  json["accuracy_is"] = result.has_labels ? "top1" : "agreement with float";
  json["holds_floor"] = result.holds_floor;
  json["is_unmatched"] = result.is_unmatched;
  json["chosen"] = json_of(result.chosen);
  for (const SearchPoint& point : result.uniform) json["uniform"].push_back(json_of(point));
  for (size_t i = 0; i < result.weighted.size(); ++i)
    json["weights"][result.weighted[i]] = result.chosen.bits.weights[i];
  for (size_t g = 0; g < result.choices.groups.size(); ++g) {
    if (result.choices.groups[g].is_open)
      json["codes"][result.choices.groups[g].name] = result.chosen.bits.codes[g];
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace qsim::cli
