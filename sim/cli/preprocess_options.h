// Preprocessing from a JSON file and from options.
#pragma once

#include "compiler/dataset.h"
#include "sim/cli/samples.h"

namespace qsim::cli {

// What --preprocess, or else the .json beside `npz_path`, says, with the single options over it.
// Throws UsageError for a malformed option, Error for the file.
Preprocess read_preprocess(const std::string& npz_path, const SampleOptions& options);

}  // namespace qsim::cli
