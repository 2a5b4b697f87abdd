#include "sim/store/pareto.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <sstream>

#include "hw/spec/error.h"
#include "sim/store/joined.h"

namespace qsim {
namespace {

// What people call the metrics that they mean most.
const std::map<std::string, std::string> kAliases = {
    {"accuracy", "top1"}, {"energy", "energy_uj"}, {"area", "area_mm2"}};

[[noreturn]] void explain_empty(const std::string& path, const std::vector<Objective>& objectives,
                                const std::vector<JoinedPoint>& rows) {
  std::set<std::string> known;
  for (const auto& [point, values] : rows) {
    for (const auto& [name, value] : values) {
      if (!name.starts_with("counter.")) known.insert(name);
    }
  }
  std::string missing, list;
  for (const Objective& objective : objectives) {
    if (!known.count(objective.metric)) missing += (missing.empty() ? "" : ", ") + objective.metric;
  }
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  if (known.empty()) throw Error(path + ": no point has a result");
  if (missing.empty()) throw Error(path + ": no point has all objectives at once");
  const bool needs_data = missing.find("top") != std::string::npos && !known.count("top1");
  throw Error(path + ": no point has " + missing +
              (needs_data ? ", which needs a sweep with --data and labels" : "") + "; there are " +
              list);
}

// Whether a is nowhere worse than b and somewhere better.
bool beats(const std::vector<double>& a, const std::vector<double>& b,
           const std::vector<Objective>& objectives) {
  bool better = false;
  for (size_t i = 0; i < objectives.size(); ++i) {
    if (a[i] == b[i]) continue;
    if ((a[i] > b[i]) != objectives[i].is_greater_better) return false;
    better = true;
  }
  return better;
}

// Best first by the first objective, then the second, ...; equal ones by key.
void sort_best_first(std::vector<Candidate>& candidates, const std::vector<Objective>& objectives) {
  std::sort(candidates.begin(), candidates.end(), [&](const Candidate& a, const Candidate& b) {
    for (size_t i = 0; i < objectives.size(); ++i) {
      if (a.values[i] == b.values[i]) continue;
      return (a.values[i] > b.values[i]) == objectives[i].is_greater_better;
    }
    return a.point.key < b.point.key;
  });
}

// Points of the front with the same values.
struct Row {
  std::vector<double> values;
  size_t alike = 0;
  std::map<std::string, std::string> settings;  // of the first of them
};

std::vector<Row> rows_of(const Front& front) {
  std::vector<Row> rows;
  for (const Candidate& candidate : front.points) {
    if (rows.empty() || rows.back().values != candidate.values) {
      const PointResult& point = candidate.point;
      rows.push_back({candidate.values, 0, settings_of(point)});
    }
    ++rows.back().alike;
  }
  return rows;
}

std::string number_text(double value) {
  char text[64];
  const bool whole = value == std::floor(value) && std::fabs(value) < 1e15;
  std::snprintf(text, sizeof text, whole ? "%.0f" : "%.6g", value);
  return text;
}

std::string table_text(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += (i == 0 ? "" : "  ") + row[i] + std::string(widths[i] - row[i].size(), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace

std::vector<Objective> read_objectives(const std::string& text, const std::string& place) {
  std::vector<Objective> objectives;
  std::istringstream words(text + (text.ends_with(',') ? " " : ""));
  for (std::string word; std::getline(words, word, ',');) {
    word.erase(0, word.find_first_not_of(' '));
    word.erase(word.find_last_not_of(' ') + 1);
    const size_t colon = word.find(':');
    Objective objective{word.substr(0, colon)};
    const std::string direction = colon == std::string::npos ? "" : word.substr(colon + 1);
    if (kAliases.count(objective.metric)) objective.metric = kAliases.at(objective.metric);
    const bool known = direction.empty() || direction == "min" || direction == "max";
    if (objective.metric.empty() || !known) {
      throw Error(place + " = " + text + " is not a list like cycles,accuracy or cycles:min,pes");
    }
    for (const Objective& other : objectives) {
      if (other.metric != objective.metric) continue;
      throw Error(place + " = " + text + " names " + objective.metric + " twice");
    }
    objective.is_greater_better =
        direction.empty() ? greater_is_better(objective.metric) : direction == "max";
    objectives.push_back(std::move(objective));
  }
  if (objectives.empty()) throw Error(place + " names no objective");
  return objectives;
}

Front pareto_front(ResultStore& store, const std::vector<Objective>& objectives) {
  std::vector<JoinedPoint> rows = joined_points(store);
  std::vector<Candidate> candidates;
  Front front;
  for (auto& [point, values] : rows) {
    Candidate candidate{point, {}};
    for (const Objective& objective : objectives) {
      const auto found = values.find(objective.metric);
      if (found != values.end() && !std::isnan(found->second))
        candidate.values.push_back(found->second);
    }
    if (candidate.values.size() == objectives.size()) {
      candidates.push_back(std::move(candidate));
    } else {
      ++front.left_out;
    }
  }
  if (candidates.empty()) explain_empty(store.path(), objectives, rows);
  front.candidates = candidates.size();
  sort_best_first(candidates, objectives);
  // A point can only be beaten by one that stands before it, and then by one of the front.
  for (Candidate& candidate : candidates) {
    const bool beaten = std::any_of(
        front.points.begin(), front.points.end(),
        [&](const Candidate& other) { return beats(other.values, candidate.values, objectives); });
    if (!beaten) front.points.push_back(std::move(candidate));
  }
  return front;
}

std::string front_text(ResultStore& store, const std::vector<Objective>& objectives) {
  const Front front = pareto_front(store, objectives);
  const std::vector<Row> rows = rows_of(front);
  std::map<std::string, std::set<std::string>> seen;
  for (const Row& row : rows) {
    for (const auto& [key, value] : row.settings) seen[key].insert(value);
  }
  for (const Row& row : rows) {
    for (auto& [key, values] : seen) {
      if (!row.settings.count(key)) values.insert("-");
    }
  }
  std::vector<std::vector<std::string>> table(1);
  for (const Objective& objective : objectives) table[0].push_back(objective.metric);
  table[0].push_back("alike");
  for (const auto& [key, values] : seen) {
    if (values.size() > 1) table[0].push_back(key);
  }
  for (const Row& row : rows) {
    std::vector<std::string> words;
    for (double value : row.values) words.push_back(number_text(value));
    words.push_back(std::to_string(row.alike));
    for (const auto& [key, values] : seen) {
      if (values.size() < 2) continue;
      const auto found = row.settings.find(key);  // a store may hold machines with other keys
      words.push_back(found == row.settings.end() ? "-" : found->second);
    }
    table.push_back(std::move(words));
  }
  return "Pareto front: " + std::to_string(front.points.size()) + " of " +
         std::to_string(front.candidates) + " points" +
         (front.left_out > 0 ? " (" + std::to_string(front.left_out) + " without these figures)"
                             : std::string()) +
         "\n" + table_text(table);
}

}  // namespace qsim
