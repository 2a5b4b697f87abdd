#include <cstdio>

#include "sim/cli/diff.h"
#include "sim/cli/options.h"
#include "sim/cli/terminal.h"

namespace qsim::cli {

int diff_command(const Invocation& invocation) {
  bool fails = false, all = false;
  CommandLine line{
      "diff", "[OPTIONS] A.json B.json",
      "Says what differs between two runs: the machine, figures, accuracy, counters and "
      "each layer's numbers.\nA.json and B.json are what qsim run --json writes.\n",
      po::options_description("Options", 100, 58)};
  line.options.add_options()  //
      ("all", po::bool_switch(&all),
       "every number of a layer, not only cycles, traffic, bits and SQNR, and what else differs")  //
      ("exit-code", po::bool_switch(&fails), "end with exit code 1 when anything differs");
  line.arguments = {"a run", "another run"};
  line.required = 2;
  const ParsedLine parsed = parse_line(line, invocation);
  if (!parsed.proceed) return 0;
  const ReportFile a = load_report(parsed.arguments[0]), b = load_report(parsed.arguments[1]);
  const bool is_same = same_reports(a, b);
  const std::string text = diff_reports(a, b, all, terminal_width());
  std::fputs(text.c_str(), stdout);
  if (text.empty())
    std::puts(is_same ? "no difference" : "the main numbers are equal; --all shows what differs");
  return fails && !is_same ? 1 : 0;
}

}  // namespace qsim::cli
