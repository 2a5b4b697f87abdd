#include "sim/price/price_list.h"

#include <algorithm>

#include "hw/spec/dram_part.h"
#include "sim/price/switching.h"

namespace qsim {
namespace {

constexpr double kUm2PerMm2 = 1e6;
constexpr double kReferenceKib = 8;  // of sram_access_64bit_8kib
constexpr int64_t kInstructionBits = 512;
// Of the RTL: ports of the memories (docs/reference/timing.md), bits of registers that count.
constexpr int kActPorts = 5, kWeightPorts = 2, kParamPorts = 2, kAccPorts = 3, kQueuePorts = 2;
constexpr int64_t kOperandBits = 10;  // of a PE: code, two bits of its mode, load or first
constexpr int64_t kLaneBits = 330;    // of a lane's pipeline, chunk 0
constexpr int64_t kControlBits =
    12 * kInstructionBits;  // instructions at work, addresses, counters
constexpr double kLaneOpMovedBits = 72, kResultMovedBits = 110;
constexpr double kLaneProductBits = 9 * 23;

Estimate product(const PriceTable& table, double bits) {
  return table.logic_multiply_8x8 * (bits / 64);
}

constexpr double kPlainMultiplierBits = 24;  // of the other vector operators: rules A21, A22

// Bits of what requantization multiplies 32 bits by; pot only shifts.
double multiplier_bits(RequantMode mode) {
  switch (mode) {
    case RequantMode::kRne:
    case RequantMode::kF32:
      return 24;
    case RequantMode::kTflite:
    case RequantMode::kTflite1:
      return 31;
    case RequantMode::kM16:
      return 16;
    case RequantMode::kPot:
      return 0;
  }
  return 31;
}

// A memory of the chip.
struct Memory {
  double bytes;
  int ports;

