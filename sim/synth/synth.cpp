#include "sim/synth/synth.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>

#include "hw/spec/error.h"
#include "sim/engines/rtl/file_lock.h"
#include "sim/engines/rtl/model_builder.h"
#include "sim/engines/rtl/model_cache.h"
#include "sim/engines/rtl/model_spec.h"
#include "sim/report/manifest.h"
#include "sim/synth/tools.h"

namespace qsim::synth {
namespace {

namespace fs = std::filesystem;
using rtl::SourceFile;

constexpr char kTop[] = "qsim_top";
constexpr char kPins[] = "qsim_pins";  // the top of what is placed

const std::vector<SourceFile>& fpga_rtl() {
  static const std::vector<SourceFile> files = {
#include "embedded_fpga_rtl.inc"
  };
  return files;
}

const SourceFile& pins_source() {
  for (const SourceFile& file : fpga_rtl()) {
    if (file.name == std::string(kPins) + ".sv") return file;
  }
  throw std::logic_error("no qsim_pins.sv in the tool");
}

std::vector<SourceFile> sources() {
  std::vector<SourceFile> files;
  const auto own = [](const SourceFile& file) {
    return std::ranges::any_of(fpga_rtl(),
                               [&](const SourceFile& other) { return other.name == file.name; });
  };
  std::ranges::copy_if(rtl::embedded_rtl(), std::back_inserter(files), std::not_fn(own));
  for (const SourceFile& file : fpga_rtl()) {
    if (&file != &pins_source()) files.push_back(file);
  }
  return files;
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) throw Error(path.string() + ": cannot be read");
  return text;
}

// The last line that says "rror", or else the last one.
std::string complaint(const fs::path& log) {
  std::ifstream file(log);
  std::string last, error;
  for (std::string line; std::getline(file, line);) {
    if (line.find("rror") != std::string::npos && !line.ends_with("1 error")) error = line;
    if (!line.empty()) last = line;
  }
  return error.empty() ? last : error;
}

// A step whose files stand in a folder of the cache: named by what decides them.
struct Step {
  std::string what;      // for messages
  std::string identity;  // all that decides the result
  std::vector<SourceFile> files;
  std::string script;                 // of the shell, run where `files` are
  std::vector<std::string> products;  // kept
};

fs::path run_step(const Step& step, const Options& options) {
  std::string all = step.identity + "\n" + step.script;
  for (const SourceFile& file : step.files) all += "\n" + file.name + "\n" + file.text;
  const fs::path folder = rtl::cache_folder() / "synth";
  const fs::path target = folder / sha256_of(all).substr(0, 32);
  if (fs::exists(target)) return target;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error(folder.string() + ": cannot be made: set QSIM_RTL_CACHE to a folder for results");
  }
  const rtl::FileLock lock(fs::path(target).replace_extension(".lock"));
  if (fs::exists(target)) return target;
  if (options.notice) options.notice(step.what + " (first use; minutes)");
  const fs::path scratch = fs::path(target).replace_extension(".tmp" + std::to_string(getpid()));
  const fs::path log = fs::path(target).replace_extension(".log");
  fs::create_directories(scratch);
  for (const SourceFile& file : step.files) rtl::write_text(scratch / file.name, file.text);
  const bool done = rtl::run_script(step.script, scratch, log);
  if (!done) {
    fs::remove_all(scratch);
    throw Error(step.what + " failed; all of it is in " + log.string() + "\n  " + complaint(log));
  }
  const fs::path result = scratch / "result";
  fs::create_directories(result);
  for (const std::string& product : step.products) {
    fs::rename(scratch / product, result / product);
  }
  fs::rename(result, target);
  fs::remove_all(scratch);
  return target;
}

std::string machine_text(const Arch& arch) {
  return std::to_string(arch.array.rows) + "x" + std::to_string(arch.array.cols) + " " +
         get_arch_key(arch, "array.dataflow");
}

