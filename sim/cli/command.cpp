#include "sim/cli/command.h"

#include <cstdio>
#include <exception>

#include "hw/spec/arch.h"
#include "hw/spec/error.h"
#include "sim/report/manifest.h"

namespace qsim::cli {
namespace {

constexpr Command kCommands[] = {
    {"run", "execute a network on a machine and report cycles, traffic and accuracy", run_command},
    {"compile", "compile a network for a machine into a .qprog file", compile_command},
    {"quantize", "quantize a network, and write what was decided", quantize_command},
    {"disasm", "print the instructions of a .qprog file", disasm_command},
    {"check", "compare engines with one another, to the bit and to the cycle", check_command},
    {"sweep", "evaluate a space of machines and quantizations into an SQLite file", sweep_command},
    {"report", "write an HTML page of a run, of two runs, or of a sweep", report_command},
    {"diff", "say what differs between two runs: figures, machine, layers", diff_command},
    {"synth", "map a machine to an FPGA: LUTs, flip-flops, multipliers, RAMs, clock",
     synth_command},
    {"machines", "list the named machines, or print one", machines_command},
    {"help", "print this, or the help of a command", help_command}};

const Command* find_command(const std::string& name) {
  for (const Command& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

std::string unknown_command(const std::string& name) {
  std::vector<std::string> names;
  for (const Command& command : kCommands) names.emplace_back(command.name);
  const std::string guess = nearest(name, names);
  return "unknown command '" + name + "'" + (guess.empty() ? "" : " (did you mean " + guess + "?)");
}

void print_summary() {
  std::printf(
      "qsim - a quantized network on a systolic int8 accelerator: values, cycles, where they go\n"
      "\n"
      "usage: qsim COMMAND [OPTIONS] ...\n"
      "\n");
  for (const Command& command : kCommands) {
    std::printf("  %-10s%s\n", command.name, command.summary);
  }
  std::printf(
      "\n"
      "Try: qsim run --array 16x16 model.onnx\n"
      "Options of a command: qsim COMMAND --help. Version: qsim --version.\n");
}

int fail(const std::string& message, int exit_code) {
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", message.c_str());
  return exit_code;
}

int dispatch(const std::string& name, const Invocation& invocation) {
  const Command* command = find_command(name);
  if (!command) return fail("qsim: " + unknown_command(name) + "; see: qsim help", 2);
  const std::string prefix = "qsim " + name + ": ";
  try {
    const int exit_code = command->run(invocation);
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
      return fail(prefix + "standard output cannot be written", 1);
    }
    return exit_code;
  } catch (const UsageError& error) {
    return fail(prefix + error.what() + "; see: qsim " + name + " --help", 2);
  } catch (const Error& error) {
    return fail(prefix + error.what(), 1);
  } catch (const std::bad_alloc&) {
    return fail(prefix + "out of memory", 1);
  } catch (const std::exception& error) {
    return fail(prefix + "internal error, please report it: " + error.what(), 1);
  }
}

}  // namespace

std::span<const Command> commands() { return kCommands; }

int help_command(const Invocation& invocation) {
  if (invocation.words.empty() || invocation.words[0] == "--help" || invocation.words[0] == "-h") {
    print_summary();
    return 0;
  }
  const Command* command = find_command(invocation.words[0]);
  if (!command) throw UsageError(unknown_command(invocation.words[0]));
  return command->run({{"--help"}, invocation.command_line});
}

int run_command_line(int argc, const char* const* argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) {
    print_summary();
    return 2;
  }
  if (words[0] == "--version") {
    std::printf("qsim %s\n", qsim_version().c_str());
    return 0;
  }
  const bool help = words[0] == "--help" || words[0] == "-h";
  return dispatch(help ? "help" : words[0],
                  {{words.begin() + 1, words.end()}, command_line(argc, argv)});
}

}  // namespace qsim::cli
