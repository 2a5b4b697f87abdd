#include <cstdio>
#include <filesystem>

#include "sim/cli/model_options.h"

namespace qsim::cli {

int compile_command(const Invocation& invocation) {
  ModelOptions options;
  std::string output;
  CommandLine line{"compile", "[OPTIONS] MODEL.onnx",
                   "Writes a .qprog file: instructions, constants, layer table and machine, for "
                   "qsim run, check and disasm.\nA float model without --calibrate gives a program "
                   "without values, whose cycles are the same.\n",
                   options_group("Compile")};
  line.options.add_options()("output,o", po::value(&output)->value_name("FILE.qprog"),
                             "the file to write; MODEL.qprog in this folder if not given");
  take_model(line, options, nullptr);
  const ParsedLine parsed = parse_line(line, invocation);
  if (!parsed.proceed) return 0;
  const std::string& path = parsed.arguments[0];
  if (path.ends_with(".qprog")) throw UsageError(path + " is compiled already");

  ProgressLine progress(options.progress);
  const Program program = compile_model(options.request(path), progress).program;
  if (output.empty()) output = std::filesystem::path(path).stem().string() + ".qprog";
  save_program(program, output);
  std::printf("%s: %zu instructions, %zu bytes of constants%s, for %s\n", output.c_str(),
              program.instructions.size(), program.constants.size(),
              program.network.has_values ? "" : " (no values)", program.arch.name.c_str());
  return 0;
}

}  // namespace qsim::cli
