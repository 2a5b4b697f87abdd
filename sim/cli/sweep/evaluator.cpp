#include "sim/cli/sweep/evaluator.h"

#include <functional>
#include <new>
#include <sstream>

#include "compiler/compile.h"
#include "compiler/onnx/import.h"
#include "compiler/passes/quantize.h"
#include "hw/spec/error.h"
#include "sim/cli/build_version.h"
#include "sim/cli/evaluate.h"
#include "sim/cli/pipeline.h"
#include "sim/cli/recipe_file.h"
#include "sim/cli/run_files.h"
#include "sim/engines/analytic/engine.h"

namespace qsim::cli {
namespace {

constexpr size_t kModels = 64, kNetworks = 16;  // kept at once

std::string shapes_text(const EvaluatorOptions& options) {
  std::string text = "batch " + std::to_string(options.batch);
  for (const auto& [name, shape] : options.input_shapes) {
    text += ", " + name + "=" + to_text(shape);
  }
  return text;
}

// Exactly: samples scaled otherwise are other samples.
std::string list_text(const std::vector<float>& values) {
  std::ostringstream text;
  text << std::hexfloat;
  for (float value : values) text << value << ',';
  return text.str();
}

std::string file_text(const SampleFile& file) {
  const Preprocess& how = file.preprocess;
  std::string text = stamp_file(file.path).sha256 + " " + how.layout + " " + how.channel_order +
                     " mean " + list_text(how.mean) + " scale " + list_text(how.scale);
  for (int64_t size : how.resize) text += " " + std::to_string(size);
  return text;
}

// What an accuracy rests on besides network and rounding, as ResultStore::use_samples() takes it.
std::string describe_samples(const Samples& samples, bool skip_float) {
  if (!samples.data) return "";
  const SampleOptions& options = samples.options;
  std::string text = file_text(*samples.data);
  if (samples.calibration) text += "\n" + file_text(*samples.calibration);
  text += "\nlimit " + std::to_string(options.limit) + " calibration " +
          std::to_string(options.calibration_samples) + " seed " + std::to_string(options.seed);
  return sha256_of(text).substr(0, 16) + (skip_float ? " without the float network" : "") +
         ", of " + samples.data->path;
}

// That gives the point's report again. Files are named as they were given.
std::string command_of(const Point& point, const EvaluatorOptions& options) {
  std::vector<std::string> words = {"qsim", "run"};
  const auto add = [&](const std::string& option, const std::string& value) {
    words.push_back("--" + option);
    words.push_back(value);
  };
  if (!point.machine.arch.empty()) add("arch", point.machine.arch);
  for (const auto& [key, value] : point.machine.keys) add(key, value);
  if (!point.recipe.empty()) add("recipe", point.recipe);
  if (options.batch != 1) add("batch", std::to_string(options.batch));
  for (const auto& [name, shape] : options.input_shapes) {
    add("input-shape", name + "=" + to_text(shape));
  }
  if (!options.prices.empty()) add("prices", options.prices);
  words.push_back((point.model.starts_with('-') ? "./" : "") + point.model);
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  return command_line(static_cast<int>(argv.size()), argv.data());
}

std::optional<Recipe> recipe_of(const Point& point) {
  if (point.recipe.empty()) return std::nullopt;
  return load_recipe(point.recipe);
}

// What keeps a point from having metrics. Lack of memory and the like end the sweep instead.
std::string failure_of(const std::function<void()>& work) {
  try {
    work();
    return "";
  } catch (const Error& error) {
    return error.what();
  } catch (const std::logic_error& error) {
    return std::string("internal error, please report it: ") + error.what();
  }
}

}  // namespace

Evaluator::Evaluator(EvaluatorOptions options)
    : options_(std::move(options)),
      prices_(options_.prices),
      samples_(load_samples(options_.samples)),
      samples_description_(describe_samples(samples_, options_.skip_float)),
      shapes_(shapes_text(options_)),
      models_(kModels),
      networks_(kNetworks) {}

void Evaluator::load(const std::string& path) { model(path); }

OnceCache<Evaluator::Model>::Pointer Evaluator::model(const std::string& path) {
  return models_.get(path, [&] {
    if (path.ends_with(".qprog")) {
      throw Error(path + ": is compiled for one machine; a sweep takes ONNX models");
    }
    Graph graph = import_onnx(
        path, {.batch = options_.batch, .input_shapes = options_.input_shapes, .input_values = {}});
    return Model{stamp_model(path).sha256, std::move(graph)};
  });
}

// Cycles do not depend on calibration (tests/compiler/plan), so that points of machines need none.
OnceCache<Evaluator::Timed>::Pointer Evaluator::timed(const Point& point) {
  return networks_.get(network_text(point), [&] {
    const std::optional<Recipe> recipe = recipe_of(point);
    const Recipe* given = recipe ? &*recipe : nullptr;
    const OnceCache<Model>::Pointer source = model(point.model);
    if (!given || !given->equalizes) return Timed{quantize(source->graph, {.recipe = given})};
    return Timed{quantize(graph_for(source->graph, given), {.recipe = given})};
  });
}

std::string Evaluator::network_text(const Point& point) {
  return "version " + build_version() + "\nmodel " + model(point.model)->sha256 + "\nshapes " +
         shapes_ + "\nrecipe " + point.recipe + "\n";
}

PointResult Evaluator::describe(const Point& point) {
  const Arch arch = unchecked_arch(point.machine);
  PointResult result;
  result.version = build_version();
  result.model = point.model;
  result.model_sha256 = model(point.model)->sha256;
  result.shapes = shapes_;
  result.recipe = point.recipe;
  result.machine = arch.name;
  result.machine_text = to_text(arch);
  const std::string prices_sha256 = sha256_of(prices_.of(arch).text);
  if (prices_.file()) result.prices = prices_.file()->name + " " + prices_sha256.substr(0, 16);
  result.key =
      sha256_of(network_text(point) + result.machine_text + "prices " + prices_sha256 + "\n");
  result.values_key = describe_values(point).key;
  result.command = command_of(point, options_);
  return result;
}

PointResult Evaluator::evaluate(const Point& point) {
  PointResult result = describe(point);
  result.failure = failure_of([&] {
    const Arch arch = make_arch(point.machine);
    const OnceCache<Timed>::Pointer source = timed(point);
    const Plan plan = make_plan(source->network, arch, segment_cycles);
    const Program program = emit(source->network, arch, plan);
    const Report report =
        make_report(program, run_analytic(program), false, prices_.of(arch), {}, std::nullopt);
    result.metrics = metrics_of(report);
  });
  return result;
}

ValuesResult Evaluator::describe_values(const Point& point) {
  ValuesResult result;
  result.version = build_version();
  result.model = point.model;
  result.model_sha256 = model(point.model)->sha256;
  result.shapes = shapes_;
  result.recipe = point.recipe;
  result.requant = get_arch_key(unchecked_arch(point.machine), "vector.requant");
  result.key = sha256_of(network_text(point) + "requant " + result.requant);
  return result;
}

ValuesResult Evaluator::evaluate_values(const Point& point) {
  ValuesResult result = describe_values(point);
  result.failure = failure_of([&] {
    const std::optional<Recipe> recipe = recipe_of(point);
    const Recipe* given = recipe ? &*recipe : nullptr;
    const Graph graph = graph_for(model(point.model)->graph, given);
    Samples samples = samples_;
    Program program;  // no instructions: values follow from layers and rounding
    program.arch = unchecked_arch(point.machine);
    program.network = quantize_graph(graph, given, samples, program.arch.vector.requant,
                                     [](double) { return true; });
    require_values(program.network, point.model);
    const Graph* floats = options_.skip_float ? nullptr : &graph;
    const Evaluation evaluation =
        qsim::cli::evaluate(program, floats, find_engine("reference", ""), samples, {});
    result.metrics = metrics_of(*evaluation.accuracy);
  });
  return result;
}

}  // namespace qsim::cli
