// The subcommands of qsim, one row each in command.cpp's table.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace qsim::cli {

// What the caller got wrong on the command line: one line on stderr, exit code 2.
class UsageError : public std::runtime_error {
 public:
  explicit UsageError(const std::string& message) : std::runtime_error(message) {}
};

// The command line, with argv[0] and the subcommand's name taken off `words`.
struct Invocation {
  std::vector<std::string> words;
  std::string command_line;  // the whole of it, for manifests
};

struct Command {
  const char* name;
  const char* summary;                       // one line in `qsim help`
  int (*run)(const Invocation& invocation);  // returns the exit code; throws Error and UsageError
};

std::span<const Command> commands();

// `argv` of main(). Prints errors; returns the exit code: 0, 1 (Error, or a check that found a
// difference) or 2 (UsageError).
int run_command_line(int argc, const char* const* argv);

int run_command(const Invocation& invocation);
int compile_command(const Invocation& invocation);
int quantize_command(const Invocation& invocation);
int disasm_command(const Invocation& invocation);
int check_command(const Invocation& invocation);
int sweep_command(const Invocation& invocation);
int report_command(const Invocation& invocation);
int diff_command(const Invocation& invocation);
int synth_command(const Invocation& invocation);
int machines_command(const Invocation& invocation);
int help_command(const Invocation& invocation);

}  // namespace qsim::cli
