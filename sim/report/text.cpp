#include <algorithm>
#include <limits>

#include "hw/spec/dram_part.h"
#include "sim/report/columns.h"
#include "sim/report/render.h"
#include "sim/report/text_table.h"

namespace qsim {
namespace {

constexpr size_t kNarrowest = 60;
constexpr double kEqual = std::numeric_limits<double>::infinity();  // an SQNR

std::string heading(const Report& report, size_t width) {
  const Arch& arch = report.arch;
  const auto kib = [](int64_t bytes) { return number_text(static_cast<double>(bytes) / 1024, 0); };
  const std::string modes = arch.array.pe_modes == PeModes::k8
                                ? ""
                                : ", PE modes " + get_arch_key(arch, "array.pe_modes");
  std::string text = report.network + " on " + arch.name + ": " + std::to_string(arch.array.rows) +
                     "x" + std::to_string(arch.array.cols) + " PEs, " +
                     get_arch_key(arch, "array.dataflow") + modes + ", requant " +
                     get_arch_key(arch, "vector.requant") + ";";
  text += " buffers " + kib(arch.act_bytes()) + " + " + kib(arch.weight_bytes()) + " + " +
          kib(arch.param_bytes()) + " + " +
          kib(int64_t{4} * arch.buffers.acc_entries * arch.array.cols) +
          " KiB (activation, weight, parameter, accumulator);";
  if (dram_part(arch.memory.model)) {
    text += " " + get_arch_key(arch, "memory.model") + ", " + std::to_string(arch.channel_bits()) +
            " bits, bus " + std::to_string(arch.memory.bus_bytes) + " bytes, clock " +
            std::to_string(arch.clock.mhz) + " MHz";
  } else if (arch.memory.model == MemoryModel::kIdeal) {
    text += " ideal memory, " + std::to_string(arch.memory.bus_bytes) + " bytes/cycle";
  } else {
    const bool bus_limits = arch.memory.bytes_per_cycle > arch.memory.bus_bytes;
    text += " memory " +
            get_arch_key(arch, bus_limits ? "memory.bus_bytes" : "memory.bytes_per_cycle") +
            " bytes/cycle after " + std::to_string(arch.memory.latency_cycles) + " cycles";
  }
  std::string by;
  if (!report.manifest.engine.empty()) by = "Cycles: " + report.manifest.engine + " engine. ";
  by += report.manifest.value_engine.empty()
            ? "Values: none."
            : "Values: " + report.manifest.value_engine + " engine.";
  return wrapped(text, width, "  ") + by + "\n";
}

// Account columns as shares of the layer's own cycles: comparable from layer to layer.
std::string account_cell(const Column& column, const LayerRow& row) {
  const int64_t sum = row.time.account.sum();
  const double value = column.value(row).value_or(0);
  return sum == 0 || value == 0 ? "" : number_text(100 * value / static_cast<double>(sum), 1);
}

bool is_account(const Column& column) { return column.unit == "PE-cycles"; }

// What keeps the array from being useful most of the time.
std::string main_loss(const LayerRow& row) {
  const auto& states = row.time.account.pe_cycles;
  const auto worst = std::max_element(states.begin() + 1, states.end());
  const int64_t sum = row.time.account.sum();
  if (*worst * 200 < sum || sum == 0) return "";  // less than half a per cent
  const CycleState state{static_cast<uint8_t>(worst - states.begin())};
  return std::string(title_of(state)) + " " +
         number_text(100 * static_cast<double>(*worst) / static_cast<double>(sum), 0) + "%";
}

std::string cell(const Column& column, const LayerRow& row) {
  if (is_account(column)) return account_cell(column, row);
  const std::optional<double> value = column.value(row);
  if (!value) return "";
  return *value == kEqual ? "equal" : number_text(*value, column.decimals);
}

std::string layer_table(const Report& report, size_t width) {
  const std::vector<Column> columns = layer_columns(report);
  std::vector<TextColumn> titles = {
      {"layer", false, 0}, {"op", false, 0}, {"on", false, 0}, {"output", false, 2}};
  for (const Column& column : columns) {
    titles.push_back(
        {is_account(column) ? column.title + " %" : column.title, true, column.priority});
  }
  if (report.has_cycles) titles.push_back({"mostly lost to", false, 0});
  TextTable table(titles);
  const auto add = [&](const LayerRow& row, bool is_total) {
    std::vector<std::string> cells = {row.name, row.op, is_total ? "" : name_of(row.place),
                                      is_total ? "" : to_text(row.output)};
    for (const Column& column : columns) cells.push_back(cell(column, row));
    if (report.has_cycles) cells.push_back(main_loss(row));
    table.add_row(std::move(cells));
  };
  for (const LayerRow& row : report.layers) add(row, false);
  table.add_rule();
  add(report.total, true);
  return table.render(width);
}

std::string account_table(const Report& report, size_t width) {
  TextTable table({{"", false}, {"%", true}, {"", false}, {"", false, 1}});
  const auto sum = static_cast<double>(report.total.time.account.sum());
  for (int i = 0; i < kCycleStates; ++i) {
    const CycleState state{static_cast<uint8_t>(i)};
    const double share = sum == 0 ? 0 : static_cast<double>(report.total.time.account[state]) / sum;
    table.add_row({std::string("  ") + title_of(state), number_text(100 * share, 2),
                   std::string(static_cast<size_t>(share * 16 + 0.5), '#'), meaning_of(state)});
  }
  return "Where the PE-cycles went (rows x cols x cycles; sums to 100 %):\n" + table.render(width);
}

std::string figure_table(const Report& report, size_t width) {
  TextTable table({{"", false}, {"", true}, {"", false}, {"", false}, {"", false, 1}});
  for (const Figure& figure : report.figures) {
    table.add_row({"  " + figure.title, number_text(figure.value, figure.decimals), figure.unit,
                   name_of(figure.origin), figure.note});
  }
  return "Totals:\n" + table.render(width);
}

std::string interval(double low, double high, int decimals) {
  return number_text(low, decimals) + " .. " + number_text(high, decimals);
}

// Energy and area by component, the widest interval that the prices allow beside each.
std::string price_table(const Report& report, size_t width) {
  const PriceList& prices = report.prices;
  std::vector<TextColumn> columns = {{"", false}};
  if (report.has_cycles) {
    columns.insert(columns.end(), {{"energy uJ"}, {"%"}, {"low .. high", true, 2}});
  }
  columns.insert(columns.end(), {{"area mm2"}, {"low .. high", true, 2}, {"", false, 1}});
  TextTable table(columns);
  const Energy total = report.total.energy.total();
  const auto add = [&](const std::string& title, const Energy& energy, const Estimate& mm2,
                       const char* origin) {
    const auto uj = [](int64_t fj) { return static_cast<double>(fj) / 1e9; };
    const double share =
        total.fj == 0 ? 0 : static_cast<double>(energy.fj) / static_cast<double>(total.fj);
    std::vector<std::string> cells = {"  " + title};
    if (report.has_cycles) {
      cells.push_back(number_text(uj(energy.fj), 3));
      cells.push_back(number_text(100 * share, 1));
      cells.push_back(interval(uj(energy.low), uj(energy.high), 3));
    }
    cells.push_back(mm2.high > 0 ? number_text(mm2.value, 3) : "");
    cells.push_back(mm2.high > 0 ? interval(mm2.low, mm2.high, 3) : "");
    cells.emplace_back(origin);
    table.add_row(std::move(cells));
  };
  for (size_t i = 0; i < kComponents; ++i) {
    const Component component{static_cast<uint8_t>(i)};
    const Estimate& mm2 = prices.area(component);
    if (!report.has_cycles && mm2.high == 0) continue;
    const Origin origin = weaker(origin_of(prices, component), mm2.origin);
    add(info_of(component).title, report.total.energy[component], mm2, name_of(origin));
  }
  add("total", total, prices.total_mm2, "");
  return "Energy and area (prices of " + prices.technology + "):\n" + table.render(width);
}

std::string percent(const std::optional<double>& share) {
  return share ? number_text(100 * *share, 2) + " %" : "";
}

std::string accuracy_text(const Accuracy& accuracy) {
  std::string text = "Accuracy on " + std::to_string(accuracy.scored) + " samples (measured";
  if (accuracy.calibration > 0) {
    text += "; " + std::to_string(accuracy.calibration) + " others calibrated";
    if (accuracy.calibration_from_data) {
      text += ", drawn with seed " + std::to_string(accuracy.seed);
    }
  }
  text += "):\n";
  TextTable table({{"", false}, {"integer", true}, {"float", true}});
  if (accuracy.top1) {
    table.add_row({"  top-1", percent(accuracy.top1), percent(accuracy.float_top1)});
  }
  if (accuracy.top5) {
    table.add_row({"  top-5", percent(accuracy.top5), percent(accuracy.float_top5)});
  }
  if (accuracy.agreement) {
    table.add_row({"  same answer as the float network", percent(accuracy.agreement), ""});
  }
  if (accuracy.output_sqnr_db) {
    const double sqnr = *accuracy.output_sqnr_db;
    table.add_row({"  output SQNR", sqnr == kEqual ? "equal" : number_text(sqnr, 1) + " dB", ""});
  }
  table.add_row({"  accumulators that wrapped", std::to_string(accuracy.wraps), ""});
  return text + table.render(size_t{1} << 16);
}

std::string list_text(const std::string& title, const std::vector<std::string>& items) {
  std::string line;
  for (const std::string& item : items) line += (line.empty() ? "" : "; ") + item;
  return title + line + ".";
}

}  // namespace

std::string render_text(const Report& report, size_t width) {
  width = std::max(width, kNarrowest);
  std::string text = heading(report, width) + "\n" + layer_table(report, width) + "\n";
  if (report.has_cycles) text += account_table(report, width) + "\n";
  text += figure_table(report, width) + "\n" + price_table(report, width) + "\n";
  if (report.accuracy) text += accuracy_text(*report.accuracy) + "\n";
  text += wrapped("Coverage: " + report.coverage.text() + ".", width, "  ");
  if (!report.value_blockers.empty()) {
    text += wrapped(list_text("No values: ", report.value_blockers), width, "  ");
  }
  if (!report.notes.empty()) {
    text += wrapped(list_text("Not as the file says: ", report.notes), width, "  ");
  }
  text += wrapped(list_text("Not modelled: ", report.not_modelled), width, "  ");
  // Names come from files; what controls a terminal has no place in them.
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return (c < ' ' && c != '\n') || c == 127; },
      '?');
  return text;
}

}  // namespace qsim
