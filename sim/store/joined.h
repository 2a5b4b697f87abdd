// Points of a store with the accuracy that belongs to each: what fronts and pages are made of.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/store/store.h"

namespace qsim {

struct JoinedPoint {
  PointResult point;
  std::map<std::string, double> values;  // by metric, its own and its accuracy's; failed: none
};

std::vector<JoinedPoint> joined_points(ResultStore& store);

// Every key of the machine ("array.rows"), "model", "shapes" ("batch 1"), "recipe" ("none" where
// there is none) and "prices" ("prices.technology" where that names the table).
std::map<std::string, std::string> settings_of(const PointResult& point);

// Of accuracies, rates and utilisation; of every other metric less is better.
bool greater_is_better(const std::string& metric);

}  // namespace qsim
