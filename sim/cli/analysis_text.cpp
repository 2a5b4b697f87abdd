#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/cli/analysis.h"
#include "sim/report/text_table.h"

namespace qsim::cli {
namespace {

using Json = nlohmann::json;

std::string percent(double share) { return number_text(100 * share, 2); }
std::string decibels(double value) { return std::isinf(value) ? "exact" : number_text(value, 1); }
std::string points(double share) { return (share > 0 ? "+" : "") + number_text(100 * share, 2); }

std::string added(const std::optional<TrialScore>& score, const TrialScore& base) {
  return score ? number_text(score->loss - base.loss, 4) : "";
}

// In points; nothing where the network is no classifier.
std::string points_between(const TrialScore& score, const TrialScore& base) {
  return score.accuracy ? points(*score.accuracy - *base.accuracy) : "";
}

std::string layer_table(const Analysis& a, size_t width) {
  const std::string n = std::to_string(a.bits);
  TextTable table({{"layer", false, 0},
                   {"op", false, 6},
                   {"codes", true, 5},
                   {"weights", true, 5},
                   {"SQNR dB", true, 0},
                   {"W" + n + " loss", true, 0},
                   {"top-1", true, 3},
                   {"A" + n + " loss", true, 0},
                   {"top-1 ", true, 3},
                   {"acc bits", true, 0},
                   {"seen", true, 2},
                   {"clipped %", true, 1}});
  for (const LayerAnalysis& layer : a.layers) {
    const auto top1 = [&](const std::optional<TrialScore>& score) {
      return score ? points_between(*score, a.widest) : "";
    };
    const auto& acc = layer.accumulator;
    table.add_row({layer.name, layer.op, layer.code_bits ? std::to_string(*layer.code_bits) : "",
                   layer.weight_bits ? std::to_string(*layer.weight_bits) : "",
                   layer.sqnr_db ? decibels(*layer.sqnr_db) : "",
                   added(layer.narrow_weights, a.widest), top1(layer.narrow_weights),
                   added(layer.narrow_codes, a.widest), top1(layer.narrow_codes),
                   acc ? std::to_string(bits_for(acc->bound_low, acc->bound_high)) : "",
                   acc ? std::to_string(bits_for(acc->seen_low, acc->seen_high)) : "",
                   layer.clipped ? number_text(100 * *layer.clipped, 3) : ""});
  }
  return table.render(width);
}

std::string line_of(const char* what, const TrialScore& score, bool has_labels) {
  const std::string accuracy =
      score.accuracy ? (has_labels ? "top-1 " : "agreement ") + percent(*score.accuracy) + " %, "
                     : "";
  return std::string("  ") + what + ": " + accuracy + "loss " + number_text(score.loss, 4) +
         ", output SQNR " + decibels(score.sqnr_db) + " dB\n";
}

std::string remedy_table(const Analysis& a, size_t width) {
  constexpr int kShown = 4;
  TextTable table({{"layer", false, 0},
                   {"change of the recipe", false, 0},
                   {"loss", true, 0},
                   {"change", true, 0},
                   {a.has_labels ? "top-1" : "agreement", true, 1},
                   {"SQNR dB", true, 1}});
  const std::string* layer = nullptr;
  int shown = 0;
  for (const Remedy& remedy : a.remedies) {
    const bool is_first = layer == nullptr || *layer != remedy.layer;
    if (is_first) shown = 0;
    layer = &remedy.layer;
    const bool helps = remedy.score.loss < a.base.loss;
    if (!is_first && (!helps || ++shown >= kShown)) continue;
    table.add_row({remedy.layer.empty() ? "all" : remedy.layer,
                   helps ? remedy.change : "nothing that was tried helps; best: " + remedy.change,
                   number_text(remedy.score.loss, 4),
                   number_text(remedy.score.loss - a.base.loss, 4),
                   points_between(remedy.score, a.base), decibels(remedy.score.sqnr_db)});
  }
  return table.render(width);
}

Json json_of(const TrialScore& score) {
  Json json = {{"loss", score.loss}, {"accumulator_wraps", score.wraps}};
  if (score.accuracy) json["accuracy"] = *score.accuracy;
  if (score.agreement) json["agreement"] = *score.agreement;
  json["output_sqnr_db"] = std::isinf(score.sqnr_db) ? Json("exact") : Json(score.sqnr_db);
  return json;
}

}  // namespace

std::string render_text(const Analysis& a, size_t width) {
  std::string text = "Quantization of " + a.network + ", measured on " + std::to_string(a.scored) +
                     " samples; " + std::to_string(a.calibrated) + " others calibrated:\n";
  if (a.has_labels && a.float_accuracy)
    text += "  float: top-1 " + percent(*a.float_accuracy) + " %\n";
  text += line_of("as the recipe says", a.base, a.has_labels);
  text += line_of("8 bits everywhere, by the same methods", a.widest, a.has_labels);
  text += "\n" + layer_table(a, width);
  const std::string n = std::to_string(a.bits);
  text += wrapped("codes, weights, SQNR, accumulators, clipping: as the recipe says, on " +
                      std::to_string(a.watched) + " samples. W" + n + " loss, A" + n +
                      " loss: what the network loses when this layer's weights alone, or the codes "
                      "it reads, have " +
                      n +
                      " bits and all else 8; top-1 in points. acc bits: that "
                      "any input can need, bias included, of 32; seen: that samples needed.",
                  width, "");
  int32_t most = 0;
  for (const LayerAnalysis& layer : a.layers)
    if (layer.accumulator)
      most = std::max(most, bits_for(layer.accumulator->bound_low, layer.accumulator->bound_high));
  text += most <= 32 ? "No accumulator can overflow 32 bits: the widest needs " +
                           std::to_string(most) + ".\n"
                     : "Accumulators could need " + std::to_string(most) + " bits of 32; " +
                           std::to_string(a.base.wraps) + " wrapped.\n";
  text += "\nWorst layers:\n";
  for (size_t i : a.worst)
    text += "  " + a.layers[i].name + ": loss " + number_text(a.layers[i].harm(a.widest.loss), 4) +
            " at " + n + " bits\n";
  return text + "\nRemedies, measured on the whole network as the recipe says, one at a time:\n" +
         remedy_table(a, width);
}

std::string render_json(const Analysis& a) {
  Json json = {{"network", a.network},
               {"scored_samples", a.scored},
               {"calibration_samples", a.calibrated},
               {"watched_samples", a.watched},
               {"bits", a.bits},
               {"recipe", json_of(a.base)},
               {"widest", json_of(a.widest)}};
  if (a.float_accuracy) {
    json["accuracy_is"] = a.has_labels ? "top1" : "agreement with float";
    if (a.has_labels) json["float_accuracy"] = *a.float_accuracy;
  }
  json["layers"] = Json::array();
  for (const LayerAnalysis& layer : a.layers) {
    Json row = {{"name", layer.name}, {"op", layer.op}};
    if (layer.code_bits) row["code_bits"] = *layer.code_bits;
    if (layer.weight_bits) row["weight_bits"] = *layer.weight_bits;
    if (layer.sqnr_db)
      row["sqnr_db"] = std::isinf(*layer.sqnr_db) ? Json("exact") : Json(*layer.sqnr_db);
    if (layer.narrow_weights) row["narrow_weights"] = json_of(*layer.narrow_weights);
    if (layer.narrow_codes) row["narrow_codes"] = json_of(*layer.narrow_codes);
    if (const auto& acc = layer.accumulator) {
      row["accumulator"] = {{"bound_low", acc->bound_low},
                            {"bound_high", acc->bound_high},
                            {"bits_needed", bits_for(acc->bound_low, acc->bound_high)},
                            {"seen_low", acc->seen_low},
                            {"seen_high", acc->seen_high},
                            {"bits_seen", bits_for(acc->seen_low, acc->seen_high)}};
    }
    if (layer.clipped) row["clipped_share"] = *layer.clipped;
    json["layers"].push_back(row);
  }
  json["worst"] = Json::array();
  for (size_t i : a.worst) json["worst"].push_back(a.layers[i].name);
  json["remedies"] = Json::array();
  for (const Remedy& remedy : a.remedies) {
    Json row = json_of(remedy.score);
    row["layer"] = remedy.layer;
    row["change"] = Json::parse("{" + remedy.change + "}");
    json["remedies"].push_back(row);
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace qsim::cli
