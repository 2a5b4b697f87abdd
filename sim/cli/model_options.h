// The options that `run`, `compile`, `check` and `quantize` have in common.
#pragma once

#include <string>
#include <vector>

#include "sim/cli/options.h"
#include "sim/cli/pipeline.h"

namespace qsim::cli {

// Bound to the option descriptions below; request() turns them into what the pipeline takes.
struct ModelOptions {
  MachineOptions machine;
  SampleOptions samples;
  int64_t batch = 1;
  std::vector<std::string> input_shapes;  // NAME=1x3x224x224
  std::string recipe, calibrator;
  std::vector<std::string> dumps;
  std::string dump_folder;
  bool progress = false;

  // Throws UsageError.
  ModelRequest request(const std::string& path) const;
};

po::options_description shape_description(ModelOptions& options);    // --batch, --input-shape
po::options_description network_description(ModelOptions& options);  // and --recipe
// --calibrate, --calibrator, --seed and, unless `limit_text` is null, --data, --limit (explained by
// it) and --calibration-samples.
po::options_description sample_description(ModelOptions& options, const char* limit_text);
po::options_description preprocess_description(ModelOptions& options);
po::options_description dump_description(ModelOptions& options);  // --dump, --dump-to, --progress

// The line of a command that takes one model: all these options, keys of the machine, the argument.
void take_model(CommandLine& line, ModelOptions& options, const char* limit_text);

// An empty group of the same layout as the others.
po::options_description options_group(const std::string& title);

}  // namespace qsim::cli
