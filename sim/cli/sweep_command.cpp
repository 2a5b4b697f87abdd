#include <cstdio>
#include <thread>

#include "sim/cli/build_version.h"
#include "sim/cli/model_options.h"
#include "sim/cli/sweep/sweep.h"
#include "sim/store/pareto.h"

namespace qsim::cli {
namespace {

struct SweepOptions {
  ModelOptions model;
  std::string output, pareto, prices;
  int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  bool retry = false, skip_float = false, progress = false;
};

CommandLine make_line(SweepOptions& options) {
  CommandLine line{
      "sweep", "[OPTIONS] -o RESULTS.db [SPACE.cfg [MODEL.onnx ...]]",
      "Evaluates every machine of a space with every network and way to quantize it, on all cores, "
      "into an\nSQLite file. What the file holds already is not evaluated again. Cycles are the "
      "analytic engine's.\nWithout a space, reads the file alone. The space: "
      "docs/user/sweeps.md.\n",
      options_group("Sweep")};
  line.options.add_options()  //
      ("output,o", po::value(&options.output)->value_name("RESULTS.db"),
       "the file of results; made if it is not there")  //
      ("pareto", po::value(&options.pareto)->value_name("METRIC,..."),
       "print the points that no other point beats in all of these: cycles,energy,area,accuracy; "
       "METRIC:min or METRIC:max where the usual direction is not meant")  //
      ("threads", po::value(&options.threads)->value_name("N"),
       "points evaluated at once; one per processor if not given")  //
      ("retry-failed", po::bool_switch(&options.retry),
       "evaluate points of the space again that failed before")  //
      ("prices", po::value(&options.prices)->value_name("FILE"),
       "prices of energy and area, in place of the table of prices.technology")  //
      ("skip-float", po::bool_switch(&options.skip_float),
       "do not run the float network beside the integer one: faster, no agreement and no SQNR")  //
      ("progress", po::bool_switch(&options.progress),
       "report progress on stderr even when it is no terminal");
  line.options.add(shape_description(options.model));
  line.options.add(sample_description(options.model, "score the first N samples alone"));
  line.options.add(preprocess_description(options.model));
  line.arguments = {"a space", "models"};
  line.takes_more_arguments = true;
  return line;
}

std::string counted(int64_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

void print(const std::string& path, const SweepSummary& summary) {
  std::string text = path + ": " + counted(summary.points, "point");
  if (summary.same > 0) text += " (" + std::to_string(summary.same) + " named twice)";
  text += ": " + std::to_string(summary.there) + " were there, " +
          std::to_string(summary.evaluated) + " evaluated, " + std::to_string(summary.failed) +
          " failed";
  if (summary.accuracies > 0) {
    text += "; " + std::to_string(summary.accuracies) +
            (summary.accuracies == 1 ? " accuracy" : " accuracies");
    if (summary.failed_accuracies > 0) {
      text += ", " + std::to_string(summary.failed_accuracies) + " failed";
    }
  }
  std::printf("%s\n", text.c_str());
  if (!summary.first_failure.empty()) {
    std::printf("  a failure: %s\n", summary.first_failure.c_str());
  }
}

bool is_of_evaluation(const SweepOptions& options) {
  return !options.model.samples.data.empty() || !options.prices.empty() ||
         options.model.batch != 1 || options.skip_float || options.retry;
}

}  // namespace

int sweep_command(const Invocation& invocation) {
  SweepOptions options;
  CommandLine line = make_line(options);
  const ParsedLine parsed = parse_line(line, invocation);
  if (!parsed.proceed) return 0;
  if (options.output.empty()) throw UsageError("-o RESULTS.db is missing");
  if (options.threads < 1) {
    throw UsageError("--threads = " + std::to_string(options.threads) + " is less than 1");
  }
  std::vector<Objective> objectives;
  if (!options.pareto.empty()) objectives = read_objectives(options.pareto, "--pareto");
  if (parsed.arguments.empty()) {
    if (objectives.empty())
      throw UsageError("neither a space nor --pareto: there is nothing to do");
    if (is_of_evaluation(options)) {
      throw UsageError(
          "--data, --prices, --batch, --skip-float and --retry-failed need a space: without one "
          "the file is only read");
    }
    ResultStore store(options.output, ResultStore::Mode::kRead);
    std::fputs(front_text(store, objectives).c_str(), stdout);
    return 0;
  }
  if (!options.model.calibrator.empty()) {
    throw UsageError("--calibrator: write calibrator = ... into the space");
  }
  const ModelRequest request = options.model.request("");
  const Space space(parsed.arguments[0], {parsed.arguments.begin() + 1, parsed.arguments.end()});
  Evaluator evaluator(
      {request.samples, request.batch, request.input_shapes, options.skip_float, options.prices});
  ResultStore store(options.output, ResultStore::Mode::kWrite);
  store.require_version(build_version());
  if (options.retry) remove_failed(space, evaluator, store);
  SweepProgress progress(options.progress);
  print(options.output, sweep(space, evaluator, store, options.threads, progress));
  if (!objectives.empty()) std::fputs(front_text(store, objectives).c_str(), stdout);
  return 0;
}

}  // namespace qsim::cli
