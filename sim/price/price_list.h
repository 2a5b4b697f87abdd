// What happens in one machine, and what each of it costs: the price list of the machine, made from
// a PriceTable and the machine's parameters; and its area.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "hw/spec/arch.h"
#include "sim/price/price_table.h"

namespace qsim {

enum class Component : uint8_t {
#define QSIM_COMPONENT(name, title) k_##name,
#define QSIM_EVENT(name, component, unit, law)
#include "sim/price/events.def"
#undef QSIM_COMPONENT
#undef QSIM_EVENT
};
enum class Event : uint8_t {
#define QSIM_COMPONENT(name, title)
#define QSIM_EVENT(name, component, unit, law) k_##name,
#include "sim/price/events.def"
#undef QSIM_COMPONENT
#undef QSIM_EVENT
};
constexpr size_t kComponents = static_cast<size_t>(Component::k_dram) + 1;
constexpr size_t kEvents = static_cast<size_t>(Event::k_dram_background_cycles) + 1;

struct ComponentInfo {
  const char *name, *title;
};
struct EventInfo {
  const char* name;
  Component component;
  const char *unit, *law;
};
const ComponentInfo& info_of(Component component);
const EventInfo& info_of(Event event);

struct EventCounts {
  std::array<int64_t, kEvents> counts{};

  int64_t& operator[](Event event) { return counts[static_cast<size_t>(event)]; }
  int64_t operator[](Event event) const { return counts[static_cast<size_t>(event)]; }
  EventCounts& operator+=(const EventCounts& other);
};

struct PriceList {
  std::string technology;                   // of the table
  std::array<Estimate, kEvents> pj{};       // of one event
  std::array<Estimate, kComponents> mm2{};  // 0 for components without cells of their own
  Estimate total_mm2;
  int64_t register_bits = 0;  // clocked every cycle

  const Estimate& price(Event event) const { return pj[static_cast<size_t>(event)]; }
  const Estimate& area(Component component) const { return mm2[static_cast<size_t>(component)]; }
};

// Pure. Memories off the chip have no area.
PriceList make_price_list(const Arch& arch, const PriceTable& table);

// Which events the prices of each counter of counters.def are in, or why it costs nothing.
struct CounterPrice {
  const char *counter, *priced;  // `priced`: names of events; "" for a counter that costs nothing
  const char* why;               // it costs nothing; or what else is to be said
};
const std::vector<CounterPrice>& counter_prices();

// docs/reference/prices.md. Printed by `qsim machines --prices`.
std::string prices_reference();

}  // namespace qsim
