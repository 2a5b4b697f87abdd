// Runs a network on several engines and compares them, pair by pair: values layer by layer, cycles
// instruction by instruction; two engines that show their retirements in lock-step.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/cli/compare.h"
#include "sim/cli/pipeline.h"
#include "sim/engines/waveform.h"

namespace qsim::cli {

// What has been compared between two engines, and whether they agree.
struct PairResult {
  std::string a, b;
  int64_t batches = 0, layers = 0, elements = 0;  // values
  int64_t instructions = 0, cycles = 0;           // timing, of one batch
  int64_t retired = 0, retired_bytes = 0;         // in lock-step, of all batches
  std::optional<Difference> difference = {};

  bool compared() const { return layers > 0 || instructions > 0 || retired > 0; }
  std::string text() const;  // "systemc = rtl: ..."
};

struct CheckResult {
  std::vector<PairResult> pairs;  // of engines that have something in common
  // Of the last engine that has them. They are meant for baselines: those of a check that found no
  // difference are those of all engines.
  RunResult timed;                       // first batch, without outputs
  std::vector<std::string> layer_codes;  // SHA-256 over all batches; parallel to the layers
  std::string inputs;                    // SHA-256 of the inputs of all batches; "" without values
  int64_t failed_batch = 0;              // the one with the difference

  const PairResult* failure() const;  // null when all agree
};

// Runs the engines in this order, all of them on a batch before the next one; stops at the first
// difference.
// `rtl_sources`: RtlSettings.
CheckResult check_engines(const CompiledModel& model, const std::vector<const EngineRow*>& engines,
                          const std::string& rtl_sources, ProgressLine& progress);

// Runs the RTL once more, on the inputs of a batch of that check, and writes its signals in these
// cycles to an FST file.
void write_wave(const CompiledModel& model, int64_t batch, const std::string& rtl_sources,
                const std::string& path, const WaveWindow& window, ProgressLine& progress);

}  // namespace qsim::cli
