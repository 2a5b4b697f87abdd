// Values on samples: accuracy, the network's outputs, and how far each layer is from the float
// network.
#pragma once

#include <vector>

#include "compiler/graph.h"
#include "sim/cli/engines.h"
#include "sim/cli/samples.h"
#include "sim/report/report.h"

namespace qsim::cli {

struct EvaluateOptions {
  int threads = 1;
  bool keep_outputs = false;
  Progress progress;
};

struct Evaluation {
  std::optional<Accuracy> accuracy;  // always, from evaluate()
  std::vector<Tensor> outputs;       // ONNX values of all scored samples, when keep_outputs
  RunResult timed;                   // of the first batch, by an engine that has values and cycles
};

// Scores samples.scored in whole batches (a remainder is left out). `graph` is what the network was
// quantized from, and nullptr for a .qprog file, where there is nothing to compare with. The same
// result for every number of threads: chunks do not depend on it, and their sums are added in
// order. Throws Error when samples do not fit the network's input, or labels its classes.
Evaluation evaluate(const Program& program, const Graph* graph, const EngineRow& engine,
                    const Samples& samples, const EvaluateOptions& options);

}  // namespace qsim::cli
