#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/report/columns.h"
#include "sim/report/render.h"

namespace qsim {
namespace {

using Json = nlohmann::ordered_json;

// Whole numbers without a point, so that they survive every reader.
Json number(const std::optional<double>& value, int decimals) {
  if (!value || !std::isfinite(*value)) return nullptr;
  if (decimals == 0) return static_cast<int64_t>(*value);
  return *value;
}

Json stamp(const FileStamp& file) {
  return {{"path", file.path}, {"bytes", file.size_bytes}, {"sha256", file.sha256}};
}

Json manifest_json(const Manifest& manifest) {
  Json json = {
      {"tool", "qsim"},
      {"version", manifest.version},
      {"command", manifest.command},
      {"engine", manifest.engine.empty() ? Json() : Json(manifest.engine)},
      {"value_engine", manifest.value_engine.empty() ? Json() : Json(manifest.value_engine)},
      {"model", stamp(manifest.model)},
      {"arch", {{"name", manifest.arch_name}, {"sha256", manifest.arch_sha256}}}};
  json["data"] = manifest.data ? stamp(*manifest.data) : Json();
  json["calibration"] = manifest.calibration ? stamp(*manifest.calibration) : Json();
  json["recipe"] = manifest.recipe ? stamp(*manifest.recipe) : Json();
  json["prices"] = manifest.prices ? stamp(*manifest.prices) : Json();
  return json;
}

Json machine_json(const Arch& arch) {
  Json json = {{"name", arch.name}};
  for (const ArchKey& key : arch_keys()) {
    const std::string value = get_arch_key(arch, key.name);
    if (key.range.front() != '[') {
      json[key.name] = value;
    } else {
      json[key.name] = Json::parse(value);
    }
  }
  return json;
}

Json row_json(const LayerRow& row, const std::vector<Column>& columns) {
  Json json;
  for (const Column& column : columns) {
    json[column.key] = number(column.value(row), column.decimals);
  }
  return json;
}

Json layer_json(const LayerRow& row, const std::vector<Column>& columns) {
  Json json = {
      {"name", row.name}, {"op", row.op}, {"place", name_of(row.place)}, {"output", row.output}};
  json.update(row_json(row, columns));
  return json;
}

Json figures_json(const std::vector<Figure>& figures) {
  Json json = Json::object();
  for (const Figure& figure : figures) {
    json[figure.key] = {{"value", number(figure.value, figure.decimals)},
                        {"unit", figure.unit},
                        {"origin", name_of(figure.origin)}};
    if (figure.low && figure.high) {
      json[figure.key]["low"] = *figure.low;
      json[figure.key]["high"] = *figure.high;
    }
    if (!figure.note.empty()) json[figure.key]["note"] = figure.note;
  }
  return json;
}

Json range_json(const Estimate& range, const char* unit) {
  return {{"value", range.value},
          {"low", range.low},
          {"high", range.high},
          {"unit", unit},
          {"origin", name_of(range.origin)}};
}

Json energy_json(const Energy& energy, Origin origin) {
  return range_json({static_cast<double>(energy.fj) / 1e6, static_cast<double>(energy.low) / 1e6,
                     static_cast<double>(energy.high) / 1e6, origin},
                    "nJ");
}

// Components, and every number they are made of: count x price.
Json prices_json(const Report& report) {
  const PriceList& prices = report.prices;
  Json json = {{"technology", prices.technology}};
  Json components = Json::object(), area = Json::object(), events = Json::object();
  for (size_t i = 0; i < kComponents; ++i) {
    const Component component{static_cast<uint8_t>(i)};
    const ComponentInfo& info = info_of(component);
    if (report.has_cycles) {
      components[info.name] =
          energy_json(report.total.energy[component], origin_of(prices, component));
      components[info.name]["title"] = info.title;
    }
    if (prices.area(component).high > 0) {
      area[info.name] = range_json(prices.area(component), "mm2");
    }
  }
  for (const PricedEvent& event : report.events) {
    const EventInfo& info = info_of(event.event);
    events[info.name] = {{"component", info_of(info.component).name},
                         {"count", event.count},
                         {"counted_in", info.unit},
                         {"price", range_json(event.pj, "pJ")}};
  }
  json["components"] = std::move(components);
  json["events"] = std::move(events);
  json["area"] = std::move(area);
  return json;
}

Json accuracy_json(const Accuracy& accuracy) {
  Json json = {{"scored_samples", accuracy.scored},
               {"calibration_samples", accuracy.calibration},
               {"calibration_from_data", accuracy.calibration_from_data},
               {"seed", accuracy.seed}};
  const std::pair<const char*, const std::optional<double>&> shares[] = {
      {"top1", accuracy.top1},
      {"float_top1", accuracy.float_top1},
      {"top5", accuracy.top5},
      {"float_top5", accuracy.float_top5},
      {"agreement", accuracy.agreement}};
  for (const auto& [key, share] : shares) json[key] = share ? Json(*share) : Json();
  json["output_sqnr_db"] = number(accuracy.output_sqnr_db, 1);
  json["accumulator_wraps"] = accuracy.wraps;
  return json;
}

}  // namespace

std::string render_json(const Report& report) {
  const std::vector<Column> columns = layer_columns(report);
  Json json = {{"manifest", manifest_json(report.manifest)},
               {"network", report.network},
               {"machine", machine_json(report.arch)},
               {"figures", figures_json(report.figures)}};
  json["layers"] = Json::array();
  for (const LayerRow& row : report.layers) json["layers"].push_back(layer_json(row, columns));
  json["total"] = row_json(report.total, columns);
  json["columns"] = Json::object();
  for (const Column& column : columns) {
    json["columns"][column.key] = {
        {"unit", column.unit}, {"origin", name_of(column.origin)}, {"meaning", column.meaning}};
  }
  const Coverage& coverage = report.coverage;
  json["coverage"] = {{"operators", coverage.operators},
                      {"array", coverage.array},
                      {"vector", coverage.vector},
                      {"host", coverage.host},
                      {"text", coverage.text()}};
  json["accuracy"] = report.accuracy ? accuracy_json(*report.accuracy) : Json();
  json["energy"] = prices_json(report);
  json["no_values_because"] = report.value_blockers;
  json["notes"] = report.notes;
  json["counters"] = figures_json(report.counters);
  json["not_modelled"] = report.not_modelled;
  // Names come from files and may be no UTF-8.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace qsim
