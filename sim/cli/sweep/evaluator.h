// Evaluates points of a space: what a sweep, a worker of a cluster and a search have in common.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "compiler/graph.h"
#include "hw/spec/network.h"
#include "sim/cli/samples.h"
#include "sim/cli/sweep/once.h"
#include "sim/cli/sweep/space.h"
#include "sim/price/price_table.h"
#include "sim/store/results.h"

namespace qsim::cli {

struct EvaluatorOptions {
  SampleOptions samples;                      // data empty: no accuracies
  int64_t batch = 1;                          // of dynamic batch dimensions
  std::map<std::string, Shape> input_shapes;  // of inputs with other dynamic dimensions
  bool skip_float = false;                    // score the integer network alone
  std::string prices;  // a price table; "": that of each machine's technology
};

// A model is imported once, and quantized once for all machines. Cycles are the analytic engine's.
// All functions may be called from any thread.
class Evaluator {
 public:
  // Reads the samples. Throws Error and UsageError as load_samples() does.
  explicit Evaluator(EvaluatorOptions options);

  // Imports a model, or throws Error: what is wrong with the model is wrong with all its points.
  void load(const std::string& model);

  // Everything about a point but failure and metrics, in microseconds.
  PointResult describe(const Point& point);
  // Cycles, traffic, energy, area and what follows from them. What is wrong with the point (it does
  // not fit, the recipe names a layer that is not there) stands in `failure`.
  PointResult evaluate(const Point& point);

  // The same for the accuracy of the point's network with its rounding, by the reference engine.
  ValuesResult describe_values(const Point& point);
  ValuesResult evaluate_values(const Point& point);

  bool has_data() const { return samples_.data.has_value(); }
  // Names samples, calibration, preprocessing and seed by content: ResultStore::use_samples(). ""
  // without
  // --data.
  const std::string& samples_description() const { return samples_description_; }

 private:
  struct Model {
    std::string sha256;
    Graph graph;
  };
  struct Timed {  // a network as the planner takes it, without the values that calibration gives
    IntegerNetwork network;
  };

  OnceCache<Model>::Pointer model(const std::string& path);
  OnceCache<Timed>::Pointer timed(const Point& point);
  std::string network_text(const Point& point);

  EvaluatorOptions options_;
  PriceSource prices_;
  Samples samples_;
  std::string samples_description_, shapes_;
  OnceCache<Model> models_;
  OnceCache<Timed> networks_;
};

}  // namespace qsim::cli
