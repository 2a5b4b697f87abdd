// The engines that the tool can run, one row each.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/engines/engine.h"
#include "sim/engines/waveform.h"
#include "sim/engines/written.h"

namespace qsim::cli {

// Called with a layer's whole output for the batches first_batch, first_batch + 1, ...
using BatchObserver = std::function<void(LayerId layer, int64_t first_batch, const Tensor& output)>;

// What one call of a value engine returns.
struct ValueResult {
  std::vector<Tensor> outputs;  // per network output, batches one after the other, NHWC
  int64_t wraps = 0;            // accumulators that left int32
  RunResult timed;              // of the first batch, without outputs; engines that have cycles
};

// Runs batches of inputs (as to_engine() makes them) through a program's network.
class ValueEngine {
 public:
  virtual ~ValueEngine() = default;
  virtual ValueResult run(const std::vector<Tensor>& inputs, const BatchObserver& observer) = 0;
};

// For the rtl engine (sim/engines/rtl/engine.h).
struct RtlSettings {
  std::string sources = {};    // a folder; "": those in the tool
  std::string wave_file = {};  // "": none
  int64_t wave_from = 0, wave_to = INT64_MAX;
  int64_t cycle_limit = 0;
};

// Of one inference. Engines without retirements know neither `retirement` nor `fill`.
struct TimedOptions {
  LayerObserver observer = {};
  Progress progress = {};
  std::function<void(const std::string& text)> notice = {};  // about long work before the run
  RetirementObserver retirement = {};
  std::optional<uint32_t> fill = {};
  bool count_activity = false;  // fills RunResult::activity; for engines that count it
  RtlSettings rtl = {};
  Waveform* waveform = nullptr;  // engines with retirements show it their signals
};

struct EngineRow {
  const char* name;
  const char* meaning;
  bool has_values, has_cycles;
  bool has_retirements;  // shows what each instruction has written when it retires
  bool many_at_once;     // several value engines may run in threads of one process
  // Null where the engine lacks it. run_timed() runs one inference; `inputs` is of one batch, and
  // empty when values do not matter.
  std::unique_ptr<ValueEngine> (*make_values)(const Program& program);
  RunResult (*run_timed)(const Program& program, const std::vector<Tensor>& inputs,
                         const TimedOptions& options);
  bool counts_activity = false;  // its value engine: of the first batch, when arch.prices says so
};

std::span<const EngineRow> engine_rows();

// Throws UsageError("--engine = x is not one of ...").
const EngineRow& find_engine(const std::string& name, const std::string& option);

}  // namespace qsim::cli
