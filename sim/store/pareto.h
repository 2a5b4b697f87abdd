// Which points of a store no other point beats.
#pragma once

#include <string>
#include <vector>

#include "sim/store/store.h"

namespace qsim {

struct Objective {
  std::string metric;  // "cycles"
  bool is_greater_better = false;
};

// "cycles,accuracy": names of metrics, each with ":min" or ":max" after it where the usual
// direction is not meant (greater is better for accuracies, rates and utilisation; less for all
// others). "accuracy" is top1, "energy" energy_uj and "area" area_mm2. Throws Error, opening with
// `place`, for text that is no such list and for a metric named twice.
std::vector<Objective> read_objectives(const std::string& text, const std::string& place);

struct Candidate {
  PointResult point;
  std::vector<double> values;  // of the objectives, in their order
};

struct Front {
  std::vector<Candidate> points;  // ascending by the first objective, best first
  size_t candidates = 0;          // points that have all objectives
  size_t left_out = 0;            // points that lack one or have no number for it, failed ones too
};

// Of all points of the store. Points with equal values are all on the front, or none. Throws Error
// when no point has all objectives, naming those that no point has and what there is.
Front pareto_front(ResultStore& store, const std::vector<Objective>& objectives);

// As a table for people: a row for each combination of values, with the number of points that have
// it ("alike"), and of the first of these points what differs between rows: model, recipe and keys
// of the machine.
std::string front_text(ResultStore& store, const std::vector<Objective>& objectives);

}  // namespace qsim
