// Synthesis, placing and routing of a machine by yosys and nextpnr, with results kept by content.
//
// Below rtl::cache_folder(), in synth/: a folder a result, named by a hash of the parameters, all
// sources, the commands and the tools' versions. It holds what the tools wrote and said; it may be
// deleted at any time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hw/spec/arch.h"
#include "sim/synth/target.h"
#include "sim/synth/tool_output.h"

namespace qsim::synth {

struct Options {
  Target target = Target::kEcp5;
  bool place = false;
  uint32_t seed = 1;                               // of the placer
  std::function<void(const std::string&)> notice;  // before something that takes long
};

struct Placed {
  std::string device, tool;
  uint32_t seed = 1;
  Placement result;
};

struct Synthesis {
  Target target = Target::kEcp5;
  std::string tool;  // "Yosys 0.23 (git sha1 7ce5011c24b)"
  Statistics statistics;
  Resources resources;
  std::filesystem::path netlist;  // in Verilog, of the target's cells; in the cache
  std::optional<Placed> placed;   // with Options::place
};

// Throws Error: a tool is missing, fails, or no device holds a machine that is to be placed.
Synthesis synthesize(const Arch& arch, const Options& options);

// hw/rtl with the memories of hw/rtl/fpga in place of its own, in the order of reading.
std::vector<std::string> source_names();

}  // namespace qsim::synth
