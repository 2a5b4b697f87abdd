#include <cstdio>
#include <cstdlib>
#include <thread>

#include "sim/cli/model_options.h"
#include "sim/cli/output_file.h"
#include "sim/cli/terminal.h"
#include "sim/report/render.h"

namespace qsim::cli {
namespace {

struct RunOptions {
  ModelOptions model;
  RunRequest request;
  std::string json, csv, wave_window;
};

CommandLine make_line(RunOptions& options) {
  CommandLine line{
      "run", "[OPTIONS] MODEL.onnx|PROGRAM.qprog",
      "Compiles the network for a machine, runs it, and reports where the cycles went. "
      "With --data, also how\naccurate it is.\n",
      options_group("Run")};
  line.options.add_options()  //
      ("engine", po::value(&options.request.engine)->value_name("NAME"),
       "analytic (cycles; values by the reference engine), systemc or rtl (cycles and values), "
       "reference (values alone); analytic if not given")  //
      ("threads", po::value(&options.request.threads)->value_name("N"),
       "threads that score samples; one per processor if not given")  //
      ("skip-float", po::bool_switch(&options.request.skip_float),
       "do not run the float network beside the integer one: several times as fast, no "
       "agreement, SQNR or float accuracy")  //
      ("json", po::value(&options.json)->value_name("FILE"),
       "write the report as JSON; - prints it instead of the text")  //
      ("csv", po::value(&options.csv)->value_name("FILE"),
       "write the layer table as CSV; - prints it instead of the text")  //
      ("prices", po::value(&options.request.prices)->value_name("FILE"),
       "prices of energy and area, in place of the table of prices.technology")  //
      ("trace", po::value(&options.request.trace)->value_name("FILE.json"),
       "write what every unit did in every cycle, for https://ui.perfetto.dev")  //
      ("wave", po::value(&options.request.wave.path)->value_name("FILE.vcd"),
       "write the signals that the engines systemc and rtl have in common; FILE.fst: all of the "
       "rtl engine")  //
      ("wave-window", po::value(&options.wave_window)->value_name("FIRST:LAST"),
       "cycles that --wave writes; all if not given")  //
      ("save-outputs", po::value(&options.request.save_outputs)->value_name("FILE.npz"),
       "write the network's outputs for the samples of --data");
  take_model(line, options.model, "score the first N samples alone");
  return line;
}

}  // namespace

int run_command(const Invocation& invocation) {
  RunOptions options;
  options.request.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  CommandLine line = make_line(options);
  const ParsedLine parsed = parse_line(line, invocation);
  if (!parsed.proceed) return 0;
  options.request.model = options.model.request(parsed.arguments[0]);
  options.request.command_line = invocation.command_line;
  const EngineRow& engine = find_engine(options.request.engine, "--engine");
  if (!options.request.trace.empty() && !engine.has_cycles) {
    throw UsageError(std::string("--trace: the engine ") + engine.name + " keeps no cycles");
  }
  if (!options.wave_window.empty() && options.request.wave.path.empty()) {
    throw UsageError("--wave-window needs --wave");
  }
  require_waves(options.request.wave, engine);
  options.request.wave.window = parse_window(options.wave_window).value_or(WaveWindow{});
  if (options.model.samples.data.empty()) {
    if (!options.request.save_outputs.empty()) throw UsageError("--save-outputs needs --data");
    if (options.request.skip_float) throw UsageError("--skip-float needs --data");
    if (!engine.has_cycles) {
      throw UsageError(std::string("--engine ") + engine.name +
                       " computes values: it needs --data");
    }
  }
  ProgressLine progress(options.model.progress);
  const Report report = run_model(options.request, progress);
  if (!options.json.empty()) write_file(options.json, render_json(report));
  if (!options.csv.empty()) write_file(options.csv, render_csv(report));
  if (options.json != "-" && options.csv != "-") {
    std::fputs(render_text(report, terminal_width()).c_str(), stdout);
  }
  return 0;
}

}  // namespace qsim::cli
