#include "sim/synth/target.h"

#include <array>
#include <string_view>

namespace qsim::synth {
namespace {

struct Row {
  Target target;
  const char* name;
  const char* command;
};

// The hierarchy stays: a module that is there many times is mapped once, and ice40_dsp does not
// merge multipliers of two elements into one, as it wrongly does in a flat array.
constexpr Row kRows[] = {
    {Target::kIce40, "ice40", "synth_ice40 -noflatten -device u -dsp -top "},
    {Target::kEcp5, "ecp5", "synth_ecp5 -noflatten -top "},
    {Target::kXc7, "xc7", "synth_xilinx -family xc7 -top "},
};

constexpr std::array kIce40Devices = {
    Device{"iCE40UP5K", {5280, 5280, 8, 30}, "--up5k --package sg48"},
};
constexpr std::array kEcp5Devices = {
    Device{"LFE5U-25F", {24288, 24288, 28, 56}, "--25k --package CABGA381"},
    Device{"LFE5U-45F", {43848, 43848, 72, 108}, "--45k --package CABGA381"},
    Device{"LFE5U-85F", {83640, 83640, 156, 208}, "--85k --package CABGA381"},
};
constexpr std::array kXc7Devices = {
    Device{"XC7Z020", {53200, 106400, 220, 140}, nullptr},
};

struct Weight {
  std::string_view cell;  // a type, or the beginning of types: "FD*"
  int64_t Resources::*resource;
  int64_t count;
};

constexpr Weight kIce40Cells[] = {
    {"SB_LUT4", &Resources::lut, 1},
    {"SB_DFF*", &Resources::ff, 1},
    {"SB_MAC16", &Resources::dsp, 1},
    {"SB_RAM40_4K*", &Resources::bram, 1},
};
constexpr Weight kEcp5Cells[] = {
    {"LUT4", &Resources::lut, 1},
    {"CCU2C", &Resources::lut, 2},
    {"TRELLIS_DPR16X4", &Resources::lut, 4},
    {"TRELLIS_FF", &Resources::ff, 1},
    {"MULT18X18D", &Resources::dsp, 1},
    {"DP16KD", &Resources::bram, 1},
    {"PDPW16KD", &Resources::bram, 1},
};
// RAMB18 are counted as one here, and RAMB36 as two: halved at the end.
constexpr Weight kXc7Cells[] = {
    {"LUT1", &Resources::lut, 1},      {"LUT2", &Resources::lut, 1},
    {"LUT3", &Resources::lut, 1},      {"LUT4", &Resources::lut, 1},
    {"LUT5", &Resources::lut, 1},      {"LUT6", &Resources::lut, 1},
    {"SRL16E", &Resources::lut, 1},    {"SRLC32E", &Resources::lut, 1},
    {"RAM32X1D", &Resources::lut, 2},  {"RAM64X1D", &Resources::lut, 2},
    {"RAM128X1D", &Resources::lut, 4}, {"RAM32M", &Resources::lut, 4},
    {"RAM64M", &Resources::lut, 4},    {"FD*", &Resources::ff, 1},
    {"DSP48E1", &Resources::dsp, 1},   {"RAMB18E1", &Resources::bram, 1},
    {"RAMB36E1", &Resources::bram, 2},
};

std::span<const Weight> weights(Target target) {
  switch (target) {
    case Target::kIce40:
      return kIce40Cells;
    case Target::kEcp5:
      return kEcp5Cells;
    case Target::kXc7:
      break;
  }
  return kXc7Cells;
}

bool matches(std::string_view pattern, std::string_view cell) {
  if (!pattern.ends_with('*')) return pattern == cell;
  pattern.remove_suffix(1);
  return cell.starts_with(pattern);
}

}  // namespace

std::optional<Target> find_target(const std::string& name) {
  for (const Row& row : kRows) {
    if (name == row.name) return row.target;
  }
  return std::nullopt;
}

const char* name_of(Target target) { return kRows[static_cast<size_t>(target)].name; }

std::string target_names() {
  std::string names;
  for (const Row& row : kRows) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

Resources resources_of(Target target, const CellCounts& cells) {
  Resources sum;
  for (const auto& [cell, count] : cells) {
    for (const Weight& weight : weights(target)) {
      if (matches(weight.cell, cell)) sum.*weight.resource += weight.count * count;
    }
  }
  if (target == Target::kXc7) sum.bram = (sum.bram + 1) / 2;
  return sum;
}

std::span<const Device> devices(Target target) {
  switch (target) {
    case Target::kIce40:
      return kIce40Devices;
    case Target::kEcp5:
      return kEcp5Devices;
    case Target::kXc7:
      break;
  }
  return kXc7Devices;
}

std::string shortage(const Device& device, const Resources& need) {
  std::string text;
  const auto add = [&](const char* what, int64_t has, int64_t needs) {
    if (needs <= has) return;
    text += (text.empty() ? "" : ", ") + std::to_string(needs) + " " + what + " (" +
            std::to_string(needs - has) + " too many)";
  };
  add("LUT", device.has.lut, need.lut);
  add("FF", device.has.ff, need.ff);
  add("DSP", device.has.dsp, need.dsp);
  add("block RAMs", device.has.bram, need.bram);
  return text;
}

std::string synthesis_command(Target target, const std::string& top) {
  return kRows[static_cast<size_t>(target)].command + top;
}

}  // namespace qsim::synth
