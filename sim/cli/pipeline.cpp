// From an ONNX file to a report, start to end. Each step is one function of one folder; what it
// takes and returns are the types of docs/developer/architecture.md.
#include "sim/cli/pipeline.h"

#include "compiler/compile.h"
#include "compiler/onnx/import.h"
#include "compiler/passes/equalize.h"
#include "compiler/passes/quantize.h"
#include "hw/spec/error.h"
#include "sim/cli/calibration.h"
#include "sim/cli/evaluate.h"
#include "sim/cli/network_inputs.h"
#include "sim/cli/output_file.h"
#include "sim/cli/recipe_file.h"
#include "sim/cli/run_files.h"
#include "sim/cli/sequence.h"
#include "sim/engines/analytic/engine.h"
#include "sim/report/energy.h"
#include "sim/report/perfetto.h"

namespace qsim::cli {

std::optional<Recipe> recipe_of(const ModelRequest& request) {
  std::optional<Recipe> recipe;
  if (!request.recipe.empty()) recipe = load_recipe(request.recipe);
  if (request.calibrator.empty()) return recipe;
  const std::optional<RangeMethod> method = read_range_method(request.calibrator);
  if (!method) {
    throw UsageError("--calibrator = " + request.calibrator + " " +
                     why_no_range_method(request.calibrator));
  }
  if (!recipe) recipe.emplace().source = "--calibrator";
  recipe->calibrator = *method;
  return recipe;
}

namespace {

QuantizedModel quantize_model(const ModelRequest& request, Samples samples,
                              ProgressLine& progress) {
  const std::optional<Recipe> recipe = recipe_of(request);
  QuantizedModel model{.graph = import_onnx(request.path, {.batch = request.batch,
                                                           .input_shapes = request.input_shapes,
                                                           .input_values = {}}),
                       .samples = std::move(samples),
                       .network = {},
                       .stated = {}};
  if (recipe && recipe->equalizes) model.graph = equalize(model.graph);
  request.dump.stage("graph", [&] { return to_text(model.graph); });

  model.network = quantize_graph(model.graph, recipe ? &*recipe : nullptr, model.samples,
                                 make_arch(request.machine).vector.requant,
                                 progress.task("calibration"), &model.stated);
  progress.clear();
  request.dump.stage("network", [&] { return to_text(model.network); });
  return model;
}

}  // namespace

Graph graph_for(Graph graph, const Recipe* recipe) {
  return recipe && recipe->equalizes ? equalize(graph) : std::move(graph);
}

IntegerNetwork quantize_graph(const Graph& graph, const Recipe* recipe, Samples& samples,
                              RequantMode mode, const Progress& progress,
                              std::optional<Recipe>* stated) {
  IntegerNetwork network = quantize(graph, {.recipe = recipe, .stated = stated});
  if (!network.has_values) samples.set_aside_calibration();
  if (!samples.calibrates()) return network;
  const CalibrationResult ranges =
      calibrate(graph, recipe ? recipe->needs() : CalibrationNeeds{}, samples, progress);
  if (!recipe || !recipe->is_sequential) {
    return quantize(graph, {.calibration = &ranges, .recipe = recipe, .stated = stated});
  }
  const Recipe fitted = fit_in_sequence(graph, *recipe, ranges, samples, mode, progress);
  return quantize(graph, {.calibration = &ranges, .recipe = &fitted, .stated = stated});
}

QuantizedModel quantize_model(const ModelRequest& request, ProgressLine& progress) {
  return quantize_model(request, load_samples(request.samples), progress);
}

CompiledModel compile_model(const ModelRequest& request, ProgressLine& progress) {
  CompiledModel model;
  model.samples = load_samples(request.samples);
  if (request.path.ends_with(".qprog")) {
    if (!request.recipe.empty()) {
      throw UsageError("--recipe: " + request.path + " is quantized and compiled already");
    }
    if (!request.calibrator.empty()) {
      throw UsageError("--calibrator: " + request.path + " is quantized and compiled already");
    }
    model.program = load_program(request.path);
    apply_runtime_keys(request.machine, request.path, model.program.arch);
    request.dump.stage("network", [&] { return to_text(model.program.network); });
    request.dump.stage("program", [&] { return to_text(model.program); });
    return model;
  }
  const Arch arch = make_arch(request.machine);
  QuantizedModel quantized = quantize_model(request, std::move(model.samples), progress);
  model.samples = std::move(quantized.samples);
  model.graph = std::move(quantized.graph);
  const IntegerNetwork& network = quantized.network;

  const Plan plan = make_plan(network, arch, segment_cycles);
  request.dump.stage("plan", [&] { return to_text(plan, network); });

  model.program = emit(network, arch, plan);
  model.program.check();
  request.dump.stage("program", [&] { return to_text(model.program); });
  return model;
}

Report run_model(const RunRequest& request, ProgressLine& progress) {
  const EngineRow& engine = find_engine(request.engine, "--engine");
  const PriceSource prices(request.prices);
  const CompiledModel model = compile_model(request.model, progress);
  const Program& program = model.program;

  const bool counts_values = engine.has_values && engine.has_cycles && model.samples.data;
  if (engine.has_cycles) {
    require_counts(program.arch, counts_values, counts_values && engine.counts_activity);
  }
  const EngineRow& value_engine = engine.has_values ? engine : find_engine("reference", "");
  Evaluation evaluation;
  if (model.samples.data) {
    require_values(program.network, request.model.path);
    const Graph* floats = model.graph && !request.skip_float ? &*model.graph : nullptr;
    evaluation =
        evaluate(program, floats, value_engine, model.samples,
                 {request.threads, !request.save_outputs.empty(),
                  progress.task(std::string("values by the ") + value_engine.name + " engine")});
  }

  RunResult result = std::move(evaluation.timed);  // when the value engine is a timed one
  // A wave is taken beside the samples' runs: signals do not depend on values.
  const bool wave = !request.wave.path.empty();
  if (engine.has_cycles && (wave || result.timing.empty())) {
    TimedOptions options;
    options.progress = progress.task(std::string("cycles by the ") + engine.name + " engine");
    options.notice = progress.notice();
    const auto inputs = random_inputs(program.network, request.model.samples.seed);
    RunResult timed = wave ? run_with_wave(request.wave, engine, program, inputs, options)
                           : engine.run_timed(program, inputs, options);
    if (result.timing.empty()) result = std::move(timed);
  }
  progress.clear();

  if (!request.save_outputs.empty()) {
    save_outputs(request.save_outputs, program.network, model.samples, evaluation);
  }
  if (!request.trace.empty()) write_file(request.trace, render_trace(program, result));
  return make_report(program, result, counts_values, prices.of(program.arch),
                     make_manifest(request, model, engine, value_engine), evaluation.accuracy);
}

void require_values(const IntegerNetwork& network, const std::string& path) {
  if (network.has_values) return;
  std::string reasons;
  for (const std::string& reason : network.value_blockers) {
    reasons += (reasons.empty() ? "" : "; ") + reason;
  }
  throw Error(path + ": values cannot be computed: " + reasons);
}

}  // namespace qsim::cli