std::string synthesis_script(const Arch& arch, Target target) {
  std::string script = "read_verilog -sv -defer";
  for (const SourceFile& file : sources()) script += " " + file.name;
  script += "\nchparam";
  for (const rtl::NamedValue& parameter : rtl::rtl_parameters(arch)) {
    script += " -set " + parameter.name + " " + std::to_string(parameter.value);
  }
  script += std::string(" ") + kTop + "\nhierarchy -check -top " + kTop + "\n";
  script += synthesis_command(target, kTop) + "\n";
  return script + "tee -q -o stat.json stat -json\nwrite_verilog -noattr netlist.v\n";
}

// The pins are mapped alone, with the machine as a black box, so that what is placed is the very
// netlist that was counted.
std::string pins_script(const Arch& arch, Target target) {
  std::string script = "read_verilog netlist.v\nselect qsim_top\nblackbox qsim_top\n";
  script += "write_verilog -blackboxes -selected stub.v\ndesign -reset\n";
  script += "read_verilog -lib stub.v\nread_verilog -sv qsim_pins.sv\nchparam -set BusBytes " +
            std::to_string(arch.memory.bus_bytes) + " " + kPins + "\n";
  script += synthesis_command(target, kPins) + "\ndelete qsim_top\n";
  script += "read_verilog -overwrite netlist.v\nhierarchy -check -top qsim_pins\nflatten\n";
  return script + "opt_clean -purge\nwrite_json pins.json\n";
}

const Device& device_for(const Arch& arch, const Synthesis& synthesis) {
  const std::span<const Device> known = devices(synthesis.target);
  for (const Device& device : known) {
    if (shortage(device, synthesis.resources).empty()) return device;
  }
  throw Error("machine " + arch.name + " does not fit the largest device, " + known.back().name +
              ": it needs " + shortage(known.back(), synthesis.resources));
}

Placed place(const Arch& arch, const Synthesis& synthesis, const Tool& yosys,
             const Options& options) {
  const Device& device = device_for(arch, synthesis);
  const Tool nextpnr = find_nextpnr(options.target);
  check_sees(nextpnr, rtl::cache_folder());
  const char* free_pins =
      options.target == Target::kEcp5 ? "--lpf-allow-unconstrained" : "--pcf-allow-unconstrained";
  Step step{"placing " + machine_text(arch) + " on " + device.name,
            yosys.version + "\n" + nextpnr.version,
            {{"netlist.v", read(synthesis.netlist)}, pins_source()},
            "set -e\n",
            {"report.json", "pins.json"}};
  step.files.push_back({"pins.ys", pins_script(arch, options.target)});
  // No clock is asked for that the machine could not meet: what it reaches is what is wanted.
  step.script += yosys.program + " -q -s pins.ys\n" + nextpnr.program + " " + device.nextpnr +
                 " --json pins.json --report report.json --freq 40 --timing-allow-fail --seed " +
                 std::to_string(options.seed) + " " + free_pins + "\n";
  const fs::path result = run_step(step, options);
  return {device.name, nextpnr.version, options.seed,
          parse_placement(read(result / "report.json"))};
}

}  // namespace

std::vector<std::string> source_names() {
  std::vector<std::string> names;
  for (const SourceFile& file : sources()) names.push_back(file.name);
  return names;
}

Synthesis synthesize(const Arch& arch, const Options& options) {
  if (options.place && options.target == Target::kXc7) {
    throw Error(
        "--place: there is no free placer for xc7; targets that can be placed: ice40, ecp5");
  }
  const Tool yosys = find_yosys();
  check_sees(yosys, rtl::cache_folder());
  Step step{"synthesis of " + machine_text(arch) + " for " + name_of(options.target),
            yosys.version,
            sources(),
            yosys.program + " -q -s synth.ys",
            {"stat.json", "netlist.v"}};
  step.files.push_back({"synth.ys", synthesis_script(arch, options.target)});
  const fs::path result = run_step(step, options);

  Synthesis synthesis;
  synthesis.target = options.target;
  synthesis.tool = yosys.version;
  synthesis.statistics = parse_statistics(read(result / "stat.json"), kTop);
  synthesis.resources = resources_of(options.target, synthesis.statistics.total);
  synthesis.netlist = result / "netlist.v";
  if (options.place) synthesis.placed = place(arch, synthesis, yosys, options);
  return synthesis;
}

}  // namespace qsim::synth
