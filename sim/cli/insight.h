// What `qsim quantize` does beyond quantizing: --analyze and --search.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <thread>

#include "sim/cli/options.h"
#include "sim/cli/pipeline.h"

namespace qsim::cli {

struct InsightOptions {
  bool analyze = false, search = false;
  std::string json;  // a file; "-": instead of the text
  int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  int64_t analyze_bits = 4, worst = 3;  // --analyze
  std::optional<double> floor, drop;    // --search: percent, points of it
  std::string objective = "cycles";     // --search
  std::string prices;                   // --search: a price table; "": that of the technology
};

po::options_description analyze_description(InsightOptions& options);
po::options_description search_description(InsightOptions& options);

// Throws UsageError when options contradict one another.
void check_insight(const InsightOptions& options, const ModelRequest& request);

// Prints what was found. Returns the recipe that a search chose. Without a recipe in the request a
// search takes the methods that lose least (docs/user/quantization.md).
std::optional<Recipe> run_insight(const InsightOptions& options, const ModelRequest& request,
                                  ProgressLine& progress);

}  // namespace qsim::cli
