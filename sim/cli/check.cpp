#include "sim/cli/check.h"

#include <algorithm>
#include <filesystem>

#include "hw/spec/error.h"
#include "sim/cli/layout.h"
#include "sim/cli/lockstep.h"
#include "sim/cli/network_inputs.h"

namespace qsim::cli {
namespace {

int64_t batch_count(const CompiledModel& model) {
  if (!model.program.network.has_values) return 1;
  if (!model.samples.data) return std::max<int64_t>(1, model.samples.options.limit);
  const Shape& shape = model.program.network.tensor(model.program.network.inputs.at(0)).onnx_shape;
  return static_cast<int64_t>(model.samples.scored.size()) / (shape.empty() ? 1 : shape[0]);
}

// That a run may take beyond those of the engines before it.
constexpr int64_t kPatienceCycles = 200000;

// Samples of --data, or random ones.
std::vector<Tensor> inputs_of_batch(const CompiledModel& model, int64_t k) {
  const IntegerNetwork& network = model.program.network;
  if (!network.has_values) return {};
  if (!model.samples.data) {
    return random_inputs(network, model.samples.options.seed + static_cast<uint64_t>(k));
  }
  const NetTensor& input = network.tensor(network.inputs.at(0));
  const int64_t batch = input.onnx_shape.empty() ? 1 : input.onnx_shape[0];
  const auto first = model.samples.scored.begin() + k * batch;
  return {
      to_engine(input, samples_for(*model.samples.data, {first, first + batch}, input.onnx_shape))};
}

// The same for every engine and every run of a check.
uint32_t fill_of(const CompiledModel& model) {
  return static_cast<uint32_t>(model.samples.options.seed);
}

// A SHA-256 of what came before and of one thing more.
void add_hash(std::string& hash, const Tensor& tensor) {
  hash = sha256_of(hash + std::string(tensor.bytes.begin(), tensor.bytes.end()));
}

class Checker {
 public:
  Checker(const CompiledModel& model, const std::vector<const EngineRow*>& engines,
          const std::string& rtl_sources, ProgressLine& progress)
      : model_(model),
        program_(model.program),
        engines_(engines),
        rtl_sources_(rtl_sources),
        progress_(progress) {
    for (size_t b = 1; b < engines.size(); ++b) {
      for (size_t a = 0; a < b; ++a) {
        if ((engines[a]->has_values && engines[b]->has_values && program_.network.has_values) ||
            (engines[a]->has_cycles && engines[b]->has_cycles)) {
          result_.pairs.push_back({engines[a]->name, engines[b]->name});
        }
      }
    }
  }

  CheckResult run() {
    const int64_t batches = batch_count(model_);
    for (int64_t k = 0; k < batches && !result_.failure(); ++k) run_batch(k);
    return std::move(result_);
  }

 private:
  void run_batch(int64_t k) {
    result_.failed_batch = k;
    inputs_ = inputs_of_batch(model_, k);
    for (const Tensor& input : inputs_) add_hash(result_.inputs, input);
    runs_.clear();
    lockstep_.reset();
    for (size_t e = 0; e < engines_.size() && !result_.failure(); ++e) {
      if (engines_[e]->has_retirements && recorded_by_) {
        run_lockstep(*engines_[e]);
      } else {
        run_engine(*engines_[e], e);
      }
      if (!result_.failure()) compare_last();
    }
    recorded_by_ = nullptr;
    if (!result_.failure()) keep(k);
  }

  // Leaves a record for lock-step when a later engine will want it.
  void run_engine(const EngineRow& engine, size_t position) {
    RetirementObserver observer;
    const auto later =
        std::find_if(engines_.begin() + static_cast<std::ptrdiff_t>(position) + 1, engines_.end(),
                     [](const EngineRow* row) { return row->has_retirements; });
    if (engine.has_retirements && later != engines_.end()) {
      recorded_by_ = &engine;
      lockstep_.emplace(program_, engine.name, (*later)->name);
      observer = lockstep_->record();
    }
    run_with(engine, observer);
  }

  void run_with(const EngineRow& engine, const RetirementObserver& observer) {
    EngineRun run;
    run.engine = engine.name;
    const bool values = engine.has_values && program_.network.has_values;
    if (values) run.layers.resize(program_.network.layers.size());
    const auto keep_layer = [&](LayerId layer, const Tensor& output) {
      run.layers[static_cast<size_t>(layer)] = output;
    };
    if (engine.has_cycles) {
      TimedOptions options;
      if (values) options.observer = keep_layer;
      options.progress = progress_.task(std::string(engine.name) + " engine");
      options.notice = progress_.notice();
      options.retirement = observer;
      options.fill = fill_of(model_);
      options.rtl.sources = rtl_sources_;
      options.rtl.cycle_limit = cycle_limit();
      run.result = engine.run_timed(program_, inputs_, options);
    } else if (values) {
      engine.make_values(program_)->run(inputs_, [&](LayerId layer, int64_t, const Tensor& output) {
        keep_layer(layer, output);
      });
    }
    runs_.push_back(std::move(run));
  }

