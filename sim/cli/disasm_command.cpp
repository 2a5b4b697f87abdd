#include <cstdio>

#include "hw/spec/program.h"
#include "sim/cli/options.h"

namespace qsim::cli {

int disasm_command(const Invocation& invocation) {
  CommandLine line{"disasm", "[OPTIONS] program.qprog",
                   "Prints the program step by step: host steps, and segments of instructions with "
                   "the layer that each\nserves. Fields that are zero are left out. "
                   "docs/reference/isa.md says what they mean.\n",
                   po::options_description("Options", 100, 58)};
  line.arguments = {"a .qprog file"};
  line.required = 1;
  const ParsedLine parsed = parse_line(line, invocation);
  if (!parsed.proceed) return 0;
  std::fputs(to_text(load_program(parsed.arguments[0])).c_str(), stdout);
  return 0;
}

}  // namespace qsim::cli
