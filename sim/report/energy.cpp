#include "sim/report/energy.h"

#include <algorithm>
#include <stdexcept>

#include "hw/spec/dram_part.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

constexpr int64_t kBlockParameterWords = 4;  // bias, multiplier, shift, weight zero point
constexpr Event kMacs[] = {Event::k_macs_8bit, Event::k_macs_4bit, Event::k_macs_2bit};
constexpr Event kZeroMacs[] = {Event::k_zero_macs_8bit, Event::k_zero_macs_4bit,
                               Event::k_zero_macs_2bit};

void count(const Arch&, const InstructionInfo&, const Halt&, EventCounts&) {}

void count(const Arch&, const InstructionInfo&, const Load& op, EventCounts& counts) {
  constexpr Event kLoaded[] = {Event::k_act_loaded_bytes, Event::k_weight_loaded_bytes,
                               Event::k_param_loaded_bytes};
  counts[kLoaded[op.buffer]] += int64_t{1} * op.bytes * op.count0 * op.count1 * op.count2;
}

void count(const Arch&, const InstructionInfo&, const Store& op, EventCounts& counts) {
  counts[Event::k_act_stored_bytes] += int64_t{1} * op.bytes * op.count0 * op.count1 * op.count2;
}

void count(const Arch& arch, const InstructionInfo&, const Matmul& op, EventCounts& counts) {
  const int64_t pixels = int64_t{1} * op.out_h * op.out_w;
  const int64_t tiles = int64_t{1} * op.kh * op.kw * op.cblocks;
  // Each write of a ws tile but the first of a sum adds to what is there; an os sum comes once.
  const int64_t writes = arch.array.dataflow == Dataflow::kWs ? tiles : 1;
  counts[Event::k_acc_update_words] += pixels * (writes - (op.accumulate ? 0 : 1));
}

void count(const Arch& arch, const InstructionInfo&, const Vector& op, EventCounts& counts) {
  const VectorFunction function{static_cast<uint8_t>(op.function)};
  const int64_t pixels = int64_t{1} * op.out_h * op.out_w, taps = int64_t{1} * op.kh * op.kw;
  const int64_t channels = int64_t{op.blocks - 1} * arch.array.cols + op.last_channels;
  const int64_t operands = function == VectorFunction::kRequant ? 1
                           : function == VectorFunction::kAdd   ? 2
                                                                : taps;
  counts[Event::k_vector_lane_ops] += pixels * operands * channels;
  const bool is_requantized =
      function == VectorFunction::kRequant || function == VectorFunction::kDepthwise;
  counts[is_requantized ? Event::k_vector_results : Event::k_vector_plain_results] +=
      pixels * channels;
  if (function == VectorFunction::kRequant) {
    counts[Event::k_param_read_words] += op.blocks * kBlockParameterWords;
  } else if (function == VectorFunction::kDepthwise) {
    counts[Event::k_param_read_words] += op.blocks * (kBlockParameterWords + pixels * taps);
  }
}

// Splits what the run has by the layers' weights.
void share(std::vector<EventCounts>& layers, Event event, int64_t total,
           const std::vector<int64_t>& weights) {
  const std::vector<int64_t> parts = apportion(total, weights);
  for (size_t i = 0; i < layers.size(); ++i) layers[i][event] += parts[i];
}

void share_memory(std::vector<EventCounts>& layers, const Arch& arch, const Counters& counters,
                  const std::vector<Traffic>& traffic) {
  std::vector<int64_t> read, written, moved, fetched;
  for (size_t i = 0; i < layers.size(); ++i) {
    fetched.push_back(layers[i][Event::k_instructions] * kInstructionBytes);
    read.push_back(traffic[i].dram_read_bytes + fetched[i]);
    written.push_back(traffic[i].dram_write_bytes);
    moved.push_back(read[i] + written[i]);
  }
  const int64_t bus = arch.memory.bus_bytes;
  const int64_t read_bytes = (counters.fetch_beats + counters.load_beats) * bus;
  share(layers, Event::k_bus_bytes, read_bytes, read);
  share(layers, Event::k_bus_bytes, counters.store_beats * bus, written);
  if (!dram_part(arch.memory.model)) {
    share(layers, Event::k_memory_bytes, read_bytes, read);
    share(layers, Event::k_memory_bytes, counters.store_beats * bus, written);
    return;
  }
  share(layers, Event::k_dram_reads, counters.dram_reads, read);
  share(layers, Event::k_dram_writes, counters.dram_writes, written);
  share(layers, Event::k_dram_activates, counters.dram_activates, moved);
}

// What the matmuls of a layer multiply, all in one mode: pixels x activation words, by pass.
// Weights of 9 bits take a second pass over the same words (A6), whose products are no useful ones.
struct LayerProducts {
  int64_t useful = 0, words = 0, second_words = 0;
  int32_t pack = 0;

  int64_t macs() const {
    if (words == 0) return 0;
    const auto second = static_cast<__int128>(useful) * second_words / words;
    return useful + static_cast<int64_t>(second);
  }
  // The rest are at the edge of a tile, where the array has more rows or columns than the tile has
  // channels. Their weights are 0: zero_operand_macs counts every one, but they are no MACs.
  int64_t edge(int64_t pes) const { return ((words + second_words) * pes << pack) - macs(); }
};

