#include "sim/store/joined.h"

#include <set>
#include <sstream>

namespace qsim {
namespace {

const std::set<std::string> kGreaterIsBetter = {"top1",
                                                "top5",
                                                "float_top1",
                                                "float_top5",
                                                "agreement",
                                                "output_sqnr_db",
                                                "utilization",
                                                "utilization_percent",
                                                "peak_macs_per_cycle",
                                                "dram_row_hit_rate",
                                                "inferences_per_second",
                                                "tops_per_watt"};

using Values = std::map<std::string, double>;

void add_metrics(Values& values, const std::vector<Metric>& metrics) {
  for (const Metric& metric : metrics) values[metric.name] = metric.value;
}

}  // namespace

std::vector<JoinedPoint> joined_points(ResultStore& store) {
  std::map<std::string, Values> accuracies;
  for (const ValuesResult& row : store.values()) add_metrics(accuracies[row.key], row.metrics);
  std::vector<JoinedPoint> rows;
  for (PointResult& point : store.points()) {
    Values values;
    add_metrics(values, point.metrics);
    if (!point.metrics.empty()) values.merge(Values(accuracies[point.values_key]));
    rows.push_back({std::move(point), std::move(values)});
  }
  return rows;
}

std::map<std::string, std::string> settings_of(const PointResult& point) {
  std::map<std::string, std::string> keys;
  std::istringstream lines(point.machine_text);
  std::string section;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('[')) section = line.substr(1, line.size() - 2) + ".";
    const size_t equals = line.find(" = ");
    if (equals != std::string::npos) {
      keys[section + line.substr(0, equals)] = line.substr(equals + 3);
    }
  }
  keys["model"] = point.model;
  keys["recipe"] = point.recipe.empty() ? "none" : point.recipe;
  keys["shapes"] = point.shapes;
  keys["prices"] = point.prices.empty() ? "prices.technology" : point.prices;
  return keys;
}

bool greater_is_better(const std::string& metric) { return kGreaterIsBetter.count(metric) > 0; }

}  // namespace qsim
