#include <algorithm>
#include <cstdio>
#include <sstream>

#include "sim/cli/compare.h"
#include "sim/cli/layout.h"
#include "sim/cli/model_options.h"
#include "sim/cli/network_inputs.h"

namespace qsim::cli {
namespace {

std::vector<const EngineRow*> parse_engines(const std::string& list) {
  std::vector<const EngineRow*> engines;
  std::stringstream stream(list);
  for (std::string name; std::getline(stream, name, ',');) {
    engines.push_back(&find_engine(name, "--engines"));
  }
  if (engines.size() < 2) throw UsageError("--engines = " + list + " names fewer than two");
  const auto count = [&](bool EngineRow::*has) {
    return std::count_if(engines.begin(), engines.end(),
                         [has](const EngineRow* engine) { return engine->*has; });
  };
  if (count(&EngineRow::has_values) < 2 && count(&EngineRow::has_cycles) < 2) {
    throw UsageError("--engines = " + list + " have neither values nor cycles in common");
  }
  return engines;
}

EngineRun run_engine(const EngineRow& engine, const Program& program,
                     const std::vector<Tensor>& inputs, ProgressLine& progress) {
  EngineRun run;
  run.engine = engine.name;
  const bool values = engine.has_values && program.network.has_values;
  if (values) run.layers.resize(program.network.layers.size());
  const auto keep = [&](LayerId layer, const Tensor& output) {
    run.layers[static_cast<size_t>(layer)] = output;
  };
  if (engine.has_cycles) {
    run.result = engine.run_timed(program, inputs, values ? LayerObserver(keep) : LayerObserver(),
                                  progress.task(std::string(engine.name) + " engine"));
  } else if (values) {
    engine.make_values(program)->run(
        inputs, [&](LayerId layer, int64_t, const Tensor& output) { keep(layer, output); });
  }
  return run;
}

// What has been compared between two engines, without a difference.
struct PairTally {
  std::string a, b;
  int64_t batches = 0, layers = 0, elements = 0;  // values
  int64_t instructions = 0, cycles = 0;           // timing, of one batch

  void print() const {
    std::string text;
    if (layers > 0) {
      text = std::to_string(layers) + " layers, " + std::to_string(elements) + " values" +
             (batches > 1 ? " in " + std::to_string(batches) + " batches" : "");
    }
    if (cycles > 0) {
      text += (text.empty() ? "" : "; ") + std::to_string(instructions) + " instructions, " +
              std::to_string(timing_counter_count()) + " timing counters, " +
              std::to_string(cycles) + " cycles";
    }
    if (!text.empty()) std::printf("%s = %s: %s\n", a.c_str(), b.c_str(), text.c_str());
  }
};

// Compares the last engine with each one before it; returns the first difference.
std::optional<Difference> compare_last(const Program& program, const std::vector<EngineRun>& runs,
                                        std::vector<PairTally>& tallies) {
  const EngineRun& b = runs.back();
  for (size_t i = 0; i + 1 < runs.size(); ++i) {
    const EngineRun& a = runs[i];
    PairTally* tally = nullptr;
    for (PairTally& candidate : tallies) {
      if (candidate.a == a.engine && candidate.b == b.engine) tally = &candidate;
    }
    if (!tally) tally = &tallies.emplace_back(PairTally{a.engine, b.engine});
    if (!a.layers.empty() && !b.layers.empty()) {
      if (auto difference = first_value_difference(program, a, b)) return difference;
      ++tally->batches;
      tally->layers = static_cast<int64_t>(a.layers.size());
      for (const Tensor& layer : a.layers) tally->elements += layer.size();
    }
    if (!a.result.timing.empty() && !b.result.timing.empty()) {
      if (auto difference = first_timing_difference(program, a, b)) return difference;
      tally->instructions = static_cast<int64_t>(program.instructions.size());
      tally->cycles = b.result.cycles;
    }
  }
  return std::nullopt;
}

// The k-th input: samples of --data, or random ones.
std::vector<Tensor> make_inputs(const CompiledModel& model, int64_t k) {
  const IntegerNetwork& network = model.program.network;
  if (!model.samples.data) {
    return random_inputs(network, model.samples.options.seed + static_cast<uint64_t>(k));
  }
  const NetTensor& input = network.tensor(network.inputs.at(0));
  const int64_t batch = input.onnx_shape.empty() ? 1 : input.onnx_shape[0];
  const auto first = model.samples.scored.begin() + k * batch;
  return {
      to_engine(input, samples_for(*model.samples.data, {first, first + batch}, input.onnx_shape))};
}

int64_t input_count(const CompiledModel& model) {
  if (!model.samples.data) return std::max<int64_t>(1, model.samples.options.limit);
  const Shape& shape = model.program.network.tensor(model.program.network.inputs.at(0)).onnx_shape;
  return static_cast<int64_t>(model.samples.scored.size()) / (shape.empty() ? 1 : shape[0]);
}

int check(const std::vector<const EngineRow*>& engines, const CompiledModel& model,
          ProgressLine& progress) {
  const Program& program = model.program;
  const int64_t count = program.network.has_values ? input_count(model) : 1;
  std::vector<PairTally> tallies;
  for (int64_t k = 0; k < count; ++k) {
    const std::vector<Tensor> inputs = make_inputs(model, k);
    std::vector<EngineRun> runs;
    for (const EngineRow* engine : engines) {
      runs.push_back(run_engine(*engine, program, inputs, progress));
      if (const auto difference = compare_last(program, runs, tallies)) {
        progress.clear();
        std::printf("%s\n", difference->text.c_str());
        return 1;
      }
    }
  }
  progress.clear();
  if (!program.network.has_values) {
    std::printf("values: not compared, the program has none\n");
  }
  for (const PairTally& tally : tallies) tally.print();
  return 0;
}

}  // namespace

int check_command(const Invocation& invocation) {
  ModelOptions options;
  options.samples.limit = 1;
  std::string engines = "reference,analytic,systemc";
  CommandLine line{
      "check", "[OPTIONS] MODEL.onnx|PROGRAM.qprog",
      "Runs the network on several engines and compares them: values layer by layer, "
      "cycles instruction by\ninstruction, timing counters. Stops at the first "
      "difference, prints it as one line and exits with 1.\nWithout --data the input is "
      "random, by --seed.\n",
      options_group("Check")};
  line.options.add_options()("engines", po::value(&engines)->value_name("A,B,..."),
                             "engines to compare; reference,analytic,systemc if not given");
  line.options.add(machine_description(options.machine));
  line.options.add(network_description(options));
  line.options.add(sample_description(options, "compare on N samples; 1 if not given, 0: all"));
  line.options.add(preprocess_description(options));
  line.options.add(dump_description(options));
  line.takes_machine_keys = true;
  line.machine = &options.machine;
  line.arguments = {"a model"};
  line.required = 1;
  const ParsedLine parsed = parse_line(line, invocation);
  if (!parsed.proceed) return 0;
  const std::vector<const EngineRow*> rows = parse_engines(engines);
  ProgressLine progress(options.progress);
  return check(rows, compile_model(options.request(parsed.arguments[0]), progress), progress);
}

}  // namespace qsim::cli
