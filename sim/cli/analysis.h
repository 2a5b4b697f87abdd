// Where quantization harms a network, and what helps: `qsim quantize --analyze`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/cli/accumulators.h"
#include "sim/cli/trial.h"

namespace qsim::cli {

struct AnalyzeOptions {
  int32_t bits = 4;   // of the one layer of a sensitivity trial
  int64_t worst = 3;  // layers that remedies are tried for
};

struct LayerAnalysis {
  std::string name;
  std::string op;
  std::optional<int32_t> code_bits, weight_bits;  // widest of what it reads; by the recipe
  std::optional<double> sqnr_db;                  // of its output, against the float network's
  // Everything at 8 bits but this layer's weights, or the codes it reads (with all tensors that
  // share their bits), at AnalyzeOptions::bits. Absent where there is nothing to choose.
  std::optional<TrialScore> narrow_weights, narrow_codes;
  std::optional<AccumulatorRange> accumulator;  // convolutions
  std::optional<double> clipped;  // share of the float network's values that its output's codes do
                                  // not reach

  double harm(double base_loss) const;  // added loss of both trials
};

// A change of the recipe that was measured.
struct Remedy {
  std::string layer;   // "": the whole network
  std::string change;  // as in a recipe: "rounding": "feedback"
  TrialScore score;    // of the whole network with it
};

struct Analysis {
  std::string network;
  int32_t bits = 4;
  int64_t scored = 0, calibrated = 0, watched = 0;  // samples; of noise, accumulators and clipping
  std::optional<double> float_accuracy;             // nothing for networks that are no classifiers
  bool has_labels = false;
  TrialScore base;    // with the recipe
  TrialScore widest;  // with 8 bits for everything
  std::vector<LayerAnalysis> layers;
  std::vector<size_t> worst;     // layers of greatest harm, in falling order
  std::vector<Remedy> remedies;  // all that were tried, those of a layer together, best first
};

// Quantizes as `recipe` says and measures on the samples that do not calibrate.
Analysis analyze(const TrialBench& bench, const Recipe& recipe, const AnalyzeOptions& options,
                 const Progress& progress);

// For a terminal of `width` columns.
std::string render_text(const Analysis& analysis, size_t width);
std::string render_json(const Analysis& analysis);

}  // namespace qsim::cli
