// Excerpts of what yosys 0.23 and nextpnr 0.11 wrote, cut to a few modules.
#include "sim/synth/tool_output.h"

#include <gtest/gtest.h>

#include "hw/spec/error.h"

namespace qsim::synth {
namespace {

// With the tree of modules that yosys 0.23 prints into the object; the sum is not read.
constexpr char kStatistics[] = R"stat({
   "creator": "Yosys 0.23 (git sha1 7ce5011c24b)",
   "invocation": "stat -json ",
   "modules": {
      "$paramod$08424056b3c9892d17cf0df1c35c6e1ef114adcb\\qsim_fifo": {
         "num_cells":         37,
         "num_cells_by_type": {
            "LUT4": 4,
            "TRELLIS_FF": 33
         }
      },
      "$paramod$f20997a40df3e5f0cc610a26b70c9e767b01b6eb\\qsim_fifo": {
         "num_cells":         3,
         "num_cells_by_type": {
            "CCU2C": 1,
            "TRELLIS_DPR16X4": 2
         }
      },
      "$paramod\\qsim_acc_bank\\AccEntries=32'00000000000000000000000000010000": {
         "num_cells":         3,
         "num_cells_by_type": {
            "$paramod$08424056b3c9892d17cf0df1c35c6e1ef114adcb\\qsim_fifo": 2,
            "DP16KD": 1
         }
      },
      "\\qsim_top": {
         "num_cells":         7,
         "num_cells_by_type": {
            "$paramod$08424056b3c9892d17cf0df1c35c6e1ef114adcb\\qsim_fifo": 1,
            "$paramod$f20997a40df3e5f0cc610a26b70c9e767b01b6eb\\qsim_fifo": 1,
            "$paramod\\qsim_acc_bank\\AccEntries=32'00000000000000000000000000010000": 3,
            "LUT4": 5,
            "MULT18X18D": 2
         }
      }
   },
       $paramod$08424056b3c9892d17cf0df1c35c6e1ef114adcb\qsim_fifo      1
       $paramod\qsim_acc_bank\AccEntries=32'00000000000000000000000000010000      3
      "design": {
         "num_cells":         999,
         "num_cells_by_type": {
            "LUT4": 999
         }
      }
}
)stat";

TEST(Statistics, CountsTheTreeOfModules) {
  const Statistics statistics = parse_statistics(kStatistics, "qsim_top");
  const CellCounts expected = {{"CCU2C", 1},      {"DP16KD", 3},          {"LUT4", 33},
                               {"MULT18X18D", 2}, {"TRELLIS_DPR16X4", 2}, {"TRELLIS_FF", 231}};
  EXPECT_EQ(statistics.total, expected);
  const Resources resources = resources_of(Target::kEcp5, statistics.total);
  EXPECT_EQ(resources, (Resources{33 + 2 + 8, 231, 2, 3}));
}

TEST(Statistics, NamesPartsByTheirSource) {
  const Statistics statistics = parse_statistics(kStatistics, "qsim_top");
  ASSERT_EQ(statistics.parts.size(), 2u);
  EXPECT_EQ(statistics.parts[0].name, "qsim_acc_bank");
  EXPECT_EQ(statistics.parts[0].copies, 3);
  EXPECT_EQ(statistics.parts[0].cells.at("TRELLIS_FF"), 66);
  // Two modules of one source that differ are one part.
  EXPECT_EQ(statistics.parts[1].name, "qsim_fifo");
  EXPECT_EQ(statistics.parts[1].copies, 1);
  EXPECT_EQ(statistics.parts[1].cells.at("TRELLIS_FF"), 33);
  EXPECT_EQ(statistics.parts[1].cells.at("CCU2C"), 1);
}

TEST(Statistics, RefusesWhatIsNone) {
  EXPECT_THROW(parse_statistics("ERROR: out of memory", "qsim_top"), Error);
  EXPECT_THROW(parse_statistics("{\"modules\": {}}", "qsim_top"), Error);
}

TEST(Placement, TakesTheSlowestClock) {
  const Placement placement = parse_placement(R"({
    "fmax": {"$glbnet$clk_i$TRELLIS_IO_IN": {"achieved": 41.23, "constraint": 40.0},
             "$glbnet$other": {"achieved": 97.5, "constraint": 40.0}},
    "utilization": {"DCCA": {"available": 56, "used": 1},
                    "TRELLIS_COMB": {"available": 43848, "used": 18210}}})");
  EXPECT_DOUBLE_EQ(placement.mhz, 41.23);
  EXPECT_EQ(placement.comb, 18210);
  EXPECT_EQ(placement.comb_total, 43848);
}

TEST(Placement, RefusesWhatIsNone) {
  EXPECT_THROW(parse_placement("{\"fmax\": {}, \"utilization\": {}}"), Error);
  EXPECT_THROW(parse_placement("no report"), Error);
}

TEST(Targets, CountCellsOfTheOtherFamilies) {
  EXPECT_EQ(resources_of(Target::kIce40, {{"SB_LUT4", 7},
                                          {"SB_DFFER", 2},
                                          {"SB_DFF", 1},
                                          {"SB_CARRY", 5},
                                          {"SB_MAC16", 1},
                                          {"SB_RAM40_4K", 4}}),
            (Resources{7, 3, 1, 4}));
  EXPECT_EQ(resources_of(Target::kXc7, {{"LUT6", 3},
                                        {"LUT2", 1},
                                        {"RAM32M", 2},
                                        {"FDCE", 4},
                                        {"FDRE", 1},
                                        {"DSP48E1", 2},
                                        {"RAMB36E1", 2},
                                        {"RAMB18E1", 3}}),
            (Resources{12, 5, 2, 4}));
}

TEST(Targets, SayWhatIsShort) {
  const Device device{"D", {100, 100, 1, 10}, nullptr};
  EXPECT_EQ(shortage(device, {100, 100, 1, 10}), "");
  EXPECT_EQ(shortage(device, {120, 90, 3, 11}),
            "120 LUT (20 too many), 3 DSP (2 too many), 11 block RAMs (1 too many)");
}

}  // namespace
}  // namespace qsim::synth
