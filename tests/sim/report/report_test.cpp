#include "sim/report/report.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hw/spec/error.h"
#include "sim/engines/analytic/engine.h"
#include "sim/report/columns.h"
#include "sim/report/render.h"
#include "sim/report/text_table.h"
#include "tests/support/hand_program.h"

namespace qsim {
namespace {

Report hand_report(std::optional<Accuracy> accuracy = {}) {
  const Program program = hand_made_program();
  Manifest manifest;
  manifest.version = "1.2.3";
  manifest.command = "qsim run small.onnx";
  manifest.engine = "analytic";
  manifest.model = {"small.onnx", 7, std::string(64, 'a')};
  manifest.arch_name = program.arch.name;
  manifest.arch_sha256 = sha256_of(to_text(program.arch));
  return make_report(program, run_analytic(program), false, PriceSource().of(program.arch),
                     manifest, std::move(accuracy));
}

Accuracy some_accuracy() {
  Accuracy accuracy;
  accuracy.scored = 200;
  accuracy.calibration = 40;
  accuracy.calibration_from_data = true;
  accuracy.seed = 5;
  accuracy.top1 = 0.975;
  accuracy.float_top1 = 0.98;
  accuracy.agreement = 0.995;
  accuracy.output_sqnr_db = 31.25;
  accuracy.layer_sqnr_db = {std::nullopt, 33.5, 31.25};
  return accuracy;
}

const Figure& figure(const Report& report, const std::string& key) {
  for (const Figure& entry : report.figures) {
    if (entry.key == key) return entry;
  }
  throw std::logic_error("no figure " + key);
}

TEST(Report, RowsAddUpToTheTotals) {
  const Report report = hand_report();
  ASSERT_EQ(report.layers.size(), 3u);
  EXPECT_EQ(report.layers[0].place, LayerPlace::kHost);
  EXPECT_EQ(report.layers[1].place, LayerPlace::kArray);
  EXPECT_EQ(report.layers[1].macs, 64);
  EXPECT_EQ(report.total.macs, 64);
  int64_t cycles = 0;
  for (const LayerRow& row : report.layers) {
    cycles += row.time.cycles;
    EXPECT_EQ(row.time.account.sum(), row.time.cycles * 16);
  }
  EXPECT_EQ(report.total.time.cycles, cycles);
  EXPECT_EQ(figure(report, "cycles").value, static_cast<double>(cycles));
  // 2 host steps of 1000 cycles and 16 elements at 4 a cycle.
  EXPECT_EQ(figure(report, "host_cycles").value, 2 * 1004);
  EXPECT_EQ(figure(report, "host_cycles").origin, Origin::kAssumed);
  EXPECT_NEAR(figure(report, "utilization").value, 100.0 * 64 / static_cast<double>(cycles * 16),
              1e-9);
  EXPECT_EQ(figure(report, "dram_read_bytes").value, 16 + 16 + 64);
  EXPECT_EQ(figure(report, "dram_write_bytes").value, 16);
}

TEST(Report, CoverageCountsEveryOperator) {
  EXPECT_EQ(hand_report().coverage.text(),
            "all 3 operators placed: 1 on the array, 0 on the vector unit, 2 on the host (2008 "
            "cycles)");
}

TEST(Report, AnOperatorThatCostsNothingIsABug) {
  Program program = hand_made_program();
  program.network.layers.push_back(program.network.layers[1]);
  const PriceTable& table = PriceSource().of(program.arch);
  EXPECT_THROW(make_report(program, run_analytic(program), false, table, {}, {}), std::logic_error);
}

TEST(Report, TrafficMustEqualTheCounters) {
  const Program program = hand_made_program();
  const PriceTable& table = PriceSource().of(program.arch);
  RunResult result = run_analytic(program);
  EXPECT_NO_THROW(make_report(program, result, false, table, {}, {}));
  ++result.counters.weight_reads;
  EXPECT_THROW(make_report(program, result, false, table, {}, {}), std::logic_error);
}

TEST(Report, WithoutATimedEngineThereAreNoCycles) {
  const Program program = hand_made_program();
  const Report report = make_report(program, RunResult{}, true, {}, {}, some_accuracy());
  EXPECT_FALSE(report.has_cycles);
  EXPECT_THROW(figure(report, "cycles"), std::logic_error);
  EXPECT_EQ(render_text(report, 100).find("cycles)"), std::string::npos);
  const auto json = nlohmann::json::parse(render_json(report));
  EXPECT_FALSE(json["layers"][1].contains("cycles"));
  EXPECT_EQ(json["counters"].size(), 2u);
}

TEST(Report, JsonHoldsEveryNumberWithUnitAndOrigin) {
  const auto json = nlohmann::json::parse(render_json(hand_report(some_accuracy())));
  EXPECT_EQ(json["manifest"]["model"]["sha256"], std::string(64, 'a'));
  EXPECT_EQ(json["machine"]["array.rows"], 4);
  EXPECT_EQ(json["machine"]["array.dataflow"], "ws");
  EXPECT_EQ(json["layers"].size(), 3u);
  for (const auto& [key, value] : json["layers"][1].items()) {
    if (key == "name" || key == "op" || key == "place" || key == "output") continue;
    ASSERT_TRUE(json["columns"].contains(key)) << key;
    EXPECT_FALSE(json["columns"][key]["unit"].get<std::string>().empty()) << key;
    EXPECT_FALSE(json["columns"][key]["origin"].get<std::string>().empty()) << key;
  }
  for (const auto& [key, value] : json["figures"].items()) {
    EXPECT_FALSE(value["unit"].get<std::string>().empty()) << key;
    EXPECT_TRUE(value["value"].is_number()) << key;
  }
  int64_t sum = 0;
  for (int i = 0; i < kCycleStates; ++i) {
    sum += json["total"][std::string(name_of(CycleState(i))) + "_pe_cycles"].get<int64_t>();
  }
  EXPECT_EQ(sum, json["figures"]["cycles"]["value"].get<int64_t>() * 16);
  EXPECT_EQ(json["accuracy"]["top1"], 0.975);
  EXPECT_TRUE(json["accuracy"]["top5"].is_null());
  EXPECT_TRUE(json["layers"][0]["sqnr_db"].is_null());
  EXPECT_EQ(json["layers"][1]["sqnr_db"], 33.5);
  EXPECT_FALSE(json["not_modelled"].empty());
}

TEST(Report, CsvHasOneLineALayerAndTheTotal) {
  Report report = hand_report();
  report.layers[1].name = "a \"b\", c";
  std::stringstream csv(render_csv(report));
  std::vector<std::string> lines;
  for (std::string line; std::getline(csv, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_TRUE(lines[0].starts_with("layer,op,place,output,macs,cycles,utilization_percent,"));
  EXPECT_TRUE(lines[2].starts_with("\"a \"\"b\"\", c\",conv,array,1x2x2x4,64,")) << lines[2];
  EXPECT_TRUE(lines[4].starts_with("total,,,,64,"));
  EXPECT_EQ(std::count(lines[0].begin(), lines[0].end(), ','),
            std::count(lines[4].begin(), lines[4].end(), ','));
}

TEST(Report, TextFitsTheTerminal) {
  Report report = hand_report(some_accuracy());
  report.layers[1].name = "/a/very/long/name/of/the/kind/that/exporters/write/conv1/Conv";
  for (const size_t width : {60u, 80u, 100u, 160u, 240u}) {
    std::stringstream text(render_text(report, width));
    for (std::string line; std::getline(text, line);) {
      if (width >= 100) {
        EXPECT_LE(display_width(line), width) << line;
      }
      EXPECT_FALSE(line.ends_with(" ")) << line;
    }
  }
  EXPECT_NE(render_text(report, 240).find("fill/drain %"), std::string::npos);
  EXPECT_EQ(render_text(report, 100).find("fill/drain %"), std::string::npos);
}

TEST(Report, NamesWhatIsNotAsTheFileSays) {
  Report report = hand_report();
  EXPECT_EQ(render_text(report, 100).find("Not as the file says"), std::string::npos);
  report.notes = {"1 activation (x) with 16-bit codes"};
  EXPECT_NE(render_text(report, 100).find("Not as the file says: 1 activation (x) with 16-bit"),
            std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(render_json(report))["notes"][0], report.notes[0]);
}

TEST(Report, TextNamesWhatIsNotModelled) {
  const std::string text = render_text(hand_report(some_accuracy()), 100);
  EXPECT_NE(text.find("Not modelled: energy"), std::string::npos);
  EXPECT_NE(
      text.find("Accuracy on 200 samples (measured; 40 others calibrated, drawn with seed 5)"),
      std::string::npos);
  EXPECT_NE(text.find("  top-1"), std::string::npos);
  EXPECT_NE(text.find("97.50 %"), std::string::npos);
}

TEST(Report, NamesMayBeAnyBytes) {
  Report report = hand_report();
  report.layers[1].name = "\x1b[31m\xff\xd5";
  EXPECT_NO_THROW(nlohmann::json::parse(render_json(report)));
  const std::string text = render_text(report, 100);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("?[31m"), std::string::npos);
}

TEST(Report, UserPageListsEveryColumn) {
  std::ifstream file(std::string(QSIM_SOURCE_DIR) + "/docs/user/report.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_NE(page.str().find(columns_reference()), std::string::npos)
      << "put into docs/user/report.md what this prints: qsim machines --columns";
}

TEST(TextTable, DropsTheLeastImportantColumnsFirst) {
  TextTable table({{"name", false}, {"kept"}, {"less", true, 1}, {"least", true, 2}});
  table.add_row({"abc", "1", "2", "3"});
  table.add_rule();
  table.add_row({"total", "10", "20", "30"});
  EXPECT_EQ(table.render(24),
            "name   kept  less  least\nabc       1     2      3\n------------------------\n"
            "total    10    20     30\n");
  EXPECT_EQ(table.render(23),
            "name   kept  less\nabc       1     2\n-----------------\n"
            "total    10    20\n");
  EXPECT_EQ(table.render(16), "name   kept\nabc       1\n-----------\ntotal    10\n");
}

TEST(TextTable, KeepsTheEndOfLongNames) {
  TextTable table({{"", false}, {"n"}});
  table.add_row({"a/very/long/path/to/the/very/first/conv1", "1"});
  EXPECT_EQ(table.render(29), "                            n\n../to/the/very/first/conv1  1\n");
  // Names keep 24 characters, however narrow the terminal is.
  EXPECT_EQ(table.render(10), "                          n\n..o/the/very/first/conv1  1\n");
}

TEST(TextTable, SeparatesThousands) {
  EXPECT_EQ(number_text(0, 0), "0");
  EXPECT_EQ(number_text(999, 0), "999");
  EXPECT_EQ(number_text(1000, 0), "1,000");
  EXPECT_EQ(number_text(-1234567.891, 2), "-1,234,567.89");
  EXPECT_EQ(number_text(9007199254740991, 0), "9,007,199,254,740,991");
}

TEST(Manifest, HashesAreSha256) {
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Manifest, CommandLineCanBePasted) {
  const char* arguments[] = {"/somewhere/qsim", "run", "--data", "my file.npz", "it's.onnx", ""};
  EXPECT_EQ(command_line(6, arguments), "qsim run --data 'my file.npz' 'it'\\''s.onnx' ''");
}

Report digits_like(const std::vector<std::pair<std::string, std::string>>& keys) {
  Program program = hand_made_program();
  for (const auto& [key, value] : keys) set_arch_key(program.arch, key, value, "test");
  return make_report(program, run_analytic(program), false, PriceSource().of(program.arch), {}, {});
}

// Whole femtojoules: every way to add up gives the same.
TEST(Report, EnergyAddsUpExactly) {
  for (const char* memory : {"ideal", "latency", "ddr4-2400", "lpddr4-3200"}) {
    const Report report = digits_like({{"memory.model", memory}});
    EnergyAccount sum;
    for (const LayerRow& row : report.layers) sum += row.energy;
    EXPECT_EQ(sum, report.total.energy);
    Energy components;
    for (const Energy& part : report.total.energy.by_component) components += part;
    EXPECT_EQ(components, report.total.energy.total());
    EXPECT_GT(components.low, 0);
    EXPECT_LT(components.low, components.fj);
    EXPECT_LT(components.fj, components.high);
    // Each event's count times its price, all layers together: off by no more than a rounding each.
    double pj = 0;
    for (const PricedEvent& event : report.events) {
      pj += static_cast<double>(event.count) * event.pj.value;
    }
    EXPECT_NEAR(pj, static_cast<double>(components.fj) / 1e3,
                0.001 * static_cast<double>(report.layers.size() * kEvents));
    EXPECT_NEAR(figure(report, "energy_uj").value, static_cast<double>(components.fj) / 1e9, 1e-9);
    EXPECT_EQ(figure(report, "energy_uj").origin, Origin::kAssumed);
    EXPECT_LT(*figure(report, "energy_uj").low, figure(report, "energy_uj").value);
  }
}

TEST(Report, EventsAreTheCounters) {
  const Report report = digits_like({});
  const auto events = [&](Event event) {
    for (const PricedEvent& priced : report.events) {
      if (priced.event == event) return static_cast<double>(priced.count);
    }
    return 0.0;
  };
  const auto counter = [&](const std::string& key) {
    for (const Figure& entry : report.counters) {
      if (entry.key == key) return entry.value;
    }
    throw std::logic_error("no counter " + key);
  };
  const double bus = report.arch.memory.bus_bytes;
  EXPECT_EQ(events(Event::k_macs_8bit), 64);
  EXPECT_EQ(events(Event::k_act_read_words),
            counter("act_reads_compute") + counter("act_reads_vector"));
  EXPECT_EQ(events(Event::k_weight_read_words), counter("weight_reads"));
  EXPECT_EQ(events(Event::k_acc_write_words), counter("acc_writes"));
  EXPECT_EQ(events(Event::k_acc_read_words), counter("acc_reads_vector"));
  EXPECT_EQ(events(Event::k_vector_lane_ops), counter("vector_lane_ops"));
  EXPECT_EQ(events(Event::k_act_loaded_bytes) + events(Event::k_weight_loaded_bytes) +
                events(Event::k_param_loaded_bytes),
            counter("load_bytes"));
  EXPECT_EQ(events(Event::k_act_stored_bytes), counter("store_bytes"));
  EXPECT_EQ(events(Event::k_instructions) * 64, counter("fetch_beats") * bus);
  EXPECT_EQ(events(Event::k_memory_bytes),
            (counter("fetch_beats") + counter("load_beats") + counter("store_beats")) * bus);
  EXPECT_EQ(events(Event::k_clock_cycles), figure(report, "cycles").value);
}

TEST(Report, PowerAndEfficiencyFollowFromEnergy) {
  const Report report = digits_like({});
  const double uj = figure(report, "energy_uj").value, ms = figure(report, "time_ms").value;
  EXPECT_NEAR(figure(report, "power_mw").value, uj / ms, 1e-6 * uj / ms);
  EXPECT_NEAR(figure(report, "pj_per_mac").value, uj * 1e6 / 64, 1e-3);
  EXPECT_NEAR(figure(report, "tops_per_watt").value, 2 * 64 / (uj * 1e6), 1e-9);
  // The high end of the energy is the low end of the efficiency.
  EXPECT_NEAR(*figure(report, "tops_per_watt").low * *figure(report, "energy_uj").high, 128e-6,
              1e-12);
}

TEST(Report, WithoutCyclesThereIsAreaAndNoEnergy) {
  const Program program = hand_made_program();
  const Report report =
      make_report(program, RunResult{}, true, PriceSource().of(program.arch), {}, some_accuracy());
  EXPECT_GT(figure(report, "area_mm2").value, 0);
  EXPECT_THROW(figure(report, "energy_uj"), std::logic_error);
  EXPECT_EQ(report.total.energy.total(), Energy{});
  EXPECT_TRUE(report.events.empty());
}

}  // namespace
}  // namespace qsim
