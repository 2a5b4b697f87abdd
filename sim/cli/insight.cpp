#include "sim/cli/insight.h"

#include <algorithm>
#include <cstdio>
#include <thread>

#include "compiler/onnx/import.h"
#include "compiler/passes/equalize.h"
#include "hw/spec/error.h"
#include "sim/cli/analysis.h"
#include "sim/cli/model_options.h"
#include "sim/cli/output_file.h"
#include "sim/cli/search.h"

namespace qsim::cli {
namespace {

constexpr size_t kWidth = 100;  // of tables

Recipe best_methods() {
  Recipe recipe;
  recipe.source = "--search";
  recipe.calibrator = {.rule = RangeRule::kMse};
  recipe.weight_method.rounding = Rounding::kFeedback;
  recipe.weight_method.corrects_bias = true;
  recipe.is_sequential = true;
  return recipe;
}

}  // namespace

po::options_description analyze_description(InsightOptions& options) {
  po::options_description description = options_group("Analysis");
  description.add_options()  //
      ("analyze", po::bool_switch(&options.analyze),
       "measure on --data, layer by layer: noise, what fewer bits harm, accumulators, clipping; "
       "and "
       "what helps the worst layers")  //
      ("analyze-bits", po::value(&options.analyze_bits)->value_name("N"),
       "bits that one layer at a time gets to see what it harms; 4 if not given")  //
      ("worst", po::value(&options.worst)->value_name("N"),
       "layers for which remedies are tried; 3 if not given")  //
      ("threads", po::value(&options.threads)->value_name("N"),
       "threads that score samples; one per processor if not given")  //
      ("json", po::value(&options.json)->value_name("FILE"),
       "write the analysis or the search as JSON; - prints it instead of the text");
  return description;
}

po::options_description search_description(InsightOptions& options) {
  po::options_description description = options_group("Search for mixed precision");
  description.add_options()  //
      ("search", po::bool_switch(&options.search),
       "choose bits layer by layer for the machine, as its array.pe_modes allow; --recipe says the "
       "methods")  //
      ("floor", po::value<double>()->value_name("PERCENT")->notifier([&options](double value) {
        options.floor = value;
      }),
       "least top-1 accuracy, or agreement with the float network when --data has no labels")  //
      ("drop", po::value<double>()->value_name("POINTS")->notifier([&options](double value) {
        options.drop = value;
      }),
       "instead: how many points it may be below the float network's")  //
      ("objective", po::value(&options.objective)->value_name("NAME"),
       "what to make small: cycles, bytes (of weights) or energy; cycles if not given")  //
      ("prices", po::value(&options.prices)->value_name("FILE"),
       "prices of energy, in place of the table of prices.technology");
  return description;
}

void check_insight(const InsightOptions& options, const ModelRequest& request) {
  if (options.threads < 1)
    throw UsageError("--threads = " + std::to_string(options.threads) + " is less than 1");
  if (options.analyze && options.search)
    throw UsageError("--analyze and --search are two things; do one after the other");
  if (!options.search && !options.prices.empty()) throw UsageError("--prices needs --search");
  if (!options.analyze && !options.search) {
    if (!options.json.empty()) throw UsageError("--json needs --analyze or --search");
    if (options.floor || options.drop) throw UsageError("--floor and --drop need --search");
    return;
  }
  const char* what = options.analyze ? "--analyze" : "--search";
  if (request.samples.data.empty()) throw UsageError(std::string(what) + " needs --data");
  if (options.analyze && (options.analyze_bits < 2 || options.analyze_bits > 7))
    throw UsageError("--analyze-bits = " + std::to_string(options.analyze_bits) +
                     " is outside [2, 7]");
  if (options.analyze && options.worst < 0)
    throw UsageError("--worst = " + std::to_string(options.worst) + " is less than 0");
  if (!options.search) {
    if (options.floor || options.drop) throw UsageError("--floor and --drop need --search");
    return;
  }
  find_objective(options.objective);
  if (options.floor.has_value() == options.drop.has_value())
    throw UsageError("--search needs --floor PERCENT or --drop POINTS, one of them");
  for (const auto& [name, value] :
       {std::pair{"--floor", options.floor}, {"--drop", options.drop}}) {
    if (value && !(*value >= 0 && *value <= 100))
      throw UsageError(std::string(name) + " = " + std::to_string(*value) + " is outside [0, 100]");
  }
}

std::optional<Recipe> run_insight(const InsightOptions& options, const ModelRequest& request,
                                  ProgressLine& progress) {
  const Arch arch = make_arch(request.machine);
  PriceSource prices(options.prices);
  std::optional<Recipe> recipe = recipe_of(request);
  if (!recipe) recipe = options.search ? best_methods() : Recipe{};
  Samples samples = load_samples(request.samples);
  samples.set_aside_calibration();
  Graph graph = import_onnx(
      request.path,
      {.batch = request.batch, .input_shapes = request.input_shapes, .input_values = {}});
  if (recipe->equalizes) graph = equalize(graph);
  const TrialBench bench(std::move(graph), std::move(samples), arch, std::move(prices),
                         options.threads, progress.task("calibration"));
  std::string text, json;
  std::optional<Recipe> chosen;
  if (options.search) {
    SearchOptions search{.floor = options.floor,
                         .drop = options.drop,
                         .objective = &find_objective(options.objective)};
    for (std::optional<double>* share : {&search.floor, &search.drop}) {
      if (*share) **share /= 100;
    }
    const SearchResult result = search_bits(bench, *recipe, search, progress.task("search"));
    text = render_text(result, search, kWidth);
    json = render_json(result, search);
    chosen = result.recipe;
  } else {
    const Analysis analysis =
        analyze(bench, *recipe, {static_cast<int32_t>(options.analyze_bits), options.worst},
                progress.task("analysis"));
    text = render_text(analysis, kWidth);
    json = render_json(analysis);
  }
  progress.clear();
  if (!options.json.empty()) write_file(options.json, json);
  if (options.json != "-") std::fputs(text.c_str(), stdout);
  return chosen;
}

}  // namespace qsim::cli
