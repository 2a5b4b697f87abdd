// docs/reference/prices.md, printed from prices.def, events.def and the tables of hw/prices.
#include <sstream>

#include "hw/spec/machines.h"
#include "sim/price/price_list.h"

namespace qsim {
namespace {

std::string number(double value) {
  std::ostringstream text;
  text.precision(std::fabs(value) < 1000 ? 3 : 6);
  text << (std::fabs(value) < 1000 ? value : std::round(value / 10) * 10);
  return text.str();
}

std::string interval(const Estimate& range) {
  return number(range.value) + " (" + number(range.low) + " .. " + number(range.high) + ")";
}

void print_tables(std::ostream& out) {
  out << "\n## Tables\n\nValue and interval of each price.\n\n| price | unit |";
  for (const PriceTable& table : named_prices()) out << " " << table.name << " |";
  out << " meaning |\n|---|---|";
  for (size_t i = 0; i < named_prices().size(); ++i) out << "---|";
  out << "---|\n";
  for (const PriceKey& key : price_keys()) {
    out << "| `" << key.section << "." << key.key << "` | " << key.unit << " |";
    for (const PriceTable& table : named_prices()) out << " " << interval(table.*key.price) << " |";
    out << " " << key.meaning << " |\n";
  }
}

void print_sources(std::ostream& out) {
  out << "\n## Sources\n\nOne line where all tables have the same.\n\n"
         "| price | table | origin | source |\n|---|---|---|---|\n";
  for (const PriceKey& key : price_keys()) {
    const Price& first = named_prices()[0].*key.price;
    bool is_same = true;
    for (const PriceTable& table : named_prices()) {
      const Price& price = table.*key.price;
      is_same = is_same && price.source == first.source && price.origin == first.origin;
    }
    for (const PriceTable& table : named_prices()) {
      const Price& price = table.*key.price;
      out << "| `" << key.section << "." << key.key << "` | " << (is_same ? "all" : table.name)
          << " | " << name_of(price.origin) << " | " << price.source << " |\n";
      if (is_same) break;
    }
  }
}

void print_counters(std::ostream& out) {
  out << "\n## Counters\n\nWhat each counter of [counters.md](counters.md) is charged as.\n\n"
         "| counter | events | |\n|---|---|---|\n";
  for (const CounterPrice& counter : counter_prices()) {
    out << "| `" << counter.counter << "` | " << (*counter.priced ? counter.priced : "free")
        << " | " << counter.why << " |\n";
  }
}

void print_events(std::ostream& out) {
  const Arch arch = find_arch("edge16");
  out << "\n## Events\n\nWhat a machine is charged for, how the price is made, and what it is on "
         "edge16, in pJ.\n\n| event | component | of | made of |";
  for (const PriceTable& table : named_prices()) out << " " << table.name << " |";
  out << "\n|---|---|---|---|";
  for (size_t i = 0; i < named_prices().size(); ++i) out << "---|";
  out << "\n";
  for (size_t i = 0; i < kEvents; ++i) {
    const Event event{static_cast<uint8_t>(i)};
    const EventInfo& info = info_of(event);
    Arch priced = arch;
    if (std::string(info.name).starts_with("dram_")) priced.memory.model = MemoryModel::kDdr4;
    out << "| `" << info.name << "` | " << info_of(info.component).name << " | " << info.unit
        << " | " << info.law << " |";
    for (const PriceTable& table : named_prices()) {
      out << " " << interval(make_price_list(priced, table).price(event)) << " |";
    }
    out << "\n";
  }
  out << "\nCommands and background of a DRAM are those of `memory.model = ddr4-2400`.\n";
}

void print_area(std::ostream& out) {
  out << "\n## Area\n\nOf the named machines, in mm2.\n\n| machine | component |";
  for (const PriceTable& table : named_prices()) out << " " << table.name << " |";
  out << "\n|---|---|";
  for (size_t i = 0; i < named_prices().size(); ++i) out << "---|";
  out << "\n";
  for (const NamedMachine& machine : named_machines()) {
    const Arch arch = find_arch(machine.name);
    for (size_t i = 0; i <= kComponents; ++i) {
      const Component component{static_cast<uint8_t>(i)};
      const auto part = [&](const PriceTable& table) {
        const PriceList list = make_price_list(arch, table);
        return i == kComponents ? list.total_mm2 : list.area(component);
      };
      if (part(named_prices()[0]).high == 0) continue;
      out << "| " << machine.name << " | " << (i == kComponents ? "total" : info_of(component).name)
          << " |";
      for (const PriceTable& table : named_prices()) out << " " << interval(part(table)) << " |";
      out << "\n";
    }
  }
}

}  // namespace

std::string prices_reference() {
  std::ostringstream out;
  out << "# Prices of energy and area\n\n"
         "Printed by `qsim machines --prices` from `hw/prices`, `sim/price/prices.def` and "
         "`sim/price/events.def`; do not edit.\n\n"
         "How energy is computed from these, and how to put a table of your own in their place: "
         "[energy.md](../user/energy.md).\n";
  print_tables(out);
  print_events(out);
  print_counters(out);
  print_area(out);
  print_sources(out);
  return out.str();
}

}  // namespace qsim
