#include "sim/synth/tools.h"

#include "hw/spec/error.h"
#include "sim/engines/rtl/model_builder.h"

namespace qsim::synth {
namespace {

Tool find(const std::string& name, const char* version_option) {
  for (const std::string& program : {name, "yowasp-" + name}) {
    if (rtl::first_line_of("command -v " + program).empty()) continue;
    const std::string version = rtl::first_line_of(program + " " + version_option + " 2>&1");
    if (!version.empty()) return {program, version};
  }
  throw Error(name + " is not on the PATH, and neither is yowasp-" + name +
              ": scripts/setup.sh --synth installs them (the latter in .venv/bin)");
}

}  // namespace

Tool find_yosys() { return find("yosys", "-V"); }

Tool find_nextpnr(Target target) {
  return find(std::string("nextpnr-") + name_of(target), "--version");
}

void check_sees(const Tool& tool, const std::filesystem::path& folder) {
  if (tool.program.starts_with("yowasp-") && folder.string().starts_with("/tmp/")) {
    throw Error(tool.program + " does not see " + folder.string() +
                ": set QSIM_RTL_CACHE to a folder that is not in /tmp");
  }
}

}  // namespace qsim::synth
