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

// Multiplexers that line `read` bytes up from byte banks, and `write` bytes to them, in bits times
// ways.
double read_ways(int64_t banks, int64_t read) { return 8.0 * read * (banks - 1); }
double write_ways(int64_t banks, int64_t write) { return 8.0 * banks * (write - 1); }

int64_t power_from(int64_t value) {
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(value)));
}

int64_t above(int64_t value, int64_t unit) { return (value + unit - 1) / unit; }

struct Buffers {
  double ways = 0;         // of all ports
  double act_banks = 0;    // each of eight RAMs, with what keeps them consistent
  double plain_banks = 0;  // each of one RAM
  double small_rams = 0;   // RAMs of 16 words of 4 bits, where no block RAM is worth it
  double block_rams = 0;   // of 2048 words of 9 bits, or 512 of 36
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
  const int64_t vector = std::min({static_cast<int64_t>(arch.vector.lanes), rows, cols});
  Buffers sum;
  const int64_t act = power_from(std::max(rows, bus));
  sum.act_banks = static_cast<double>(act);
  sum.ways = read_ways(act, rows) + read_ways(act, vector) + read_ways(act, bus) +
             write_ways(act, bus) + write_ways(act, vector);
  add_ram(sum, 8 * act, 1024LL * arch.buffers.act_kib / act, kSmallBytes, 2, 2048);
  const auto plain = [&](int64_t kib, int64_t read) {
    const int64_t banks = power_from(std::max(read, bus));
    sum.plain_banks += static_cast<double>(banks);
    sum.ways += read_ways(banks, read) + write_ways(banks, bus);
    add_ram(sum, banks, 1024 * kib / banks, kSmallBytes, 2, 2048);
  };
  plain(arch.buffers.weight_kib, cols);
  plain(arch.buffers.param_kib, 4 * cols);
  add_ram(sum, 2 * cols, arch.buffers.acc_entries, kSmallWords, 8, 512);
  return sum;
}

}  // namespace

std::vector<Feature> features(const Arch& arch) {
  const double rows = arch.array.rows, cols = arch.array.cols;
  const Buffers buffers = buffers_of(arch);
  // Instructions of 512 bits; the first of a queue stands in a register.
  const auto queue = [](int32_t depth) { return static_cast<double>(above(depth - 1, 16)); };
  return {{"one", 1},
          {"pes", rows * cols},
          {"edges", rows + cols},
          {"cols", cols},
          {"lanes", std::min({static_cast<double>(arch.vector.lanes), rows, cols})},
          {"bus_bytes", static_cast<double>(arch.memory.bus_bytes)},
          {"queue_rows", 4 * queue(arch.fetch.queue_depth) + queue(arch.fetch.fifo_depth)},
          {"ways", buffers.ways},
          {"act_banks", buffers.act_banks},
          {"plain_banks", buffers.plain_banks},
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
  for (const char* resource : {"lut", "ff", "dsp", "bram"}) {
    const Json& model = fit->at("resources").at(resource);
    Estimate estimate{resource, 0, model.at("largest_error_percent").get<double>()};
    for (const Feature& feature : features(arch)) {
      estimate.value += feature.value * model.at("terms").value(feature.name, 0.0);
    }
    prediction.estimates.push_back(estimate);
  }
  return prediction;
}

}  // namespace qsim::synth
