#include <cstdio>

#include "compiler/onnx/op_table.h"
#include "hw/spec/machines.h"
#include "hw/spec/rtl_package.h"
#include "sim/cli/options.h"
#include "sim/cli/progress.h"
#include "sim/engines/rtl/engine.h"
#include "sim/price/price_list.h"
#include "sim/report/columns.h"
#include "sim/report/text_table.h"

namespace qsim::cli {
namespace {

void print_list() {
  TextTable table({{"machine", false},
                   {"array"},
                   {"dataflow", false},
                   {"act KiB"},
                   {"weight KiB"},
                   {"bytes/cycle"},
                   {"latency"},
                   {"", false}});
  for (const NamedMachine& machine : named_machines()) {
    const Arch arch = find_arch(machine.name);
    table.add_row(
        {machine.name, std::to_string(arch.array.rows) + "x" + std::to_string(arch.array.cols),
         get_arch_key(arch, "array.dataflow"), std::to_string(arch.buffers.act_kib),
         std::to_string(arch.buffers.weight_kib), get_arch_key(arch, "memory.bytes_per_cycle"),
         std::to_string(arch.memory.latency_cycles), machine.summary});
  }
  std::fputs(table.render(160).c_str(), stdout);
}

}  // namespace

int machines_command(const Invocation& invocation) {
  bool reference = false, counters = false, columns = false, operators = false, package = false,
       build_rtl = false, prices = false;
  CommandLine line{"machines", "[OPTIONS] [NAME|FILE.cfg]",
                   "Without a name, lists the named machines. With one, prints every key of it as "
                   "an INI file: the start\nof a machine of your own, for --arch my.cfg.\n",
                   po::options_description("Options", 100, 58)};
  line.options.add_options()                                                      //
      ("reference", po::bool_switch(&reference), "print docs/reference/arch.md")  //
      ("build-rtl", po::bool_switch(&build_rtl),
       "build the machine's model for --engine rtl, if it is not there, and print its path")  //
      ("counters", po::bool_switch(&counters), "print docs/reference/counters.md")            //
      ("prices", po::bool_switch(&prices), "print docs/reference/prices.md")                  //
      ("columns", po::bool_switch(&columns),
       "print the table of columns of docs/user/report.md")                            //
      ("operators", po::bool_switch(&operators), "print docs/reference/operators.md")  //
      ("rtl-package", po::bool_switch(&package), "print hw/rtl/qsim_pkg.sv");
  line.arguments = {"the name of a machine"};
  const ParsedLine parsed = parse_line(line, invocation);
  if (!parsed.proceed) return 0;
  if (reference) {
    std::fputs(arch_reference().c_str(), stdout);
  } else if (counters) {
    std::fputs(counters_reference().c_str(), stdout);
  } else if (prices) {
    std::fputs(prices_reference().c_str(), stdout);
  } else if (columns) {
    std::fputs(columns_reference().c_str(), stdout);
  } else if (operators) {
    std::fputs(operators_reference().c_str(), stdout);
  } else if (package) {
    std::fputs(rtl_package().c_str(), stdout);
  } else if (build_rtl) {
    if (parsed.arguments.empty()) throw UsageError("--build-rtl needs the name of a machine");
    ProgressLine progress;
    RtlOptions options;
    options.notice = progress.notice();
    const std::string path = build_rtl_model(find_arch(parsed.arguments[0]), options);
    progress.clear();
    std::printf("%s\n", path.c_str());
  } else if (parsed.arguments.empty()) {
    print_list();
  } else {
    std::fputs(to_text(find_arch(parsed.arguments[0])).c_str(), stdout);
  }
  return 0;
}

}  // namespace qsim::cli
