#include "sim/report/columns.h"

#include <algorithm>

namespace qsim {
namespace {

using Value = std::function<std::optional<double>(const LayerRow&)>;

Value whole(int64_t LayerRow::*member) {
  return [member](const LayerRow& row) { return static_cast<double>(row.*member); };
}

template <typename Number>
Value known(std::optional<Number> LayerRow::*member) {
  return [member](const LayerRow& row) -> std::optional<double> {
    if (!(row.*member)) return std::nullopt;
    return static_cast<double>(*(row.*member));
  };
}

Value moved(int64_t Traffic::*member) {
  return [member](const LayerRow& row) { return static_cast<double>(row.traffic.*member); };
}

Value state_value(CycleState state) {
  return [state](const LayerRow& row) { return static_cast<double>(row.time.account[state]); };
}

void add_time(std::vector<Column>& columns, int64_t pes) {
  columns.push_back({"cycles", "cycles", "cycles", Origin::kMeasured,
                     "cycles the layer owns (rule T16); assumed for host steps", 0, 0,
                     [](const LayerRow& row) { return static_cast<double>(row.time.cycles); }});
  columns.push_back({"utilization_percent", "util %", "%", Origin::kDerived,
                     "useful PE-cycles over all PE-cycles of these cycles, in the layer's mode", 1,
                     0, [pes](const LayerRow& row) { return 100 * row.utilization(pes); }});
}

// Shown first where there is something to see: where some codes have less than 8 bits.
void add_bits(std::vector<Column>& columns, bool narrow) {
  const int priority = narrow ? 0 : 5;
  columns.push_back({"code_bits", "codes", "bits", Origin::kDerived,
                     "of the widest codes that the layer reads", 0, priority,
                     known(&LayerRow::code_bits)});
  columns.push_back({"weight_bits", "weights", "bits", Origin::kDerived, "of the layer's weights",
                     0, priority, known(&LayerRow::weight_bits)});
  columns.push_back({"peak_macs_per_cycle", "peak", "MACs/cycle", Origin::kDerived,
                     "what the array does in a cycle in the layer's mode, all PEs busy", 0,
                     priority, known(&LayerRow::peak_macs)});
}

void add_traffic(std::vector<Column>& columns) {
  const struct {
    const char *key, *title, *unit, *meaning;
    int priority;
    int64_t Traffic::*member;
  } entries[] = {
      {"dram_read_bytes", "DRAM in B", "bytes", "loaded from DRAM for the layer", 1,
       &Traffic::dram_read_bytes},
      {"dram_write_bytes", "DRAM out B", "bytes", "stored to DRAM by the layer", 1,
       &Traffic::dram_write_bytes},
      {"act_read_words", "act rd", "words",
       "activation buffer words read by array and vector unit, padding taps included", 4,
       &Traffic::act_read_words},
      {"act_write_words", "act wr", "words", "activation buffer words written by the vector unit",
       4, &Traffic::act_write_words},
      {"weight_read_words", "wgt rd", "words", "weight buffer words read", 4,
       &Traffic::weight_read_words},
      {"acc_write_words", "acc wr", "words", "accumulator words written by the array", 4,
       &Traffic::acc_write_words},
      {"acc_read_words", "acc rd", "words", "accumulator words read by the vector unit", 4,
       &Traffic::acc_read_words}};
  for (const auto& entry : entries) {
    columns.push_back({entry.key, entry.title, entry.unit, Origin::kDerived, entry.meaning, 0,
                       entry.priority, moved(entry.member)});
  }
}

void add_activity(std::vector<Column>& columns) {
  const auto changed = [&](const char* key, const char* title, const char* meaning,
                           int64_t BitChanges::*member) {
    columns.push_back({key, title, "bits", Origin::kMeasured, meaning, 0, 5,
                       [member](const LayerRow& row) -> std::optional<double> {
                         if (!row.activity) return std::nullopt;
                         return static_cast<double>((*row.activity).*member);
                       }});
  };
  changed("changed_operand_bits", "op bits",
          "changed in the operand registers of the array's elements (rules S1 to S5); with "
          "prices.activity = counted",
          &BitChanges::operand_bits);
  changed("changed_sign_bits", "sign bits", "those of them that are the sign of a code",
          &BitChanges::sign_bits);
  changed("changed_weight_bits", "wgt bits", "changed in the elements' weight registers",
          &BitChanges::weight_bits);
  changed("changed_sum_bits", "sum bits", "changed in the elements' sums", &BitChanges::sum_bits);
}

void add_account(std::vector<Column>& columns) {
  for (int i = 0; i < kCycleStates; ++i) {
    const CycleState state{static_cast<uint8_t>(i)};
    columns.push_back({std::string(name_of(state)) + "_pe_cycles", title_of(state), "PE-cycles",
                       state == CycleState::kHost ? Origin::kAssumed : Origin::kDerived,
                       meaning_of(state), 0, 3, state_value(state)});
  }
}

void add_energy(std::vector<Column>& columns, const PriceList& prices) {
  const auto nj = [](int64_t fj) { return static_cast<double>(fj) / 1e6; };
  Origin all = Origin::kDerived;
  for (size_t i = 0; i < kComponents; ++i) {
    all = weaker(all, origin_of(prices, Component{static_cast<uint8_t>(i)}));
  }
  columns.push_back({"energy_nj", "energy nJ", "nJ", all, "counts x prices, all components", 3, 2,
                     [nj](const LayerRow& row) { return nj(row.energy.total().fj); }});
  columns.push_back({"energy_low_nj", "low nJ", "nJ", all,
                     "with all prices at the low end of their intervals", 3, 6,
                     [nj](const LayerRow& row) { return nj(row.energy.total().low); }});
  columns.push_back({"energy_high_nj", "high nJ", "nJ", all, "with all prices at the high end", 3,
                     6, [nj](const LayerRow& row) { return nj(row.energy.total().high); }});
  for (size_t i = 0; i < kComponents; ++i) {
    const Component component{static_cast<uint8_t>(i)};
    const ComponentInfo& info = info_of(component);
    columns.push_back(
        {std::string("energy_") + info.name + "_nj", std::string(info.title) + " nJ", "nJ",
         origin_of(prices, component), std::string("energy: ") + info.title, 3, 6,
         [nj, component](const LayerRow& row) { return nj(row.energy[component].fj); }});
  }
}

Column sqnr_column() {
  return {"sqnr_db",
          "SQNR dB",
          "dB",
          Origin::kMeasured,
          "signal to quantization noise of the output, against the float network",
          1,
          0,
          [](const LayerRow& row) { return row.sqnr_db; }};
}

std::vector<Column> make_columns(bool has_cycles, bool has_sqnr, bool has_activity, bool narrow,
                                 int64_t pes, const PriceList& prices) {
  std::vector<Column> columns;
  columns.push_back({"macs", "MACs", "MACs", Origin::kDerived,
                     "multiply-accumulates of the layer, padding taps included", 0, 0,
                     whole(&LayerRow::macs)});
  if (has_cycles) add_time(columns, pes);
  add_bits(columns, narrow);
  if (has_sqnr) columns.push_back(sqnr_column());
  add_traffic(columns);
  if (has_activity) add_activity(columns);
  if (has_cycles) add_energy(columns, prices);
  if (has_cycles) add_account(columns);
  return columns;
}

}  // namespace

std::vector<Column> layer_columns(const Report& report) {
  const auto& rows = report.layers;
  const bool narrow = std::any_of(rows.begin(), rows.end(), [](const LayerRow& row) {
    return row.code_bits.value_or(8) < 8 || row.weight_bits.value_or(8) < 8;
  });
  return make_columns(report.has_cycles, report.accuracy.has_value(),
                      report.total.activity.has_value(), narrow, report.arch.pes(), report.prices);
}

std::string columns_reference() {
  std::string text = "| column | unit | origin | meaning |\n|---|---|---|---|\n";
  const PriceList prices = make_price_list(Arch{}, PriceSource().of(Arch{}));
  for (const Column& column : make_columns(true, true, true, false, 1, prices)) {
    text += "| `" + column.key + "` | " + column.unit + " | " + name_of(column.origin) + " | " +
            column.meaning + " |\n";
  }
  return text;
}

}  // namespace qsim
