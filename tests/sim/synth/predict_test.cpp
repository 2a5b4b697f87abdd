#include "sim/synth/predict.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "hw/spec/error.h"
#include "sim/synth/synth.h"

namespace qsim::synth {
namespace {

constexpr char kFits[] = R"({"targets": {"ecp5": {
  "tool": "Yosys 0.23", "machines": 5, "scope": {"vector.requant": "pot"},
  "largest": {"one": 1, "pes": 16, "lanes": 4, "block_rams": 99},
  "resources": {
    "lut": {"terms": {"one": 1000, "pes": 10.5}, "largest_error_percent": 7.5},
    "ff": {"terms": {"lanes": 100}, "largest_error_percent": 1},
    "dsp": {"terms": {"pes": 1}, "largest_error_percent": 0},
    "bram": {"terms": {"block_rams": 1}, "largest_error_percent": 0}}}}})";

Arch machine() {
  Arch arch;
  arch.array.rows = arch.array.cols = 4;
  arch.buffers.act_kib = 8;
  arch.buffers.weight_kib = 4;
  arch.buffers.param_kib = 1;
  arch.buffers.acc_entries = 16;
  arch.vector.lanes = 16;
  arch.vector.requant = RequantMode::kPot;
  arch.memory.bus_bytes = 4;
  return arch;
}

double feature(const Arch& arch, std::string_view name) {
  for (const Feature& found : features(arch)) {
    if (name == found.name) return found.value;
  }
  ADD_FAILURE() << name;
  return 0;
}

TEST(Features, OfTheArray) {
  const Arch arch = machine();
  EXPECT_EQ(feature(arch, "pes"), 16);
  EXPECT_EQ(feature(arch, "edges"), 8);
  EXPECT_EQ(feature(arch, "lanes"), 4) << "lanes above the array's side are not built";
}

// Four banks of eight RAMs of 2 KiB; four of weights; parameters and accumulators in lookup tables:
// 16 banks of 64 words of two cells' width, and 4 columns twice with 8 cells.
TEST(Features, OfTheBuffers) {
  const Arch arch = machine();
  EXPECT_EQ(feature(arch, "act_banks"), 4);
  EXPECT_EQ(feature(arch, "block_rams"), 32 + 4);
  EXPECT_EQ(feature(arch, "small_rams"), 16 * 2 * 4 + 8 * 8);
}

TEST(Predict, SumsTheTerms) {
  const Prediction prediction = predict(machine(), Target::kEcp5, kFits);
  ASSERT_EQ(prediction.estimates.size(), 4u);
  EXPECT_DOUBLE_EQ(prediction.estimates[0].value, 1000 + 10.5 * 16);
  EXPECT_DOUBLE_EQ(prediction.estimates[0].error_percent, 7.5);
  EXPECT_DOUBLE_EQ(prediction.estimates[1].value, 400);
  EXPECT_DOUBLE_EQ(prediction.estimates[3].value, 36);
  EXPECT_EQ(prediction.machines, 5);
}

// An error measured on small machines says nothing about a large one.
TEST(Predict, SaysWhatIsBeyondTheMeasuredMachines) {
  for (const Estimate& estimate : predict(machine(), Target::kEcp5, kFits).estimates) {
    EXPECT_EQ(estimate.beyond, "") << estimate.resource;
  }
  Arch arch = machine();
  arch.array.cols = 64;
  const Prediction prediction = predict(arch, Target::kEcp5, kFits);
  EXPECT_EQ(prediction.estimates[0].beyond, "pes 256 (up to 16)");
  EXPECT_EQ(prediction.estimates[1].beyond, "") << "lanes are those of the 4 rows";
}

TEST(Predict, RefusesOtherMachines) {
  EXPECT_THROW(predict(machine(), Target::kXc7, kFits), Error);
  Arch arch = machine();
  arch.vector.requant = RequantMode::kRne;
  EXPECT_THROW(predict(arch, Target::kEcp5, kFits), Error);
}

TEST(Sources, HaveTheMemoriesOfFpgasInPlaceOfTheOthers) {
  const std::vector<std::string> names = source_names();
  EXPECT_EQ(std::ranges::count(names, "qsim_ram_3r2w.sv"), 1);
  EXPECT_EQ(std::ranges::count(names, "qsim_ram_free.sv"), 1);
  EXPECT_EQ(std::ranges::count(names, "qsim_top.sv"), 1);
  EXPECT_EQ(std::ranges::count(names, "qsim_pins.sv"), 0) << "for placing alone";
  EXPECT_TRUE(names.front().ends_with("_pkg.sv"));
}

}  // namespace
}  // namespace qsim::synth
