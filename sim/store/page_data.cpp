#include "sim/store/page_data.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "hw/spec/error.h"
#include "sim/store/joined.h"

namespace qsim {
namespace {

using Json = nlohmann::ordered_json;
using Settings = std::map<std::string, std::string>;

// The peak of a DRAM rests on the clock, that of other memories does not: of several origins the
// one that promises least is named.
const std::vector<std::string> kOrigins = {"measured", "derived", "assumed"};

size_t rank_of(const std::string& origin) {
  return static_cast<size_t>(std::find(kOrigins.begin(), kOrigins.end(), origin) -
                             kOrigins.begin());
}

void add_metrics(Json& json, const std::vector<Metric>& metrics) {
  for (const Metric& metric : metrics) {
    Json& known = json[metric.name];
    if (known.is_null()) {
      known = {{"unit", metric.unit},
               {"origin", metric.origin},
               {"greater_is_better", greater_is_better(metric.name)}};
    } else if (rank_of(metric.origin) > rank_of(known["origin"].get<std::string>())) {
      known["origin"] = metric.origin;
    }
  }
}

// JSON has no number for an SQNR without a difference; the page reads these words as one.
Json value_json(double value) {
  if (std::isnan(value)) return {};
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

Json values_json(const std::map<std::string, double>& values) {
  Json json = Json::object();
  for (const auto& [name, value] : values) json[name] = value_json(value);
  return json;
}

}  // namespace

std::string sweep_json(ResultStore& store) {
  Json json = {{"title", std::filesystem::path(store.path()).filename().string()},
               {"metrics", Json::object()},
               {"settings", Json::array()},
               {"fixed", Json::object()},
               {"points", Json::array()},
               {"failed", Json::array()}};
  std::vector<std::pair<JoinedPoint, Settings>> rows;
  std::map<std::string, std::set<std::string>> seen;
  for (JoinedPoint& joined : joined_points(store)) {
    if (joined.values.empty()) {
      json["failed"].push_back(
          {{"command", joined.point.command}, {"message", joined.point.failure}});
      continue;
    }
    Settings settings = settings_of(joined.point);
    settings["machine"] = joined.point.machine;
    for (const auto& [key, value] : settings) seen[key].insert(value);
    add_metrics(json["metrics"], joined.point.metrics);
    rows.emplace_back(std::move(joined), std::move(settings));
  }
  if (rows.empty()) throw Error(store.path() + ": no point has a result");
  for (const ValuesResult& accuracy : store.values()) {
    add_metrics(json["metrics"], accuracy.metrics);
  }
  for (const auto& [key, values] : seen) {
    if (values.size() > 1) {
      json["settings"].push_back(key);
    } else {
      json["fixed"][key] = *values.begin();
    }
  }
  for (const auto& [joined, settings] : rows) {
    Json differing = Json::object();
    for (const Json& key : json["settings"]) {
      const auto found = settings.find(key.get<std::string>());
      if (found != settings.end()) differing[found->first] = found->second;
    }
    json["points"].push_back({{"command", joined.point.command},
                              {"settings", differing},
                              {"values", values_json(joined.values)}});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace qsim
