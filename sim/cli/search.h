// Mixed precision: which layers can have fewer bits on a machine before accuracy falls below a
// floor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/cli/decisions.h"

namespace qsim::cli {

// What a search makes small; one row each in a table.
struct Objective {
  const char* name;     // "cycles", for --objective
  const char* unit;     // "cycles"
  const char* meaning;  // one line
  bool is_priced;       // by a table of prices
  double (*of)(const TrialCost& cost);
  // What one layer contributes; sums to about of().
  double (*of_layer)(const IntegerNetwork& network, const TrialCost& cost, size_t layer);
};

// Throws UsageError("--objective = x is not one of ...").
const Objective& find_objective(const std::string& name);

struct SearchOptions {
  std::optional<double> floor;  // least accuracy, a share; of each part of the samples
  std::optional<double> drop;   // or: how far it may be below the float network's on the same
                                // samples, a share
  const Objective* objective = nullptr;
};

// One recipe that was measured.
struct SearchPoint {
  std::string what;  // "uniform 4/8" (weights / codes), "mixed"
  Assignment bits;
  TrialCost cost;
  TrialScore score;
};

struct SearchResult {
  std::string network;
  Choices choices;
  std::vector<std::string> trail;       // one sentence a step
  int64_t searched = 0, validated = 0;  // samples
  double floor = 0;                     // on the scored samples
  double float_accuracy = 0;            // there
  std::string prices, prices_sha256;    // the table that energy is by: name, hash of its content
  bool has_labels = false;              // false: accuracy is agreement with the float network
  Recipe recipe;                        // the chosen one
  std::vector<std::string> weighted;    // names of layers, parallel to Choices::weighted
  SearchPoint chosen;                   // on the scored samples, as are
  std::vector<SearchPoint> uniform;     // these
  // On the scored samples: the chosen one holds the floor; no uniform one is as accurate at no more
  // cost.
  bool holds_floor = false, is_unmatched = false;
};

// Splits the samples that do not calibrate, by the seed, in a quarter to search, a quarter to
// validate and half to score.
//
// 1. Measures on the first part how much each choice alone adds to the loss (measure_sensitivity),
//    and what layers cost when the whole network has some bits: every pair of bits of weights and
//    codes once, on the machine.
// 2. For budgets of loss, solves an integer program for the least cost (bit_program.h), and finds
// by
//    bisection the cheapest of these whose accuracy, measured on the first part with the recipe's
//    own methods, holds the floor.
// 3. On the second part: while it does not hold the floor, takes back the narrow choice that harms
//    most per cost saved.
// 4. On the third part, once: the result, and the uniform recipes beside it.
//
// Throws Error when the file leaves nothing to choose, the machine has no narrow products, or even
// 8 bits do not hold the floor.
SearchResult search_bits(const TrialBench& bench, const Recipe& recipe,
                         const SearchOptions& options, const Progress& progress);

// For a terminal of `width` columns.
std::string render_text(const SearchResult& result, const SearchOptions& options, size_t width);
std::string render_json(const SearchResult& result, const SearchOptions& options);

}  // namespace qsim::cli
