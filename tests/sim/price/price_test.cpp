#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "hw/spec/error.h"
#include "hw/spec/machines.h"
#include "sim/price/energy.h"
#include "sim/price/price_list.h"

namespace qsim {
namespace {

std::string message_of(const std::string& text) {
  try {
    read_price_text(text, "my.cfg");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// The table of 28 nm with one line in place of another.
std::string with(const std::string& from, const std::string& to) {
  std::string text = PriceSource().of(Arch{}).text;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, text.find('\n', at) - at, to);
}

Arch machine(const std::vector<std::pair<std::string, std::string>>& keys) {
  Arch arch;
  for (const auto& [key, value] : keys) set_arch_key(arch, key, value, "test");
  arch.check();
  return arch;
}

PriceList prices_of(const Arch& arch) { return make_price_list(arch, PriceSource().of(arch)); }

TEST(PriceTables, AreThereForEveryTechnology) {
  ASSERT_EQ(named_prices().size(), 4u);
  for (const char* name : {"45nm", "28nm", "16nm", "7nm"}) {
    const PriceTable& table = PriceSource().of(machine({{"prices.technology", name}}));
    EXPECT_EQ(table.name, name);
    EXPECT_FALSE(table.summary.empty());
    for (const PriceKey& key : price_keys()) {
      const Price& price = table.*key.price;
      EXPECT_GT(price.source.size(), 3u) << key.section << "." << key.key;
      EXPECT_LE(price.low, price.value) << key.section << "." << key.key;
      EXPECT_LE(price.value, price.high) << key.section << "." << key.key;
      EXPECT_LT(price.low, price.high) << key.section << "." << key.key << " is not exact";
    }
  }
}

TEST(PriceTables, LogicGetsCheaperWithTheNodeAndDramDoesNot) {
  const std::vector<PriceTable>& tables = named_prices();
  for (size_t i = 1; i < tables.size(); ++i) {
    EXPECT_LT(tables[i].logic_multiply_8x8.value, tables[i - 1].logic_multiply_8x8.value);
    EXPECT_LT(tables[i].logic_add_32.value, tables[i - 1].logic_add_32.value);
    EXPECT_LT(tables[i].area_multiplier_8x8.value, tables[i - 1].area_multiplier_8x8.value);
    EXPECT_LT(tables[i].area_sram_bit.value, tables[i - 1].area_sram_bit.value);
    EXPECT_EQ(tables[i].memory_byte.value, tables[0].memory_byte.value);
    EXPECT_EQ(tables[i].ddr4_activate.value, tables[0].ddr4_activate.value);
  }
}

// Horowitz's memories of 8 KiB, 32 KiB and 1 MiB at 45 nm: 10, 20 and 100 pJ for 64 bits.
TEST(PriceTables, TheLawOfCapacityGoesThroughThePublishedMemories) {
  const PriceTable& table = PriceSource().of(machine({{"prices.technology", "45nm"}}));
  const auto access = [&](double kib) {
    return (table.sram_access_64bit_8kib * power(kib / 8, table.sram_capacity_exponent)).value;
  };
  EXPECT_NEAR(access(8), 10, 0.01);
  EXPECT_NEAR(access(32), 20, 1);
  EXPECT_NEAR(access(1024), 100, 1);
}

TEST(PriceTables, ReadWhatTheySay) {
  const PriceTable table = read_price_text(
      with("add_32", "add_32 = 0.5 pJ, 0.25 .. 1, assumed, a guess, twice"), "my.cfg");
  EXPECT_EQ(table.logic_add_32.value, 0.5);
  EXPECT_EQ(table.logic_add_32.low, 0.25);
  EXPECT_EQ(table.logic_add_32.high, 1);
  EXPECT_EQ(table.logic_add_32.origin, Origin::kAssumed);
  EXPECT_EQ(table.logic_add_32.source, "a guess, twice");
}

TEST(PriceTables, RefuseWhatTheyDoNotUnderstand) {
  const auto line = [](const std::string& text) { return message_of(with("add_32", text)); };
  EXPECT_EQ(line("add_32 = 0.1 mJ, 0 .. 1, derived, x"),
            "my.cfg: line 9: logic.add_32 = 0.1 mJ is not in pJ");
  EXPECT_EQ(line("add_32 = 0.1 pJ"),
            "my.cfg: line 9: logic.add_32 = 0.1 pJ is not VALUE UNIT, LOW .. HIGH, ORIGIN, SOURCE");
  EXPECT_EQ(line("add_32 = 0.1 pJ, 0.2 .. 1, derived, x"),
            "my.cfg: line 9: logic.add_32 = 0.1 is outside its interval 0.2 .. 1");
  EXPECT_EQ(line("add_32 = 0.1 pJ, 0.2, derived, x"),
            "my.cfg: line 9: logic.add_32: interval 0.2 is not LOW .. HIGH");
  EXPECT_EQ(line("add_32 = 0.1 pJ, 0 .. 1, guessed, x"),
            "my.cfg: line 9: logic.add_32: origin 'guessed' is not one of "
            "measured|derived|assumed");
  EXPECT_EQ(line("add_32 = 0.1 pJ, 0 .. 1, derived, "),
            "my.cfg: line 9: logic.add_32 has no source");
  EXPECT_EQ(line("add_32 = much pJ, 0 .. 1, derived, x"),
            "my.cfg: line 9: logic.add_32: 'much' is not a number");
  EXPECT_EQ(line("add_32 = nan pJ, 0 .. 1, derived, x"),
            "my.cfg: line 9: logic.add_32: 'nan' is not a number");
  EXPECT_EQ(line("add_32 = -1 pJ, 0 .. 1, derived, x"),
            "my.cfg: line 9: logic.add_32: -1 is outside [0, 1000]");
  EXPECT_EQ(line("ad_32 = 1 pJ, 0 .. 1, derived, x"),
            "my.cfg: line 9: unknown price 'logic.ad_32' (did you mean logic.add_32?)");
  EXPECT_EQ(line("add_32"), "my.cfg: line 9: 'add_32' is not key = value");
  EXPECT_EQ(line("[add_32"), "my.cfg: line 9: '[add_32' has no ] at its end");
  EXPECT_EQ(line("multiply_8x8 = 1 pJ, 0 .. 1, derived, x"),
            "my.cfg: line 9: logic.multiply_8x8 is there twice");
  EXPECT_EQ(line("# nothing"), "my.cfg: logic.add_32 is missing");
  EXPECT_EQ(message_of(with("name =", "# none")), "my.cfg: node.name is missing");
  EXPECT_EQ(message_of(with("capacity_exponent", "capacity_exponent = 0.5 pJ, 0 .. 1, derived, x")),
            "my.cfg: line 17: sram.capacity_exponent = 0.5 pJ has a unit; expected none");
}

// A counter that nobody thought of costs nothing without anybody noticing.
TEST(PriceList, EveryCounterIsPricedOrSaysWhyNot) {
  std::set<std::string> counters, events;
#define QSIM_COUNTER(name, kind, unit, meaning) counters.insert(#name);
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
  for (size_t i = 0; i < kEvents; ++i) events.insert(info_of(Event{static_cast<uint8_t>(i)}).name);
  std::set<std::string> told;
  for (const CounterPrice& counter : counter_prices()) {
    EXPECT_TRUE(counters.contains(counter.counter)) << counter.counter << " is no counter";
    EXPECT_TRUE(told.insert(counter.counter).second) << counter.counter << " is there twice";
    const std::string priced = counter.priced;
    if (priced.empty()) {
      EXPECT_GT(std::string(counter.why).size(), 10u) << counter.counter;
    }
    std::istringstream names(priced);
    for (std::string name; names >> name;) {
      if (name.back() == ',') name.pop_back();
      EXPECT_TRUE(events.contains(name)) << counter.counter << ": " << name << " is no event";
    }
  }
  EXPECT_EQ(told, counters);
}

TEST(PriceList, EveryEventHasAPriceWhereItCanHappen) {
  for (const char* model : {"ideal", "latency", "ddr4-2400", "lpddr4-3200"}) {
    const PriceList list = prices_of(machine({{"memory.model", model}}));
    const bool is_dram = std::string(model).find("ddr") != std::string::npos;
    for (size_t i = 0; i < kEvents; ++i) {
      const Event event{static_cast<uint8_t>(i)};
      const std::string name = info_of(event).name;
      const Estimate& price = list.price(event);
      if (name.starts_with("dram_") || name == "memory_bytes") {
        EXPECT_EQ(price.value > 0, is_dram == name.starts_with("dram_")) << name;
      } else if (name.starts_with("zero_")) {
        EXPECT_LT(price.value, 0) << name;
      } else {
        EXPECT_GT(price.low, 0) << name;
        EXPECT_LT(price.low, price.value) << name;
        EXPECT_LT(price.value, price.high) << name;
      }
    }
  }
}

// mW / MHz = nJ: by hand for what rests on the clock.
TEST(PriceList, CyclesCostWhatPowersAndTheClockSay) {
  const Arch arch = machine({{"clock.mhz", "250"}, {"memory.model", "ddr4-2400"}});
  const PriceTable& table = PriceSource().of(arch);
  const PriceList list = prices_of(arch);
  EXPECT_NEAR(list.price(Event::k_leakage_cycles).value,
              table.leakage_density.value * list.total_mm2.value * 4, 1e-9);
  // 8 devices of 8 bits, 4 ns a cycle.
  EXPECT_NEAR(list.price(Event::k_dram_background_cycles).value,
              table.ddr4_background.value * 8 * 4, 1e-9);
  EXPECT_EQ(list.price(Event::k_leakage_cycles).origin, Origin::kAssumed);
  EXPECT_NEAR(list.price(Event::k_dram_reads).value, table.ddr4_read_bit.value * 512, 1e-9);
  EXPECT_NEAR(list.price(Event::k_dram_activates).value, table.ddr4_activate.value * 8, 1e-9);
}

TEST(PriceList, NarrowCodesCostLessAndNeverNothing) {
  const PriceList list = prices_of(machine({{"array.pe_modes", "8-4-2"}}));
  const double eight = list.price(Event::k_macs_8bit).value;
  const double four = list.price(Event::k_macs_4bit).value;
  const double two = list.price(Event::k_macs_2bit).value;
  // By hand at 28 nm: 0.153 + 0.0736 + 40 x 0.00459; half the sum and registers, a quarter of the
  // product; and so on.
  EXPECT_NEAR(eight, 0.153 + 0.0736 + 40 * 0.00459, 1e-3);
  EXPECT_NEAR(four, 0.153 / 4 + (0.0736 + 40 * 0.00459) / 2, 1e-3);
  EXPECT_NEAR(two, 0.153 / 16 + (0.0736 + 40 * 0.00459) / 4, 1e-3);
}

// Modes apply to convolutions and products alone.
TEST(PriceList, OtherOperatorsCostTheSameInEveryRequantMode) {
  const PriceList rne = prices_of(Arch{}), pot = prices_of(machine({{"vector.requant", "pot"}}));
  EXPECT_LT(pot.price(Event::k_vector_results).value, rne.price(Event::k_vector_results).value);
  EXPECT_EQ(pot.price(Event::k_vector_plain_results).value,
            rne.price(Event::k_vector_plain_results).value);
  EXPECT_EQ(rne.price(Event::k_vector_plain_results).value,
            rne.price(Event::k_vector_results).value);
}

// What is saved by zeros is less than what there is, at both ends.
TEST(PriceList, ZeroCodesNeverPayBack) {
  const PriceList list = prices_of(Arch{});
  const Estimate mac = list.price(Event::k_macs_8bit), zero = list.price(Event::k_zero_macs_8bit);
  EXPECT_GT(mac.low + zero.low, 0);
  EXPECT_GT(mac.value + zero.value, mac.low + zero.low);
  EXPECT_GT(mac.high + zero.high, mac.value + zero.value);
}

double area(const std::vector<std::pair<std::string, std::string>>& keys, Component component) {
  return prices_of(machine(keys)).area(component).value;
}

TEST(Area, GrowsWithWhatIsBuilt) {
  const double pes = area({}, Component::k_array);
  EXPECT_NEAR(area({{"array.rows", "32"}}, Component::k_array) / pes, 2, 0.1);
  EXPECT_GT(area({{"array.pe_modes", "8-4"}}, Component::k_array), pes);
  EXPECT_GT(area({{"array.pe_modes", "8-4-2"}}, Component::k_array),
            area({{"array.pe_modes", "8-4"}}, Component::k_array));
  EXPECT_GT(area({{"array.dataflow", "os"}}, Component::k_array), pes);
  EXPECT_NEAR(area({{"buffers.act_kib", "512"}}, Component::k_act_buffer),
              2 * area({}, Component::k_act_buffer), 1e-9);
  EXPECT_NEAR(area({{"vector.lanes", "8"}}, Component::k_vector) / area({}, Component::k_vector),
              0.5, 0.1);
  // Averages and rescales need the 24 bits that these modes do not.
  EXPECT_EQ(area({{"vector.requant", "pot"}}, Component::k_vector), area({}, Component::k_vector));
  EXPECT_EQ(area({{"vector.requant", "m16"}}, Component::k_vector), area({}, Component::k_vector));
  EXPECT_GT(area({{"vector.requant", "tflite"}}, Component::k_vector),
            area({}, Component::k_vector));
  // As many bits, five ports in place of two.
  EXPECT_GT(area({{"buffers.act_kib", "128"}}, Component::k_act_buffer),
            area({}, Component::k_weight_buffer));
}

TEST(Area, SumsToTheTotalAndShrinksWithTheNode) {
  double before = 1e9;
  for (const char* node : {"45nm", "28nm", "16nm", "7nm"}) {
    const PriceList list = prices_of(machine({{"prices.technology", node}}));
    double sum = 0;
    for (const Estimate& part : list.mm2) {
      sum += part.value;
      EXPECT_LE(part.low, part.value);
      EXPECT_LE(part.value, part.high);
    }
    EXPECT_NEAR(list.total_mm2.value, sum, 1e-12);
    EXPECT_LT(sum, before) << node;
    before = sum;
  }
}

TEST(EnergyAccount, IsCountsTimesPricesInWholeFemtojoules) {
  PriceList list;
  list.pj[static_cast<size_t>(Event::k_macs_8bit)] = {0.25, 0.1, 1, Origin::kDerived};
  list.pj[static_cast<size_t>(Event::k_memory_bytes)] = {64, 30, 160, Origin::kAssumed};
  EventCounts counts;
  counts[Event::k_macs_8bit] = 1000;
  counts[Event::k_memory_bytes] = 3;
  const EnergyAccount account = energy_of(counts, list);
  EXPECT_EQ(account[Component::k_array], (Energy{250'000, 100'000, 1'000'000}));
  EXPECT_EQ(account[Component::k_dram], (Energy{192'000, 90'000, 480'000}));
  EXPECT_EQ(account.total(), (Energy{442'000, 190'000, 1'480'000}));
  EXPECT_EQ(origin_of(list, Component::k_array), Origin::kDerived);
  EXPECT_EQ(origin_of(list, Component::k_dram), Origin::kAssumed);
  counts[Event::k_memory_bytes] = int64_t{1} << 60;
  EXPECT_THROW(energy_of(counts, list), Error);
}

// Each part fits, their sum does not: an error, and no negative energy.
TEST(EnergyAccount, RefusesSumsBeyondItsRange) {
  Energy sum{6'000'000'000'000'000'000, 0, 0};
  EXPECT_THROW((sum += Energy{6'000'000'000'000'000'000, 0, 0}), Error);
  EnergyAccount account;
  account.by_component[0].high = account.by_component[1].high = 6'000'000'000'000'000'000;
  EXPECT_THROW(account.total(), Error);
}

TEST(Apportion, AddsUpExactly) {
  EXPECT_EQ(apportion(10, {1, 1, 1}), (std::vector<int64_t>{3, 3, 4}));
  EXPECT_EQ(apportion(7, {0, 0}), (std::vector<int64_t>{7, 0}));
  EXPECT_EQ(apportion(7, {}), (std::vector<int64_t>{}));
  EXPECT_EQ(apportion(0, {3, 4}), (std::vector<int64_t>{0, 0}));
  std::vector<int64_t> weights;
  for (int64_t i = 0; i < 1000; ++i) weights.push_back(i * i * 7919 % 10007);
  int64_t sum = 0;
  for (int64_t part : apportion(123'456'789'012'345, weights)) {
    EXPECT_GE(part, 0);
    sum += part;
  }
  EXPECT_EQ(sum, 123'456'789'012'345);
}

TEST(PriceReference, IsFresh) {
  std::stringstream page;
  page << std::ifstream(std::string(QSIM_SOURCE_DIR) + "/docs/reference/prices.md").rdbuf();
  EXPECT_EQ(page.str(), prices_reference())
      << "refresh: qsim machines --prices > docs/reference/prices.md";
}

}  // namespace
}  // namespace qsim
