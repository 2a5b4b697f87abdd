#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>

#include "hw/spec/error.h"
#include "sim/cli/check.h"
#include "sim/cli/junit.h"
#include "sim/cli/model_options.h"
#include "sim/cli/output_file.h"
#include "sim/cli/waves.h"

namespace qsim::cli {
namespace {

constexpr size_t kTableWidth = 100;

std::vector<const EngineRow*> parse_engines(const std::string& list) {
  std::vector<const EngineRow*> engines;
  std::stringstream stream(list);
  for (std::string name; std::getline(stream, name, ',');) {
    engines.push_back(&find_engine(name, "--engines"));
  }
  if (engines.size() < 2) throw UsageError("--engines = " + list + " names fewer than two");
  // The slow one last, to be stopped at the first difference.
  std::stable_partition(engines.begin(), engines.end(), [](const EngineRow* engine) {
    return std::strcmp(engine->name, "rtl") != 0;
  });
  const auto count = [&](bool EngineRow::*has) {
    return std::count_if(engines.begin(), engines.end(),
                         [has](const EngineRow* engine) { return engine->*has; });
  };
  if (count(&EngineRow::has_values) < 2 && count(&EngineRow::has_cycles) < 2) {
    throw UsageError("--engines = " + list + " have neither values nor cycles in common");
  }
  return engines;
}

struct CheckOptions {
  ModelOptions model;
  std::string engines = "reference,analytic,systemc";
  std::string junit, baseline;
  bool update_baseline = false;
  std::string rtl, wave, wave_window;
};

constexpr int64_t kWaveMargin = 20;  // cycles on either side of a difference

void require_rtl(const CheckOptions& options, const std::vector<const EngineRow*>& engines) {
  if (!options.wave_window.empty() && options.wave.empty()) {
    throw UsageError("--wave-window needs --wave");
  }
  const bool has_rtl = std::any_of(engines.begin(), engines.end(), [](const EngineRow* engine) {
    return std::strcmp(engine->name, "rtl") == 0;
  });
  const char* option = !options.wave.empty() ? "--wave" : !options.rtl.empty() ? "--rtl" : nullptr;
  if (option && !has_rtl) {
    throw UsageError(std::string(option) + " needs rtl among --engines");
  }
}

// Writes the wave that was asked for, when there is a reason to.
void keep_wave(const CheckOptions& options, const CompiledModel& model, const CheckResult& result,
               ProgressLine& progress) {
  if (options.wave.empty()) return;
  std::optional<WaveWindow> window = parse_window(options.wave_window);
  if (!window) {
    const PairResult* pair = result.failure();
    if (!pair) return;
    if (pair->b != "rtl" || pair->difference->cycle < 0) {
      std::printf("%s: not written, the difference is in no cycle of the rtl engine\n",
                  options.wave.c_str());
      return;
    }
    window = WaveWindow{std::max<int64_t>(0, pair->difference->since - kWaveMargin),
                        pair->difference->cycle + kWaveMargin};
  }
  write_wave(model, result.failure() ? result.failed_batch : 0, options.rtl, options.wave, *window,
             progress);
  progress.clear();
  std::printf("%s: signals of the rtl engine in cycles %lld to %lld\n", options.wave.c_str(),
              static_cast<long long>(window->from), static_cast<long long>(window->to));
}

void print_pairs(const CompiledModel& model, const CheckResult& result) {
  if (!model.program.network.has_values) {
    std::printf("values: not compared, the program has none\n");
  }
  for (const PairResult& pair : result.pairs) {
    if (pair.compared()) std::printf("%s\n", pair.text().c_str());
  }
}

// What is wrong with the file is said before the engines run, which may take long.
class Baseline {
 public:
  Baseline(const CheckOptions& options, const std::string& path, const Program& program)
      : program_(program), path_(options.baseline), update_(options.update_baseline) {
    if (path_.empty()) return;
    now_ = make_entry(program, path);
    if (!update_) {
      before_ = find_entry(path_, now_);
    } else if (std::filesystem::exists(path_)) {
      load_baseline(path_);
    }
  }

  // Updates the file or prints how the result compares. The table is there in the latter case.
  std::optional<BaselineTable> keep(const CheckResult& result);

