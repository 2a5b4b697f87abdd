// The straight line from an ONNX file to a report. Newcomers: read pipeline.cpp first.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "compiler/graph.h"
#include "compiler/passes/recipe.h"
#include "hw/spec/program.h"
#include "sim/cli/dump.h"
#include "sim/cli/engines.h"
#include "sim/cli/options.h"
#include "sim/cli/progress.h"
#include "sim/cli/samples.h"
#include "sim/cli/waves.h"
#include "sim/report/report.h"

namespace qsim::cli {

// What `run`, `compile` and `check` have in common.
struct ModelRequest {
  std::string path;  // .onnx, or .qprog (compiled before)
  MachineOptions machine;
  SampleOptions samples;
  int64_t batch = 1;                          // of dynamic batch dimensions
  std::map<std::string, Shape> input_shapes;  // of inputs with other dynamic dimensions
  std::string recipe;      // for what the model leaves open, see load_recipe(); "": 8 bits
  std::string calibrator;  // how ranges of activations are found; "": as the recipe says
  Dump dump;
};

// A network in integers, and how it became that.
struct QuantizedModel {
  Graph graph;  // after equalization
  Samples samples;
  IntegerNetwork network;
  std::optional<Recipe> stated;  // makes the same network without samples (quantize.h)
};

struct CompiledModel {
  std::optional<Graph> graph;  // absent for a .qprog file
  Samples samples;
  Program program;
};

struct RunRequest {
  ModelRequest model;
  std::string engine = "analytic";
  std::string save_outputs;  // an .npz file; "": none
  std::string trace;         // a JSON file for Perfetto; "": none
  WaveFile wave;
  int threads = 1;
  std::string prices;       // a price table; "": that of the machine's technology
  bool skip_float = false;  // score the integer network alone
  std::string command_line;
};

// Import, quantize. Throws Error for everything that is wrong with the files.
QuantizedModel quantize_model(const ModelRequest& request, ProgressLine& progress);

// quantize_model(), plan, emit. Throws Error for everything that is wrong with the files.
CompiledModel compile_model(const ModelRequest& request, ProgressLine& progress);

// Steps of it, for callers that take one of them many times.
//
// The parameters that the file carries; for what it leaves open, ranges measured on samples of
// which `samples` sets some aside when it has to. `recipe` may be null. The graph is the one that
// graph_for() made.
// `mode` is the machine's rounding, which weights fitted in sequence (sim/cli/sequence.h) make up
// for.
IntegerNetwork quantize_graph(const Graph& graph, const Recipe* recipe, Samples& samples,
                              RequantMode mode, const Progress& progress,
                              std::optional<Recipe>* stated = nullptr);
// What `recipe` wants quantized: the graph, equalized if it says so.
Graph graph_for(Graph graph, const Recipe* recipe);

// compile_model(), then the engine, then values on samples when there are any.
Report run_model(const RunRequest& request, ProgressLine& progress);

// --recipe, with --calibrator in place of its own; nothing when neither is given.
std::optional<Recipe> recipe_of(const ModelRequest& request);

// Throws Error saying what to pass, unless the network computes values.
void require_values(const IntegerNetwork& network, const std::string& path);

}  // namespace qsim::cli
