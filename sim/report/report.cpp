#include "sim/report/report.h"

#include <stdexcept>

#include "hw/spec/dram_part.h"
#include "sim/report/energy.h"
#include "sim/report/figures.h"

namespace qsim {
namespace {

// What the numbers leave out, for every machine and network.
const char* const kNotModelled[] = {
    "other masters on the memory bus, and the host's own memory traffic",
    "the work of a host step: it costs host.step_cycles and host.elements_per_cycle",
    "starting the machine: writing weights and instructions to DRAM, the first call's latency",
    "whether the clock of clock.mhz can be reached"};

const char* energy_not_modelled(const Arch& arch) {
  return arch.prices.activity == Activity::kCounted
             ? "energy of the host, of pads, and of glitches (docs/user/energy.md)"
             : "energy of the host, of pads, and of switching as the codes are "
               "(docs/user/energy.md)";
}

const char* memory_not_modelled(const Arch& arch) {
  return dram_part(arch.memory.model)
             ? "DRAM: reordering of requests, its command bus, refresh of single banks, power-down"
             : "DRAM banks, rows, refresh and turnaround: memory is a latency and a bandwidth";
}

std::vector<LayerPlace> places_of(const Program& program) {
  const IntegerNetwork& network = program.network;
  std::vector<bool> on_array(network.layers.size()), on_vector(network.layers.size());
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const auto layer = static_cast<size_t>(program.info[i].layer);
    if (std::holds_alternative<Matmul>(program.instructions[i].op)) on_array[layer] = true;
    if (std::holds_alternative<Vector>(program.instructions[i].op)) on_vector[layer] = true;
  }
  std::vector<bool> on_host(network.layers.size());
  for (const Step& step : program.steps) {
    if (step.host_layer >= 0) on_host[static_cast<size_t>(step.host_layer)] = true;
  }
  std::vector<LayerPlace> places;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    if (!on_array[i] && !on_vector[i] && !on_host[i]) {
      throw std::logic_error("report: layer " + network.layers[i].name +
                             " has neither instructions nor a host step");
    }
    places.push_back(on_host[i]    ? LayerPlace::kHost
                     : on_array[i] ? LayerPlace::kArray
                                   : LayerPlace::kVector);
  }
  return places;
}

// The widest code that a layer reads.
std::optional<int32_t> code_bits(const IntegerNetwork& network, const Layer& layer) {
  std::optional<int32_t> bits;
  for (TensorId id : layer.inputs) {
    const NetTensor& tensor = network.tensor(id);
    if (!tensor.is_float) bits = std::max(bits.value_or(0), tensor.bits);
  }
  return bits;
}

// Multiply-accumulates a cycle of each layer's matmuls, whose mode is one.
std::vector<std::optional<int64_t>> peaks(const Program& program) {
  std::vector<std::optional<int64_t>> layers(program.network.layers.size());
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const auto* matmul = std::get_if<Matmul>(&program.instructions[i].op);
    if (!matmul) continue;
    layers[static_cast<size_t>(program.info[i].layer)] = program.arch.pes() << matmul->act_pack;
  }
  return layers;
}

std::vector<LayerRow> make_rows(const Program& program, const std::vector<LayerAccount>& times,
                                const std::vector<Traffic>& traffic,
                                const std::optional<Accuracy>& accuracy) {
  const IntegerNetwork& network = program.network;
  const std::vector<LayerPlace> places = places_of(program);
  const std::vector<std::optional<int64_t>> peak_macs = peaks(program);
  std::vector<LayerRow> rows;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    const NetTensor& output = network.tensor(layer.output);
    LayerRow row;
    row.name = layer.name;
    row.op = layer.is_depthwise(network.tensors) ? "depthwise" : name_of(layer.op);
    row.place = places[i];
    row.output = {output.n, output.h, output.w, output.c};
    row.macs = mac_count(network, layer);
    row.code_bits = code_bits(network, layer);
    if (layer.op == LayerOp::kConv) row.weight_bits = layer.weight_bits;
    row.peak_macs = peak_macs[i];
    if (!times.empty()) row.time = times[i];
    row.traffic = traffic[i];
    if (accuracy && i < accuracy->layer_sqnr_db.size()) row.sqnr_db = accuracy->layer_sqnr_db[i];
    rows.push_back(std::move(row));
  }
  return rows;
}