 private:
  const Program& program_;
  std::string path_;
  bool update_;
  BaselineEntry before_, now_;
};

std::optional<BaselineTable> Baseline::keep(const CheckResult& result) {
  if (path_.empty()) return std::nullopt;
  add_result(program_, result, now_);
  const std::string name = now_.model + " on " + now_.machine;
  if (update_) {
    update_baseline(path_, now_);
    std::printf("%s: budget of %s is now %lld cycles\n", path_.c_str(), name.c_str(),
                static_cast<long long>(now_.cycles));
    return std::nullopt;
  }
  BaselineTable table = compare_with_baseline(path_, before_, now_);
  if (!table.failed()) {
    std::printf("%s: %s keeps within its budget, %lld of %lld cycles%s\n", path_.c_str(),
                name.c_str(), static_cast<long long>(*table.rows.back().now),
                static_cast<long long>(*table.rows.back().budget),
                now_.inputs_sha256.empty() ? "" : "; no code has changed");
  } else {
    std::printf("%s: %s does not keep to its budget:\n%s", path_.c_str(), name.c_str(),
                table.text(kTableWidth).c_str());
  }
  return table;
}

// What an Error leaves for who only looks at the JUnit file.
void keep_error(const CheckOptions& options, const std::string& suite, const std::string& message) {
  if (options.junit.empty()) return;
  try {
    write_file(options.junit,
               junit_text(suite, {{"check", "runs", JunitCase::Status::kFailed, message}}));
  } catch (const Error&) {  // the first error is the one to tell
  }
}

int check(const CheckOptions& options, const std::string& path) {
  const std::vector<const EngineRow*> engines = parse_engines(options.engines);
  require_rtl(options, engines);
  parse_window(options.wave_window);
  std::string suite = path;
  try {
    ProgressLine progress(options.model.progress);
    const CompiledModel model = compile_model(options.model.request(path), progress);
    suite = model.program.network.name + " on " + model.program.arch.name;
    Baseline baseline(options, path, model.program);
    const CheckResult result = check_engines(model, engines, options.rtl, progress);
    progress.clear();
    std::vector<JunitCase> cases = junit_cases(model.program, result);
    bool failed = false;
    if (const PairResult* pair = result.failure()) {
      failed = true;
      std::printf("%s\n", pair->difference->text.c_str());
    } else {
      print_pairs(model, result);
      if (const auto table = baseline.keep(result)) {
        failed = table->failed();
        const std::vector<JunitCase> rows = junit_cases(*table);
        cases.insert(cases.end(), rows.begin(), rows.end());
      }
    }
    keep_wave(options, model, result, progress);
    if (!options.junit.empty()) write_file(options.junit, junit_text(suite, cases));
    return failed ? 1 : 0;
  } catch (const Error& error) {
    keep_error(options, suite, error.what());
    throw;
  }
}

CommandLine make_line(CheckOptions& options) {
  CommandLine line{
      "check", "[OPTIONS] MODEL.onnx|PROGRAM.qprog",
      "Runs the network on several engines and compares them: values layer by layer, "
      "cycles instruction by\ninstruction, timing counters; systemc and rtl in lock-step, in "
      "what each instruction has written.\nStops at the first difference, prints it as one line "
      "and exits with 1. Without --data the input is\nrandom, by --seed.\n",
      options_group("Check")};
  line.options.add_options()  //
      ("engines", po::value(&options.engines)->value_name("A,B,..."),
       "engines to compare; reference,analytic,systemc if not given")  //
      ("junit", po::value(&options.junit)->value_name("FILE.xml"),
       "write a JUnit test case per pair of engines and layer")  //
      ("baseline", po::value(&options.baseline)->value_name("FILE.json"),
       "fail when a layer or the whole takes more cycles than FILE.json says, or a code has "
       "changed")  //
      ("update-baseline", po::bool_switch(&options.update_baseline),
       "write these cycles and codes to FILE.json instead")  //
      ("rtl", po::value(&options.rtl)->value_name("FOLDER"),
       "SystemVerilog sources of the rtl engine, with a module qsim_top; the tool's own if not "
       "given")  //
      ("wave", po::value(&options.wave)->value_name("FILE.fst"),
       "at a difference of the rtl engine, write its signals around it")  //
      ("wave-window", po::value(&options.wave_window)->value_name("FIRST:LAST"),
       "write those of these cycles, difference or not");
  take_model(line, options.model, "compare on N samples; 1 if not given, 0: all");
  return line;
}

}  // namespace

int check_command(const Invocation& invocation) {
  CheckOptions options;
  options.model.samples.limit = 1;
  CommandLine line = make_line(options);
  const ParsedLine parsed = parse_line(line, invocation);
  if (!parsed.proceed) return 0;
  if (options.update_baseline && options.baseline.empty()) {
    throw UsageError("--update-baseline needs --baseline");
  }
  return check(options, parsed.arguments[0]);
}

}  // namespace qsim::cli
