#include <cstdio>

#include "sim/cli/options.h"
#include "sim/cli/output_file.h"
#include "sim/cli/progress.h"
#include "sim/cli/synth_text.h"

namespace qsim::cli {

int synth_command(const Invocation& invocation) {
  MachineOptions machine;
  std::string target_name, json, output;
  bool place = false, predicts = false;
  int32_t seed = 1;
  CommandLine line{"synth",
                   "[OPTIONS] --target ice40|ecp5|xc7",
                   "Maps the machine's RTL to an FPGA with yosys, and with --place places and "
                   "routes it with nextpnr.\nResults are kept; a machine is mapped once. "
                   "docs/user/fpga.md says what the figures mean.\n",
                   po::options_description("Options", 100, 58),
                   true,
                   &machine};
  line.options.add(machine_description(machine));
  line.options.add_options()  //
      ("target", po::value(&target_name)->value_name("T"),
       "family: ice40 (iCE40UP5K), ecp5 or xc7")  //
      ("place", po::bool_switch(&place),
       "place and route on the smallest device that holds it, for its clock; ice40, ecp5")  //
      ("seed", po::value(&seed)->value_name("N")->default_value(1), "of the placer")        //
      ("predict", po::bool_switch(&predicts),
       "no tool: figures of the fit to machines that were mapped, with its error")  //
      ("output,o", po::value(&output)->value_name("FILE"), "write the text here")   //
      ("json", po::value(&json)->value_name("FILE"),
       "write the report as JSON; - is standard output");
  const ParsedLine parsed = parse_line(line, invocation);
  if (!parsed.proceed) return 0;
  if (target_name.empty()) throw UsageError("--target is needed: " + synth::target_names());
  const std::optional<synth::Target> target = synth::find_target(target_name);
  if (!target) {
    throw UsageError("--target = " + target_name + " is not one of " + synth::target_names());
  }
  if (predicts && place) throw UsageError("--predict runs no tool: --place is of no use with it");
  if (seed < 0) throw UsageError("--seed = " + std::to_string(seed) + " is negative");
  const Arch arch = make_arch(machine);
  std::string text, report;
  if (predicts) {
    const synth::Prediction prediction = synth::predict(arch, *target);
    text = prediction_text(arch, *target, prediction);
    report = prediction_json(arch, *target, prediction, invocation.command_line);
  } else {
    ProgressLine progress;
    synth::Options options{*target, place, static_cast<uint32_t>(seed), progress.notice()};
    const synth::Synthesis synthesis = synth::synthesize(arch, options);
    progress.clear();
    text = synthesis_text(arch, synthesis);
    report = synthesis_json(arch, synthesis, invocation.command_line);
  }
  if (!json.empty()) write_file(json, report);
  if (!output.empty()) write_file(output, text);
  if (output.empty() && json != "-") std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace qsim::cli