void add_energy(Report& report, const Program& program, const RunResult& result, bool has_values,
                const std::vector<LayerAccount>& times, const std::vector<Traffic>& traffic) {
  const RunEnergy run = price_run(program, result, has_values, times, traffic, report.prices);
  for (size_t i = 0; i < report.layers.size(); ++i) {
    report.layers[i].energy = run.layers[i];
    if (!result.activity.empty() && report.layers[i].place == LayerPlace::kArray) {
      report.layers[i].activity = result.activity[i];
    }
  }
  for (size_t i = 0; i < kEvents; ++i) {
    const Event event{static_cast<uint8_t>(i)};
    if (run.counts[event] == 0) continue;
    report.events.push_back({event, run.counts[event], report.prices.price(event)});
  }
}

LayerRow make_total(const std::vector<LayerRow>& rows) {
  LayerRow total;
  total.name = "total";
  for (const LayerRow& row : rows) {
    total.macs += row.macs;
    total.time.cycles += row.time.cycles;
    total.time.account += row.time.account;
    total.traffic += row.traffic;
    total.energy += row.energy;
    if (row.activity) {
      if (!total.activity) total.activity.emplace();
      *total.activity += *row.activity;
    }
  }
  return total;
}

Coverage make_coverage(const std::vector<LayerRow>& rows, bool has_cycles) {
  Coverage coverage;
  if (has_cycles) coverage.host_cycles = 0;
  for (const LayerRow& row : rows) {
    ++coverage.operators;
    ++(row.place == LayerPlace::kArray    ? coverage.array
       : row.place == LayerPlace::kVector ? coverage.vector
                                          : coverage.host);
    if (has_cycles && row.place == LayerPlace::kHost) *coverage.host_cycles += row.time.cycles;
  }
  return coverage;
}

}  // namespace

const char* name_of(LayerPlace place) {
  constexpr const char* kNames[] = {"array", "vector", "host"};
  return kNames[static_cast<int>(place)];
}

double LayerRow::utilization(int64_t pes) const {
  if (time.cycles == 0) return 0;
  return static_cast<double>(time.account[CycleState::kUseful]) /
         (static_cast<double>(time.cycles) * static_cast<double>(pes));
}

std::string Coverage::text() const {
  return "all " + std::to_string(operators) + " operators placed: " + std::to_string(array) +
         " on the array, " + std::to_string(vector) + " on the vector unit, " +
         std::to_string(host) + " on the host" +
         (host_cycles ? " (" + std::to_string(*host_cycles) + " cycles)" : "");
}

Report make_report(const Program& program, const RunResult& result, bool has_values,
                   const PriceTable& prices, Manifest manifest, std::optional<Accuracy> accuracy) {
  Report report;
  report.network = program.network.name;
  report.manifest = std::move(manifest);
  report.arch = program.arch;
  report.has_cycles = !result.timing.empty();
  report.prices = make_price_list(program.arch, prices);
  std::vector<LayerAccount> times;
  if (report.has_cycles) times = account_for(program, result).layers;
  const std::vector<Traffic> traffic = count_traffic(program);
  report.layers = make_rows(program, times, traffic, accuracy);
  if (report.has_cycles) add_energy(report, program, result, has_values, times, traffic);
  report.total = make_total(report.layers);
  if (report.has_cycles && !(report.total.traffic == traffic_of(result.counters))) {
    throw std::logic_error("report: traffic by layer does not add up to the engine's counters");
  }
  report.coverage = make_coverage(report.layers, report.has_cycles);
  report.accuracy = std::move(accuracy);
  report.value_blockers = program.network.value_blockers;
  report.notes = program.network.notes;
  report.not_modelled = {energy_not_modelled(report.arch), memory_not_modelled(report.arch)};
  report.not_modelled.insert(report.not_modelled.end(), std::begin(kNotModelled),
                             std::end(kNotModelled));
  report.figures = make_figures(program, result, report);
  report.counters = counter_figures(result, report.has_cycles, has_values);
  return report;
}

}  // namespace qsim
