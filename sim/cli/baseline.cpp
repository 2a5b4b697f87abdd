#include "sim/cli/baseline.h"

#include <algorithm>

#include "hw/spec/error.h"
#include "sim/cli/run_files.h"
#include "sim/report/account.h"
#include "sim/report/text_table.h"

namespace qsim::cli {
namespace {

const char kUpdate[] = "; --update-baseline writes a new one";

std::string short_hash(const std::string& hash) { return hash.substr(0, 12); }

std::string place_of(const std::string& path, const BaselineEntry& entry) {
  return path + ": budget of " + entry.model + " on " + entry.machine;
}

std::string cycles_text(const std::optional<int64_t>& cycles) {
  return cycles ? std::to_string(*cycles) : "-";
}

std::string change_text(const BaselineRow& row) {
  if (!row.budget) return "new layer";
  if (!row.now) return "layer is gone";
  const int64_t change = *row.now - *row.budget;
  return (change > 0 ? "+" : "") + std::to_string(change);
}

const BaselineEntry& find_names(const std::string& path, const std::vector<BaselineEntry>& entries,
                                const BaselineEntry& now) {
  const std::string wanted = now.model + " on " + now.machine;
  const BaselineEntry* same_names = nullptr;
  std::string others;
  for (const BaselineEntry& entry : entries) {
    others += (others.empty() ? "" : ", ") + entry.model + " on " + entry.machine;
    if (entry.model != now.model || entry.machine != now.machine) continue;
    same_names = &entry;
    if (entry.machine_sha256 == now.machine_sha256) return entry;
  }
  if (same_names) {
    throw Error(place_of(path, now) + " is of a machine with other keys" + kUpdate);
  }
  throw Error(path + ": has no budget of " + wanted + ", but of " +
              (others.empty() ? "nothing" : others) + kUpdate);
}

}  // namespace

BaselineEntry make_entry(const Program& program, const std::string& path) {
  BaselineEntry entry;
  entry.model = program.network.name;
  entry.model_sha256 = stamp_model(path).sha256;
  entry.machine = program.arch.name;
  entry.machine_sha256 = sha256_of(to_text(program.arch));
  return entry;
}

void add_result(const Program& program, const CheckResult& result, BaselineEntry& entry) {
  entry.inputs_sha256 = result.inputs;
  entry.cycles = result.timed.cycles;
  const RunAccount account = account_for(program, result.timed);
  for (size_t i = 0; i < program.network.layers.size(); ++i) {
    entry.layers.push_back({program.network.layers[i].name, account.layers[i].cycles,
                            result.layer_codes.empty() ? "" : result.layer_codes[i]});
  }
}

BaselineEntry find_entry(const std::string& path, const BaselineEntry& now) {
  const std::vector<BaselineEntry> entries = load_baseline(path);
  const BaselineEntry& before = find_names(path, entries, now);
  if (before.model_sha256 != now.model_sha256) {
    throw Error(place_of(path, now) + " is of a model file with SHA-256 " +
                short_hash(before.model_sha256) + "..., this one has " +
                short_hash(now.model_sha256) + "..." + kUpdate);
  }
  return before;
}

bool BaselineRow::codes_differ() const { return budget && now && codes_before != codes_now; }

bool BaselineRow::failed() const { return !budget || !now || *now > *budget || codes_differ(); }

std::string BaselineRow::text() const {
  std::string text = name + ": ";
  if (!budget || !now) {
    text += change_text(*this);
  } else {
    text += std::to_string(*now) + " cycles, budget " + std::to_string(*budget) + " (" +
            change_text(*this) + ")";
  }
  if (codes_differ()) {
    text += "; codes " + short_hash(codes_before) + " are now " + short_hash(codes_now);
  }
  return text;
}

bool BaselineTable::failed() const {
  return std::any_of(rows.begin(), rows.end(), [](const BaselineRow& row) { return row.failed(); });
}

std::string BaselineTable::text(size_t width) const {
  TextTable table({{"layer", false}, {"budget"}, {"now"}, {"difference"}, {"codes", false}});
  for (const BaselineRow& row : rows) {
    const bool total = &row == &rows.back();
    if (!total && row.budget == row.now && !row.codes_differ()) continue;
    if (total) table.add_rule();
    table.add_row({row.name, cycles_text(row.budget), cycles_text(row.now), change_text(row),
                   row.codes_differ() ? "differ" : ""});
  }
  return table.render(width);
}

BaselineTable compare_with_baseline(const std::string& path, const BaselineEntry& before,
                                    const BaselineEntry& now) {
  if (before.inputs_sha256 != now.inputs_sha256) {
    throw Error(place_of(path, now) + " is of other inputs (--data, --limit, --seed)" + kUpdate);
  }
  BaselineTable table;
  for (const BaselineLayer& layer : now.layers) {
    table.rows.push_back({layer.name, {}, layer.cycles, "", layer.codes_sha256});
  }
  for (const BaselineLayer& layer : before.layers) {
    const auto row =
        std::find_if(table.rows.begin(), table.rows.end(), [&](const BaselineRow& candidate) {
          return candidate.name == layer.name && !candidate.budget;
        });
    if (row == table.rows.end()) {
      table.rows.push_back({layer.name, layer.cycles, {}, layer.codes_sha256, ""});
    } else {
      row->budget = layer.cycles;
      row->codes_before = layer.codes_sha256;
    }
  }
  table.rows.push_back({"total", before.cycles, now.cycles, "", ""});
  return table;
}

}  // namespace qsim::cli