std::vector<LayerProducts> products_of(const Program& program) {
  std::vector<LayerProducts> layers(program.network.layers.size());
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const auto* op = std::get_if<Matmul>(&program.instructions[i].op);
    if (!op) continue;
    const InstructionInfo& info = program.info[i];
    LayerProducts& layer = layers[static_cast<size_t>(info.layer)];
    const int64_t words = int64_t{1} * op->out_h * op->out_w * op->kh * op->kw * op->cblocks;
    (info.useful_macs > 0 ? layer.words : layer.second_words) += words;
    layer.useful += info.useful_macs;
    layer.pack = op->act_pack;
  }
  return layers;
}

void share_zero_macs(std::vector<EventCounts>& layers, int64_t zero_macs) {
  std::vector<int64_t> weights;
  for (const EventCounts& layer : layers) {
    for (Event event : kMacs) weights.push_back(layer[event]);
  }
  const std::vector<int64_t> parts = apportion(zero_macs, weights);
  for (size_t i = 0; i < parts.size(); ++i) layers[i / 3][kZeroMacs[i % 3]] = parts[i];
}

constexpr Event kOperandBits[] = {Event::k_operand_bits_8bit, Event::k_operand_bits_4bit,
                                  Event::k_operand_bits_2bit};
constexpr Event kWeightBits[] = {Event::k_weight_bits_8bit, Event::k_weight_bits_4bit,
                                 Event::k_weight_bits_2bit};
constexpr Event kSumBits[] = {Event::k_sum_bits_8bit, Event::k_sum_bits_4bit,
                              Event::k_sum_bits_2bit};

// All matmuls of a layer are in one mode.
void take_activity(std::vector<EventCounts>& layers, const Program& program,
                   const std::vector<BitChanges>& activity) {
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const auto* matmul = std::get_if<Matmul>(&program.instructions[i].op);
    if (!matmul) continue;
    const auto layer = static_cast<size_t>(program.info[i].layer);
    const BitChanges& bits = activity[layer];
    layers[layer][kOperandBits[matmul->act_pack]] = bits.operand_bits;
    layers[layer][kWeightBits[matmul->act_pack]] = bits.weight_bits;
    layers[layer][kSumBits[matmul->act_pack]] = bits.sum_bits;
    if (matmul->act_pack == 0) layers[layer][Event::k_sign_bits_8bit] = bits.sign_bits;
  }
}

void require(bool agrees, const char* what) {
  if (!agrees) {
    throw std::logic_error(std::string("report: ") + what +
                           " by layer do not add up to the engine's counters");
  }
}

}  // namespace

void require_counts(const Arch& arch, bool zeros, bool activity) {
  if (arch.prices.zero_macs == ZeroMacs::kCounted && !zeros) {
    throw Error(arch.name +
                ": prices.zero_macs = counted needs codes to count: --engine systemc or rtl, and "
                "--data");
  }
  if (arch.prices.activity == Activity::kCounted && !activity) {
    throw Error(arch.name +
                ": prices.activity = counted needs codes, and an engine that counts the bits that "
                "change: --engine systemc, and --data");
  }
}

RunEnergy price_run(const Program& program, const RunResult& result, bool has_values,
                    const std::vector<LayerAccount>& times, const std::vector<Traffic>& traffic,
                    const PriceList& prices) {
  const Arch& arch = program.arch;
  const Counters& counters = result.counters;
  RunEnergy run;
  std::vector<EventCounts>& layers = run.layer_counts;
  layers.resize(program.network.layers.size());
  for (size_t i = 0; i < program.instructions.size(); ++i) {
    const InstructionInfo& info = program.info[i];
    EventCounts& layer = layers[static_cast<size_t>(info.layer)];
    ++layer[Event::k_instructions];
    std::visit([&](const auto& op) { count(arch, info, op, layer); }, program.instructions[i].op);
  }
  const std::vector<LayerProducts> products = products_of(program);
  std::vector<int64_t> cycles;
  for (size_t i = 0; i < layers.size(); ++i) {
    layers[i][kMacs[products[i].pack]] = products[i].macs();
    layers[i][Event::k_act_read_words] = traffic[i].act_read_words;
    layers[i][Event::k_act_write_words] = traffic[i].act_write_words;
    layers[i][Event::k_weight_read_words] = traffic[i].weight_read_words;
    layers[i][Event::k_acc_write_words] = traffic[i].acc_write_words;
    layers[i][Event::k_acc_read_words] = traffic[i].acc_read_words;
    layers[i][Event::k_clock_cycles] = times[i].cycles;
    layers[i][Event::k_leakage_cycles] = times[i].cycles;
    cycles.push_back(times[i].cycles);
  }
  share_memory(layers, arch, counters, traffic);
  if (dram_part(arch.memory.model)) {
    share(layers, Event::k_dram_refreshes, counters.dram_refreshes, cycles);
    for (size_t i = 0; i < layers.size(); ++i) {
      layers[i][Event::k_dram_background_cycles] = cycles[i];
    }
  }
  require_counts(arch, has_values, !result.activity.empty());
  if (arch.prices.zero_macs == ZeroMacs::kCounted) {
    int64_t edge = 0;
    for (const LayerProducts& layer : products) edge += layer.edge(arch.pes());
    share_zero_macs(layers, std::max<int64_t>(0, counters.zero_operand_macs - edge));
  }
  if (arch.prices.activity == Activity::kCounted) {
    take_activity(layers, program, result.activity);
  }
  for (const EventCounts& layer : layers) {
    run.counts += layer;
    run.layers.push_back(energy_of(layer, prices));
    run.total += run.layers.back();
  }
  require(run.counts[Event::k_vector_lane_ops] == counters.vector_lane_ops, "lane operations");
  require(run.counts[Event::k_clock_cycles] == result.cycles, "cycles");
  return run;
}

}  // namespace qsim
