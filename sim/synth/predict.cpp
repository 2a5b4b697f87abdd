#include "sim/synth/predict.h"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "hw/spec/error.h"
#include "sim/engines/rtl/model_spec.h"

namespace qsim::synth {
namespace {

using Json = nlohmann::json;

const std::string& embedded_fits() {
  static const std::vector<rtl::SourceFile> files = {
#include "embedded_fits.inc"
  };
  return files.front().text;
}

int64_t power_from(int64_t value) {
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(value)));
}

int64_t above(int64_t value, int64_t unit) { return (value + unit - 1) / unit; }

struct Buffers {
  double act_banks = 0;   // each of eight RAMs, with what keeps them consistent
  double small_rams = 0;  // RAMs of 16 words of 4 bits, where no block RAM is worth it
  double block_rams = 0;  // of 2048 words of 9 bits, or 512 of 36
};

// yosys 0.23 takes lookup tables for memories up to these depths.
constexpr int64_t kSmallBytes = 128;
constexpr int64_t kSmallWords = 32;

void add_ram(Buffers& sum, int64_t copies, int64_t depth, int64_t small, int64_t quads,
             int64_t block) {
  if (depth <= small) {
    sum.small_rams += static_cast<double>(copies * quads * above(depth, 16));
  } else {
    sum.block_rams += static_cast<double>(copies * above(depth, block));
  }
}

Buffers buffers_of(const Arch& arch) {
  const int64_t rows = arch.array.rows, cols = arch.array.cols, bus = arch.memory.bus_bytes;
  Buffers sum;
  const int64_t act = power_from(std::max(rows, bus));
  sum.act_banks = static_cast<double>(act);
  add_ram(sum, 8 * act, 1024LL * arch.buffers.act_kib / act, kSmallBytes, 2, 2048);
  const auto plain = [&](int64_t kib, int64_t read) {
    const int64_t banks = power_from(std::max(read, bus));
    add_ram(sum, banks, 1024 * kib / banks, kSmallBytes, 2, 2048);
  };
  plain(arch.buffers.weight_kib, cols);
  plain(arch.buffers.param_kib, 4 * cols);
  add_ram(sum, 2 * cols, arch.buffers.acc_entries, kSmallWords, 8, 512);
  return sum;
}

std::string text_of(double whole) { return std::to_string(static_cast<int64_t>(whole)); }

// Of a resource that grows with them, the features that are larger than in any measured machine.
std::string beyond_of(const std::vector<Feature>& all, const Json& terms, const Json& largest) {
  std::string text;
  for (const Feature& feature : all) {
    if (!terms.contains(feature.name)) continue;
    const double most = largest.at(feature.name).get<double>();
    if (feature.value <= most) continue;
    text += (text.empty() ? "" : ", ") + std::string(feature.name) + " " + text_of(feature.value) +
            " (up to " + text_of(most) + ")";
  }
  return text;
}

}  // namespace

std::vector<Feature> features(const Arch& arch) {
  const double rows = arch.array.rows, cols = arch.array.cols;
  const Buffers buffers = buffers_of(arch);
  // Instructions that wait beyond the first of each queue: one of fetch, one of each unit.
  const double queue_words = arch.fetch.fifo_depth - 1 + 4.0 * (arch.fetch.queue_depth - 1);
  return {{"one", 1},
          {"pes", rows * cols},
          {"edges", rows + cols},
          {"cols", cols},
          {"lanes", static_cast<double>(arch.lanes())},
          {"queue_words", queue_words},
          {"act_banks", buffers.act_banks},
          {"small_rams", buffers.small_rams},
          {"block_rams", buffers.block_rams}};
}

Prediction predict(const Arch& arch, Target target) {
  return predict(arch, target, embedded_fits());
}

Prediction predict(const Arch& arch, Target target, const std::string& fits) {
  const Json targets = Json::parse(fits).at("targets");
  const auto fit = targets.find(name_of(target));
  if (fit == targets.end()) {
    throw Error(std::string("--predict: no machines were fitted for target ") + name_of(target));
  }
  for (const auto& [key, value] : fit->at("scope").items()) {
    if (get_arch_key(arch, key) == value.get<std::string>()) continue;
    throw Error("--predict: " + key + " = " + get_arch_key(arch, key) +
                ": the machines of the fit have " + value.get<std::string>());
  }
  Prediction prediction;
  prediction.machines = fit->at("machines").get<int>();
  prediction.tool = fit->at("tool").get<std::string>();
  const std::vector<Feature> all = features(arch);
  for (const char* resource : {"lut", "ff", "dsp", "bram"}) {
    const Json& model = fit->at("resources").at(resource);
    const Json& terms = model.at("terms");
    Estimate estimate{resource, 0, model.at("largest_error_percent").get<double>(),
                      beyond_of(all, terms, fit->at("largest"))};
    for (const Feature& feature : all) {
      estimate.value += feature.value * terms.value(feature.name, 0.0);
    }
    prediction.estimates.push_back(estimate);
  }
  return prediction;
}

}  // namespace qsim::synth
