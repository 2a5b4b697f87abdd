// Trials of recipes: one network, calibrated once, quantized many ways, each way scored on samples
// and priced on a machine. What `qsim quantize --analyze` and `--search` are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/graph.h"
#include "compiler/passes/calibrate.h"
#include "compiler/passes/recipe.h"
#include "hw/spec/arch.h"
#include "hw/spec/network.h"
#include "sim/cli/samples.h"
#include "sim/engines/engine.h"
#include "sim/price/price_table.h"

namespace qsim::cli {

// Samples that trials are scored on, with what the float network says about them.
struct TrialPart {
  std::vector<int64_t> indices;  // into Samples::data; whole batches
  Tensor inputs;                 // as an engine takes them
  std::vector<float> outputs;    // the float network's first output, in reals, ONNX order
  // Top-1; 1 without labels, see TrialScore. Nothing: the network is no classifier.
  std::optional<double> float_accuracy;
};

struct TrialScore {
  int64_t samples = 0;
  // How far the outputs are from the float network's. Classifiers: the mean Kullback-Leibler
  // divergence of the classes' probabilities, in nats, of the softmax of outputs that are no
  // probabilities. Other networks: noise power over signal power. Small where the float network is
  // hardly changed, and then nearly a sum over the layers that change it.
  double loss = 0;
  // Of classifiers alone:
  std::optional<double> agreement;  // share of samples whose greatest output is the float network's
  std::optional<double> accuracy;   // top-1; the agreement where there are no labels
  double sqnr_db = 0;               // of the first output; infinite without noise
  int64_t wraps = 0;                // accumulators that left int32
};

struct TrialCost {
  int64_t cycles = 0;                   // of one inference, by the analytic engine
  double energy_nj = 0;                 // by the prices of the bench
  std::vector<double> layer_energy_nj;  // parallel to the network's layers
  int64_t weight_bytes = 0;             // packed as the bits of each layer ask for
  std::vector<int64_t> layer_cycles;    // parallel to the network's layers (rule T16)
};

// A network prepared for trials.
class TrialBench {
 public:
  // Calibrates with samples.calibrating, which it needs, as any recipe may ask for. Throws Error
  // when the graph has not one input, or there are no samples.
  TrialBench(Graph graph, Samples samples, Arch arch, PriceSource prices, int threads,
             const Progress& progress);

  const Graph& graph() const { return graph_; }
  const Samples& samples() const { return samples_; }
  const Arch& arch() const { return arch_; }
  const PriceTable& prices() const { return prices_.of(arch_); }  // that cost() is by
  const CalibrationResult& calibration() const { return calibration_; }
  bool has_labels() const;

  IntegerNetwork quantized(const Recipe& recipe) const;
  // `indices` less a remainder that fills no batch.
  TrialPart part(std::vector<int64_t> indices) const;
  TrialScore score(const IntegerNetwork& network, const TrialPart& part) const;
  TrialCost cost(const IntegerNetwork& network) const;

 private:
  Graph graph_;
  Samples samples_;
  Arch arch_;
  PriceSource prices_;
  int threads_;
  CalibrationResult calibration_;
};

}  // namespace qsim::cli
