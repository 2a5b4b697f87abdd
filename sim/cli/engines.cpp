#include "sim/cli/engines.h"

#include "hw/spec/arch.h"
#include "sim/cli/command.h"
#include "sim/engines/analytic/engine.h"
#include "sim/engines/reference/reference_engine.h"
#include "sim/engines/rtl/engine.h"
#include "sim/systemc/engine.h"

namespace qsim::cli {
namespace {

class ReferenceValues : public ValueEngine {
 public:
  explicit ReferenceValues(const Program& program)
      : engine_(program.network, {.mode = program.arch.vector.requant}) {}

  ValueResult run(const std::vector<Tensor>& inputs, const BatchObserver& observer) override {
    const uint64_t before = engine_.wraps();
    ValueResult result;
    result.outputs = engine_.run(inputs, observer);
    result.wraps = static_cast<int64_t>(engine_.wraps() - before);
    return result;
  }

 private:
  ReferenceEngine engine_;
};

RunResult run_systemc(const Program& program, const std::vector<Tensor>& inputs,
                      const TimedOptions& timed) {
  SystemcOptions options;
  options.observer = timed.observer;
  options.progress = timed.progress;
  options.retirement = timed.retirement;
  options.fill = timed.fill;
  options.count_activity = timed.count_activity;
  options.waveform = timed.waveform;
  return SystemcEngine(program, options).run(inputs);
}

RunResult run_rtl(const Program& program, const std::vector<Tensor>& inputs,
                  const TimedOptions& timed) {
  RtlOptions options;
  options.observer = timed.observer;
  options.progress = timed.progress;
  options.notice = timed.notice;
  options.retirement = timed.retirement;
  options.fill = timed.fill;
  options.waveform = timed.waveform;
  options.seed = timed.fill.value_or(options.seed);
  options.sources = timed.rtl.sources;
  options.wave_file = timed.rtl.wave_file;
  options.wave_from = timed.rtl.wave_from;
  options.wave_to = timed.rtl.wave_to;
  options.cycle_limit = timed.rtl.cycle_limit;
  return RtlEngine(program, options).run(inputs);
}

// One inference after the other, on an engine that has values and cycles.
class TimedValues : public ValueEngine {
 public:
  using Run = RunResult (*)(const Program& program, const std::vector<Tensor>& inputs,
                            const TimedOptions& options);
  TimedValues(const Program& program, Run run_one) : program_(program), run_(run_one) {}

  ValueResult run(const std::vector<Tensor>& inputs, const BatchObserver& observer) override {
    const NetTensor& first = program_.network.tensor(program_.network.inputs[0]);
    const int64_t batches = inputs[0].size() / first.elements();
    ValueResult result;
    for (int64_t b = 0; b < batches; ++b) {
      std::vector<Tensor> batch;
      for (const Tensor& input : inputs) batch.push_back(slice(input, b, batches));
      LayerObserver layers;
      if (observer) {
        layers = [&](LayerId layer, const Tensor& output) { observer(layer, b, output); };
      }
      const bool counts = b == 0 && program_.arch.prices.activity == Activity::kCounted;
      RunResult run = run_(program_, batch, {.observer = layers, .count_activity = counts});
      append(run, result);
      run.outputs.clear();
      if (b == 0) result.timed = std::move(run);
    }
    return result;
  }

 private:
  static Tensor slice(const Tensor& whole, int64_t index, int64_t count) {
    Tensor part;
    part.type = whole.type;
    part.shape = whole.shape;
    part.shape[0] /= count;
    const auto size = static_cast<std::ptrdiff_t>(whole.bytes.size()) / count;
    part.bytes.assign(whole.bytes.begin() + index * size, whole.bytes.begin() + (index + 1) * size);
    return part;
  }

  static void append(const RunResult& run, ValueResult& result) {
    result.wraps += run.counters.accumulator_wraps;
    if (result.outputs.empty()) {
      result.outputs = run.outputs;
      return;
    }
    for (size_t i = 0; i < run.outputs.size(); ++i) {
      Tensor& whole = result.outputs[i];
      whole.shape[0] += run.outputs[i].shape[0];
      whole.bytes.insert(whole.bytes.end(), run.outputs[i].bytes.begin(),
                         run.outputs[i].bytes.end());
    }
  }

  const Program& program_;
  Run run_;
};

constexpr EngineRow kEngines[] = {
    {"analytic", "cycles from the timing rules, no values", false, true, false, true, nullptr,
     [](const Program& program, const std::vector<Tensor>&, const TimedOptions&) {
       return run_analytic(program);
     }},
    {"unfolded", "the analytic engine, without jumps over what repeats", false, true, false, true,
     nullptr,
     [](const Program& program, const std::vector<Tensor>&, const TimedOptions&) {
       return run_analytic(program, {.fold = false});
     }},
    {"reference", "values, layer by layer, no cycles", true, false, false, true,
     [](const Program& program) -> std::unique_ptr<ValueEngine> {
       return std::make_unique<ReferenceValues>(program);
     },
     nullptr},
    {"systemc", "values and cycles, from a model of the machine", true, true, true, false,
     [](const Program& program) -> std::unique_ptr<ValueEngine> {
       return std::make_unique<TimedValues>(program, run_systemc);
     },
     run_systemc, true},
    {"rtl", "values and cycles, from the SystemVerilog", true, true, true, true,
     [](const Program& program) -> std::unique_ptr<ValueEngine> {
       return std::make_unique<TimedValues>(program, run_rtl);
     },
     run_rtl}};

}  // namespace

std::span<const EngineRow> engine_rows() { return kEngines; }

const EngineRow& find_engine(const std::string& name, const std::string& option) {
  std::string names;
  for (const EngineRow& row : kEngines) {
    if (row.name == name) return row;
    names += (names.empty() ? "" : "|") + std::string(row.name);
  }
  throw UsageError(option + " = " + name + " is not one of " + names);
}

}  // namespace qsim::cli