  // RTL that keeps the memory waiting never ends and never stands still either.
  int64_t cycle_limit() const {
    int64_t longest = 0;
    for (const EngineRun& run : runs_) longest = std::max(longest, run.result.cycles);
    return longest == 0 ? 0 : longest + kPatienceCycles;
  }

  void run_lockstep(const EngineRow& engine) {
    PairResult& pair = pair_of(recorded_by_->name, engine.name);
    try {
      run_with(engine, lockstep_->compare());
    } catch (const RunEnded&) {
    } catch (const Error& error) {
      // What stands in the way of any run is no difference: a model that cannot be built.
      std::string message = error.what();
      const std::string prefix = std::string(engine.name) + " engine: ";
      if (message.starts_with(prefix)) message.erase(0, prefix.size());
      if (lockstep_->instructions() == 0 && !message.starts_with("hang")) throw;
      pair.difference = lockstep_->failed(message);
    }
    pair.retired += lockstep_->instructions();
    pair.retired_bytes += lockstep_->bytes();
    if (pair.difference) return;
    pair.difference = lockstep_->difference([&](const RetirementObserver& observer) {
      recorded_by_->run_timed(program_, inputs_, {.retirement = observer, .fill = fill_of(model_)});
    });
  }

  PairResult& pair_of(const std::string& a, const std::string& b) {
    return *std::find_if(result_.pairs.begin(), result_.pairs.end(),
                         [&](const PairResult& pair) { return pair.a == a && pair.b == b; });
  }

  // The last engine with each one before it.
  void compare_last() {
    const EngineRun& b = runs_.back();
    for (size_t i = 0; i + 1 < runs_.size(); ++i) {
      const EngineRun& a = runs_[i];
      if (!a.layers.empty() && !b.layers.empty()) {
        PairResult& pair = pair_of(a.engine, b.engine);
        pair.difference = first_value_difference(program_, a, b);
        if (pair.difference) return;
        ++pair.batches;
        pair.layers = static_cast<int64_t>(a.layers.size());
        for (const Tensor& layer : a.layers) pair.elements += layer.size();
      }
      if (!a.result.timing.empty() && !b.result.timing.empty()) {
        PairResult& pair = pair_of(a.engine, b.engine);
        pair.difference = first_timing_difference(program_, a, b);
        if (pair.difference) return;
        pair.instructions = static_cast<int64_t>(program_.instructions.size());
        pair.cycles = b.result.cycles;
      }
    }
  }

  void keep(int64_t k) {
    for (EngineRun& run : runs_) {
      if (k == 0 && !run.result.timing.empty()) result_.timed = std::move(run.result);
    }
    const auto valued = std::find_if(runs_.rbegin(), runs_.rend(),
                                     [](const EngineRun& run) { return !run.layers.empty(); });
    if (valued == runs_.rend()) return;
    result_.layer_codes.resize(valued->layers.size());
    for (size_t layer = 0; layer < valued->layers.size(); ++layer) {
      add_hash(result_.layer_codes[layer], valued->layers[layer]);
    }
  }

  const CompiledModel& model_;
  const Program& program_;
  const std::vector<const EngineRow*>& engines_;
  const std::string& rtl_sources_;
  ProgressLine& progress_;
  CheckResult result_;
  // Of the present batch.
  std::vector<Tensor> inputs_;
  std::vector<EngineRun> runs_;
  const EngineRow* recorded_by_ = nullptr;
  std::optional<Lockstep> lockstep_;
};

}  // namespace

std::string PairResult::text() const {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (layers > 0) {
    add(std::to_string(layers) + " layers, " + std::to_string(elements) + " values" +
        (batches > 1 ? " in " + std::to_string(batches) + " batches" : ""));
  }
  if (retired > 0) {
    add(std::to_string(retired) + " instructions and the " + std::to_string(retired_bytes) +
        " bytes they wrote, in lock-step");
  }
  if (cycles > 0) {
    add(std::to_string(instructions) + " instructions, " + std::to_string(timing_counter_count()) +
        " timing counters, " + std::to_string(cycles) + " cycles");
  }
  return a + " = " + b + ": " + text;
}

const PairResult* CheckResult::failure() const {
  for (const PairResult& pair : pairs) {
    if (pair.difference) return &pair;
  }
  return nullptr;
}

CheckResult check_engines(const CompiledModel& model, const std::vector<const EngineRow*>& engines,
                          const std::string& rtl_sources, ProgressLine& progress) {
  return Checker(model, engines, rtl_sources, progress).run();
}

void write_wave(const CompiledModel& model, int64_t batch, const std::string& rtl_sources,
                const std::string& path, const WaveWindow& window, ProgressLine& progress) {
  std::filesystem::remove(path);
  TimedOptions options;
  options.progress = progress.task("wave");
  options.notice = progress.notice();
  if (model.program.network.has_values) options.fill = fill_of(model);
  options.rtl = {rtl_sources, path, window.from, window.to, window.to + 1};
  try {
    find_engine("rtl", "wave").run_timed(model.program, inputs_of_batch(model, batch), options);
  } catch (const Error&) {
    // The end of the window, or the hang that is to be looked at; else there is no file.
    if (!std::filesystem::exists(path)) throw;
  }
}

}  // namespace qsim::cli