  Estimate word(const PriceTable& table, double bits) const {
    const Estimate ports_factor = exactly(1) + table.sram_port_energy * (ports - 1);
    return table.sram_access_64bit_8kib * (bits / 64) *
           power(bytes / 1024 / kReferenceKib, table.sram_capacity_exponent) * ports_factor;
  }
  Estimate mm2(const PriceTable& table) const {
    const Estimate cells = table.area_sram_bit * (8 * bytes) / table.area_sram_efficiency;
    return cells * (exactly(1) + table.area_port_area * (ports - 1)) * (1 / kUm2PerMm2);
  }
};

struct Memories {
  Memory act, weight, param, acc, queues;
};

Memories memories_of(const Arch& arch) {
  const double queued = arch.fetch.fifo_depth + 4.0 * arch.fetch.queue_depth;
  return {{static_cast<double>(arch.act_bytes()), kActPorts},
          {static_cast<double>(arch.weight_bytes()), kWeightPorts},
          {static_cast<double>(arch.param_bytes()), kParamPorts},
          {4.0 * arch.buffers.acc_entries * arch.array.cols, kAccPorts},
          {queued * kInstructionBits / 8, kQueuePorts}};
}

bool is_ws(const Arch& arch) { return arch.array.dataflow == Dataflow::kWs; }
bool counts_bits(const Arch& arch) { return arch.prices.activity == Activity::kCounted; }

// Registers of a PE that take a new word for each operand: ws: code and sum; os: code, weight, sum.
double moved_bits(const Arch& arch) { return 8 + 32 + (is_ws(arch) ? 0 : 8); }
int64_t pe_bits(const Arch& arch) { return kOperandBits + 8 + 32 + (is_ws(arch) ? 0 : 32); }

// The array with what stands at its edges: skews of codes; os: of weights, and the transposer.
int64_t array_bits(const Arch& arch) {
  const int64_t rows = arch.array.rows, cols = arch.array.cols;
  const int64_t skew = rows * (rows - 1) / 2 * kOperandBits;
  const int64_t os = is_ws(arch) ? 0 : cols * (cols - 1) / 2 * 8 + rows * rows * 8;
  return arch.pes() * pe_bits(arch) + skew + os;
}

// Each lane keeps the parameters of its channels: bias, multiplier, shift, zero point.
int64_t vector_bits(const Arch& arch) {
  return arch.lanes() * kLaneBits + int64_t{arch.array.cols} * (32 + 31 + 7 + 8);
}

Estimate placed(const PriceTable& table, const Estimate& um2) {
  return um2 / table.area_placement * (1 / kUm2PerMm2);
}

void set_area(PriceList& list, const Arch& arch, const PriceTable& table) {
  const auto area = [&](Component component) -> Estimate& {
    return list.mm2[static_cast<size_t>(component)];
  };
  // Narrow modes mask bits of one multiplier (hw/rtl/qsim_subword_pkg.sv); a quarter for each is
  // assumed.
  Estimate multiplier = table.area_multiplier_8x8;
  if (arch.max_pack() > 0) {
    multiplier = multiplier * (1 + 0.25 * arch.max_pack());
    multiplier.origin = Origin::kAssumed;
  }
  area(Component::k_array) =
      placed(table, (multiplier + table.area_adder_32) * static_cast<double>(arch.pes()) +
                        table.area_register_bit * static_cast<double>(array_bits(arch)));
  // One multiplier for both kinds of results.
  const double result_bits = std::max(kPlainMultiplierBits, multiplier_bits(arch.vector.requant));
  const double lane_multipliers = (kLaneProductBits + 32 * result_bits) / 64;
  area(Component::k_vector) =
      placed(table, (table.area_multiplier_8x8 * lane_multipliers + table.area_adder_32 * 4) *
                            arch.lanes() +
                        table.area_register_bit * static_cast<double>(vector_bits(arch)));
  const Memories memories = memories_of(arch);
  area(Component::k_act_buffer) = memories.act.mm2(table);
  area(Component::k_weight_buffer) = memories.weight.mm2(table);
  area(Component::k_param_buffer) = memories.param.mm2(table);
  area(Component::k_acc_buffer) =
      memories.acc.mm2(table) + placed(table, table.area_adder_32 * arch.array.cols);
  area(Component::k_control) =
      memories.queues.mm2(table) +
      placed(table, table.area_control_logic + table.area_register_bit * kControlBits);
  for (const Estimate& part : list.mm2) list.total_mm2 = list.total_mm2 + part;
}

void set_array(PriceList& list, const Arch& arch, const PriceTable& table) {
  const auto price = [&](Event event) -> Estimate& { return list.pj[static_cast<size_t>(event)]; };
  const Estimate registers = table.logic_register_bit * moved_bits(arch);
  const Event macs[] = {Event::k_macs_8bit, Event::k_macs_4bit, Event::k_macs_2bit};
  const Event zeros[] = {Event::k_zero_macs_8bit, Event::k_zero_macs_4bit, Event::k_zero_macs_2bit};
  for (int pack = 0; pack <= 2; ++pack) {
    const double codes = 1 << pack, bits = 8 >> pack;
    const Estimate arithmetic = product(table, bits * bits) + table.logic_add_32 * (1 / codes);
    if (!counts_bits(arch)) price(macs[pack]) = arithmetic + registers * (1 / codes);
    // What is saved; of each end of the price that share of the other end which keeps the rest
    // positive.
    const Price& share = table.logic_zero_mac_share;
    price(zeros[pack]) = {-arithmetic.value * (1 - share.value), -arithmetic.low * (1 - share.low),
                          -arithmetic.high * (1 - share.high),
                          weaker(arithmetic.origin, share.origin)};
  }
}

// A bit that changes: its part of what a PE does in a slot, over the bits that random codes change.
void set_activity(PriceList& list, const Arch& arch, const PriceTable& table) {
  const auto price = [&](Event event) -> Estimate& { return list.pj[static_cast<size_t>(event)]; };
  const Event operands[] = {Event::k_operand_bits_8bit, Event::k_operand_bits_4bit,
                            Event::k_operand_bits_2bit};
  const Event weights[] = {Event::k_weight_bits_8bit, Event::k_weight_bits_4bit,
                           Event::k_weight_bits_2bit};
  const Event sums[] = {Event::k_sum_bits_8bit, Event::k_sum_bits_4bit, Event::k_sum_bits_2bit};
  for (int pack = 0; pack <= 2; ++pack) {
    const SwitchingLaw& law = switching_law(arch.array.dataflow, pack);
    const double codes = 1 << pack, bits = 8 >> pack;
    const Estimate gates = (product(table, bits * bits) * codes + table.logic_add_32) * law.error();
    const auto bit = [&](double share, double register_bits, double random_bits) {
      return (gates * share + table.logic_register_bit * register_bits) * (1 / random_bits);
    };
    price(operands[pack]) = bit(law.operand_share, 8, kRandomByteBits);
    price(weights[pack]) = bit(law.weight_share, 8, kRandomByteBits);
    price(sums[pack]) = bit(law.sum_share, 32, law.random_sum_bits);
    if (pack == 0) {
      price(Event::k_sign_bits_8bit) = bit(law.sign_share, 0, law.random_sign_bits);
    }
  }
}

void set_buffers(PriceList& list, const Arch& arch, const PriceTable& table) {
  const auto price = [&](Event event) -> Estimate& { return list.pj[static_cast<size_t>(event)]; };
  const Memories memories = memories_of(arch);
  const double row_bits = 8.0 * arch.array.rows, col_bits = 8.0 * arch.array.cols;
  price(Event::k_act_read_words) = memories.act.word(table, row_bits);
  price(Event::k_act_write_words) = memories.act.word(table, row_bits);
  price(Event::k_act_loaded_bytes) = memories.act.word(table, 8);
  price(Event::k_act_stored_bytes) = memories.act.word(table, 8);
  const bool weights_counted = is_ws(arch) && counts_bits(arch);
  price(Event::k_weight_read_words) = memories.weight.word(table, col_bits) +
                                      table.logic_register_bit * (weights_counted ? 0 : col_bits);
  price(Event::k_weight_loaded_bytes) = memories.weight.word(table, 8);
  price(Event::k_param_read_words) =
      memories.param.word(table, 4 * col_bits) + table.logic_register_bit * (4 * col_bits);
  price(Event::k_param_loaded_bytes) = memories.param.word(table, 8);
  const Estimate acc_word = memories.acc.word(table, 4 * col_bits);
  price(Event::k_acc_write_words) = acc_word;
  price(Event::k_acc_update_words) = acc_word + table.logic_add_32 * arch.array.cols;
  price(Event::k_acc_read_words) = acc_word;
  price(Event::k_instructions) = memories.queues.word(table, kInstructionBits) * 2 +
                                 table.logic_register_bit * (3 * kInstructionBits);
}

// A DRAM's devices work in lock-step: what one costs, they all cost.
void set_dram(PriceList& list, const Arch& arch, const PriceTable& table) {
  const auto price = [&](Event event) -> Estimate& { return list.pj[static_cast<size_t>(event)]; };
  const DramPart* part = dram_part(arch.memory.model);
  if (!part) {
    price(Event::k_memory_bytes) = table.memory_byte;
    return;
  }
  const bool is_ddr4 = arch.memory.model == MemoryModel::kDdr4;
  const auto of = [&](const Price& ddr4, const Price& lpddr4) -> const Estimate& {
    return is_ddr4 ? ddr4 : lpddr4;
  };
  const auto devices = static_cast<double>(arch.channel_bits() / part->device_bits);
  const double column_bits = 8.0 * static_cast<double>(part->column_bytes(arch.channel_bits()));
  price(Event::k_dram_activates) = of(table.ddr4_activate, table.lpddr4_activate) * devices;
  price(Event::k_dram_reads) = of(table.ddr4_read_bit, table.lpddr4_read_bit) * column_bits;
  price(Event::k_dram_writes) = of(table.ddr4_write_bit, table.lpddr4_write_bit) * column_bits;
  price(Event::k_dram_refreshes) = of(table.ddr4_refresh, table.lpddr4_refresh) * devices;
  price(Event::k_dram_background_cycles) =
      of(table.ddr4_background, table.lpddr4_background) * (devices * 1e3 / arch.clock.mhz);
}

}  // namespace

const ComponentInfo& info_of(Component component) {
  static constexpr ComponentInfo kInfo[] = {
#define QSIM_COMPONENT(name, title) {#name, title},
#define QSIM_EVENT(name, component, unit, law)
#include "sim/price/events.def"
#undef QSIM_COMPONENT
#undef QSIM_EVENT
  };
  return kInfo[static_cast<size_t>(component)];
}

const EventInfo& info_of(Event event) {
  static constexpr EventInfo kInfo[] = {
#define QSIM_COMPONENT(name, title)
#define QSIM_EVENT(name, component, unit, law) {#name, Component::k_##component, unit, law},
#include "sim/price/events.def"
#undef QSIM_COMPONENT
#undef QSIM_EVENT
  };
  return kInfo[static_cast<size_t>(event)];
}

EventCounts& EventCounts::operator+=(const EventCounts& other) {
  for (size_t i = 0; i < kEvents; ++i) counts[i] += other.counts[i];
  return *this;
}

PriceList make_price_list(const Arch& arch, const PriceTable& table) {
  const auto assumed = [](Estimate range) {  // rests on clock.mhz
    range.origin = Origin::kAssumed;
    return range;
  };
  PriceList list;
  list.technology = table.name;
  list.register_bits = array_bits(arch) + vector_bits(arch) + kControlBits;
  set_area(list, arch, table);
  set_array(list, arch, table);
  set_activity(list, arch, table);
  set_buffers(list, arch, table);
  set_dram(list, arch, table);
  const auto price = [&](Event event) -> Estimate& { return list.pj[static_cast<size_t>(event)]; };
  price(Event::k_vector_lane_ops) = product(table, kLaneProductBits) + table.logic_add_32 +
                                    table.logic_register_bit * kLaneOpMovedBits;
  const auto result = [&](double bits) {
    return product(table, 32 * bits) + table.logic_add_32 * 2 +
           table.logic_register_bit * kResultMovedBits;
  };
  price(Event::k_vector_results) = result(multiplier_bits(arch.vector.requant));
  price(Event::k_vector_plain_results) = result(kPlainMultiplierBits);
  price(Event::k_bus_bytes) = table.logic_wire_bit_mm * root(list.total_mm2) * 8;
  price(Event::k_clock_cycles) = table.logic_clock_bit * static_cast<double>(list.register_bits);
  // mW / MHz = nJ.
  price(Event::k_leakage_cycles) =
      assumed(table.leakage_density * list.total_mm2 * (1e3 / arch.clock.mhz));
  if (dram_part(arch.memory.model)) {
    Estimate& background = price(Event::k_dram_background_cycles);
    background = assumed(background);
  }
  return list;
}

const std::vector<CounterPrice>& counter_prices() {
  static const std::vector<CounterPrice> prices = {
      {"fetch_beats", "instructions, bus_bytes, memory_bytes", "memory_bytes without a DRAM"},
      {"load_bursts", "", "addresses of a burst are few beside its data"},
      {"load_beats", "bus_bytes, memory_bytes", "memory_bytes without a DRAM"},
      {"load_bytes", "act_loaded_bytes, weight_loaded_bytes, param_loaded_bytes",
       "by the buffer that the instruction names"},
      {"store_bursts", "", "addresses of a burst are few beside its data"},
      {"store_beats", "bus_bytes, memory_bytes", "memory_bytes without a DRAM"},
      {"store_bytes", "act_stored_bytes", ""},
      {"act_reads_compute", "act_read_words",
       "padding words included, which the RTL does not read"},
      {"weight_reads", "weight_read_words", ""},
      {"acc_writes", "acc_write_words, acc_update_words",
       "an update for each write that adds, from the instruction's fields"},
      {"acc_reads_vector", "acc_read_words", ""},
      {"act_reads_vector", "act_read_words", "padding taps included"},
      {"act_writes_vector", "act_write_words", ""},
      {"vector_lane_ops", "vector_lane_ops, vector_results, vector_plain_results",
       "a result for each code written, from the instruction's fields"},
      {"token_full_cycles", "", "waiting costs clock and leakage, which are charged by cycles"},
      {"accumulator_wraps", "", "an overflow is noted, nothing more happens"},
      {"zero_operand_macs", "zero_macs_8bit, zero_macs_4bit, zero_macs_2bit",
       "with prices.zero_macs = counted; without those at the edge of a tile, which are no "
       "multiply-accumulates; in proportion to each layer's multiply-accumulates"},
      {"dram_activates", "dram_activates", "the row's precharge included"},
      {"dram_precharges", "", "in the price of the activate before it"},
      {"dram_reads", "dram_reads", ""},
      {"dram_writes", "dram_writes", ""},
      {"dram_refreshes", "dram_refreshes", ""},
      {"dram_row_hits", "", "counts commands that are priced as dram_reads and dram_writes"},
      {"dram_row_conflicts", "", "counts commands that are priced as dram_reads and dram_writes"},
  };
  return prices;
}

}  // namespace qsim
