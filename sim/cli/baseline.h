// Budgets of cycles, and the codes that must not change: a JSON file that a project keeps beside
// its RTL.
//
//   {"format": "qsim-baseline", "version": 1, "entries": [
//     {"model": "digits_qdq", "model_sha256": "...", "machine": "edge8", "machine_sha256": "...",
//      "inputs_sha256": "...", "cycles": 4603,
//      "layers": [{"name": "conv1", "cycles": 811, "codes_sha256": "..."}, ...]}]}
//
// inputs_sha256 and codes_sha256 are left out where the program computes no values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/cli/check.h"

namespace qsim::cli {

struct BaselineLayer {
  std::string name;
  int64_t cycles = 0;
  std::string codes_sha256;
};

struct BaselineEntry {
  std::string model, model_sha256;
  std::string machine, machine_sha256;
  std::string inputs_sha256;
  int64_t cycles = 0;
  std::vector<BaselineLayer> layers;
};

// Model and machine alone; `path` is the model's file.
BaselineEntry make_entry(const Program& program, const std::string& path);
void add_result(const Program& program, const CheckResult& result, BaselineEntry& entry);

// Throw Error for a file that cannot be read or is not a baseline.
std::vector<BaselineEntry> load_baseline(const std::string& path);
// Puts `entry` in the place of the one for the same model and machine, or at the end; makes the
// file when there is none.
void update_baseline(const std::string& path, const BaselineEntry& entry);

// One layer, or the total.
struct BaselineRow {
  std::string name;
  std::optional<int64_t> budget, now;  // cycles; none: there is no such layer
  std::string codes_before, codes_now;

  // More cycles than the budget, another code, or a layer that came or went.
  bool failed() const;
  bool codes_differ() const;
  std::string text() const;  // "conv1: 831 cycles, budget 811 (+20)"
};

struct BaselineTable {
  std::vector<BaselineRow> rows;  // layers, then the total

  bool failed() const;
  // Rows that differ, and the total.
  std::string text(size_t width) const;
};

// The entry for this model and machine. Throws Error when there is none, or when it is of another
// version of them: then the figures do not compare.
BaselineEntry find_entry(const std::string& path, const BaselineEntry& now);

// Throws Error when the entry is of other inputs.
BaselineTable compare_with_baseline(const std::string& path, const BaselineEntry& before,
                                    const BaselineEntry& now);

}  // namespace qsim::cli
