#include "sim/report/figures.h"

#include <algorithm>
#include <cstring>

#include "hw/spec/dram_part.h"
#include "hw/spec/memory_timing.h"
#include "sim/report/text_table.h"

namespace qsim {
namespace {

class FigureList {
 public:
  void count(const char* key, const char* title, int64_t value, const char* unit, Origin origin,
             std::string note = "") {
    figures_.push_back({key, title, static_cast<double>(value), 0, unit, origin, std::move(note)});
  }
  void real(const char* key, const char* title, double value, int decimals, const char* unit,
            Origin origin, std::string note = "") {
    figures_.push_back({key, title, value, decimals, unit, origin, std::move(note)});
  }
  void range(const char* key, const char* title, const Estimate& range, int decimals,
             const char* unit, std::string note) {
    figures_.push_back({key, title, range.value, decimals, unit, range.origin, std::move(note),
                        range.low, range.high});
  }
  std::vector<Figure> take() { return std::move(figures_); }

 private:
  std::vector<Figure> figures_;
};

int64_t macs_at(const Report& report, LayerPlace place) {
  int64_t macs = 0;
  for (const LayerRow& row : report.layers) {
    if (row.place == place) macs += row.macs;
  }
  return macs;
}

// Samples that one run of the program works on.
int64_t batch_of(const IntegerNetwork& network) {
  if (network.inputs.empty()) return 1;
  const Shape& shape = network.tensor(network.inputs[0]).onnx_shape;
  return shape.empty() ? 1 : shape[0];
}

void add_cycles(FigureList& list, const Report& report, const Counters& counters, int64_t batch) {
  const Arch& arch = report.arch;
  const std::string whole = batch == 1 ? "one inference" : "a batch of " + std::to_string(batch);
  const int64_t cycles = report.total.time.cycles;
  const int64_t host = report.coverage.host_cycles.value_or(0);
  const std::string clock = "at clock.mhz = " + std::to_string(arch.clock.mhz);
  list.count("cycles", "cycles", cycles, "cycles", Origin::kMeasured,
             whole + ", host steps included");
  list.count("host_cycles", "on the host", host, "cycles", Origin::kAssumed,
             "what the keys host.* state");
  const double seconds = static_cast<double>(cycles) / (arch.clock.mhz * 1e6);
  list.real("time_ms", "time", seconds * 1e3, 3, "ms", Origin::kAssumed, clock);
  list.real("inferences_per_second", "rate", seconds > 0 ? static_cast<double>(batch) / seconds : 0,
            1, "inferences/s", Origin::kAssumed,
            (batch == 1 ? "one at a time, " : "batch after batch, ") + clock);
  list.real("utilization", "utilisation", 100 * report.total.utilization(arch.pes()), 2, "%",
            Origin::kDerived, "useful PE-cycles / (PEs x cycles)");
  const double device = static_cast<double>(cycles - host);
  const auto rate = [&](int64_t bytes) {
    return device > 0 ? static_cast<double>(bytes) / device : 0;
  };
  const int64_t instruction_bytes = counters.fetch_beats * arch.memory.bus_bytes;
  list.count("dram_read_bytes", "read from DRAM", counters.load_bytes, "bytes", Origin::kMeasured,
             "activations, weights, parameters");
  list.count("dram_write_bytes", "written to DRAM", counters.store_bytes, "bytes",
             Origin::kMeasured);
  list.count("instruction_bytes", "instructions fetched", instruction_bytes, "bytes",
             Origin::kMeasured);
  list.real("read_bytes_per_cycle", "read bandwidth", rate(counters.load_bytes + instruction_bytes),
            2, "bytes/cycle", Origin::kDerived, "average over the device's cycles");
  list.real("write_bytes_per_cycle", "write bandwidth", rate(counters.store_bytes), 2,
            "bytes/cycle", Origin::kDerived, "average over the device's cycles");
  const bool is_dram = dram_part(arch.memory.model) != nullptr;
  list.real("memory_peak_bytes_per_cycle", "memory peak", peak_bytes_per_cycle(arch), 2,
            "bytes/cycle", is_dram ? Origin::kAssumed : Origin::kDerived,
            is_dram ? "both ways together, " + clock : "each way");
}

// What the commands of a DRAM say: whole columns cross its bus, used or not.
void add_dram(FigureList& list, const Report& report, const Counters& counters) {
  const Arch& arch = report.arch;
  const DramPart* part = dram_part(arch.memory.model);
  if (!part) return;
  const int64_t columns = counters.dram_reads + counters.dram_writes;
  if (columns > 0) {
    list.real("dram_row_hit_rate", "row hits",
              100 * static_cast<double>(counters.dram_row_hits) / static_cast<double>(columns), 2,
              "%", Origin::kDerived, "column commands that found their row open");
  }
  const int64_t bytes = columns * part->column_bytes(arch.channel_bits());
  const double seconds = static_cast<double>(report.total.time.cycles) / (arch.clock.mhz * 1e6);
  const double share = static_cast<double>(columns * part->burst_clocks) /
                       (seconds * static_cast<double>(part->clock_mhz) * 1e6);
  list.real("dram_bandwidth", "DRAM bandwidth", static_cast<double>(bytes) / seconds / 1e9, 3,
            "GB/s", Origin::kAssumed,
            "whole columns, both ways, " + number_text(100 * share, 1) +
                " % of the channel's peak, at clock.mhz = " + std::to_string(arch.clock.mhz));
}

// Energy and what follows from it; a batch's energy is that of one run of the program.
void add_energy(FigureList& list, const Report& report) {
  const Energy total = report.total.energy.total();
  Estimate joules = {static_cast<double>(total.fj) * 1e-15, static_cast<double>(total.low) * 1e-15,
                     static_cast<double>(total.high) * 1e-15, Origin::kDerived};
  for (size_t i = 0; i < kComponents; ++i) {
    joules.origin =
        weaker(joules.origin, origin_of(report.prices, Component{static_cast<uint8_t>(i)}));
  }
  const Arch& arch = report.arch;
  const double seconds = static_cast<double>(report.total.time.cycles) / (arch.clock.mhz * 1e6);
  const std::string prices = "by prices of " + report.prices.technology;
  list.range("energy_uj", "energy", joules * 1e6, 3, "uJ", prices + ", DRAM included");
  if (seconds > 0) {
    Estimate watts = joules * (1 / seconds);
    watts.origin = Origin::kAssumed;
    list.range("power_mw", "average power", watts * 1e3, 2, "mW",
               "at clock.mhz = " + std::to_string(arch.clock.mhz));
  }
  const auto macs = static_cast<double>(report.total.macs);
  if (macs > 0 && joules.low > 0) {
    list.range("pj_per_mac", "energy per MAC", joules * (1e12 / macs), 3, "pJ/MAC", prices);
    list.range("tops_per_watt", "efficiency", exactly(2e-12 * macs) / joules, 3, "TOPS/W",
               "2 operations a MAC");
  }
}

}  // namespace

std::vector<Figure> counter_figures(const RunResult& result, bool has_cycles, bool has_values) {
  std::vector<Figure> figures;
  const auto add = [&](const char* name, const char* kind, const char* unit, const char* meaning,
                       int64_t value) {
    if (std::strcmp(kind, "timing") == 0 ? has_cycles : has_values) {
      figures.push_back(
          {name, name, static_cast<double>(value), 0, unit, Origin::kMeasured, meaning});
    }
  };
#define QSIM_COUNTER(name, kind, unit, meaning) \
  add(#name, #kind, unit, meaning, result.counters.name);
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
  return figures;
}

std::vector<Figure> make_figures(const Program& program, const RunResult& result,
                                 const Report& report) {
  FigureList list;
  if (report.has_cycles) {
    add_cycles(list, report, result.counters, batch_of(program.network));
    add_dram(list, report, result.counters);
    add_energy(list, report);
  }
  list.range("area_mm2", "area", report.prices.total_mm2, 3, "mm2",
             "by prices of " + report.prices.technology + ", no pads");
  list.count("array_macs", "array MACs", macs_at(report, LayerPlace::kArray), "MACs",
             Origin::kDerived, "padding taps included");
  list.count("vector_macs", "vector unit MACs", macs_at(report, LayerPlace::kVector), "MACs",
             Origin::kDerived, "depthwise convolution");
  int64_t weight_bits = 0;
  for (const Layer& layer : program.network.layers) {
    weight_bits += static_cast<int64_t>(layer.weights.size()) * layer.weight_bits;
  }
  if (weight_bits > 0) {
    list.count("weight_bytes", "weights", (weight_bits + 7) / 8, "bytes", Origin::kDerived,
               "codes of the bits that each layer has");
  }
  list.count("instructions", "instructions", static_cast<int64_t>(program.instructions.size()),
             "instructions", Origin::kDerived);
  list.count("dram_bytes", "DRAM used", program.dram_bytes, "bytes", Origin::kDerived,
             "instructions, constants, feature maps");
  return list.take();
}

}  // namespace qsim
