// Command line options: Boost.Program_options, with the nearest option suggested for an unknown
// one, and the keys of arch.def as options.
#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <utility>
#include <vector>

#include "hw/spec/arch.h"
#include "sim/cli/command.h"

namespace qsim::cli {

namespace po = boost::program_options;

// The options that describe a machine, as they were given.
struct MachineOptions {
  std::string arch;      // --arch: a name or the path of a .cfg file
  std::string array;     // --array RxC
  std::string dataflow;  // --dataflow ws|os
  std::vector<std::pair<std::string, std::string>> keys;  // --section.key value, in order

  bool empty() const { return arch.empty() && array.empty() && dataflow.empty() && keys.empty(); }
};

po::options_description machine_description(MachineOptions& options);

// edge16 unless --arch says otherwise; then --array, --dataflow and the keys in order. The name of
// a machine that differs from the one it started from ends in "+". Throws UsageError for a
// malformed value, Error when the machine does not exist or does not fit together.
Arch make_arch(const MachineOptions& options);

// The same without asking whether the keys fit together (Arch::check()).
Arch unchecked_arch(const MachineOptions& options);

// Keys of kind runtime over a compiled program's machine. Throws UsageError for every other machine
// option: the program was compiled for its structure.
void apply_runtime_keys(const MachineOptions& options, const std::string& path, Arch& arch);

// One subcommand's command line.
struct CommandLine {
  const char* name;                 // "run"
  const char* usage;                // "[OPTIONS] model.onnx|program.qprog"
  const char* text;                 // a few lines under the usage line
  po::options_description options;  // bound to variables, shown by --help
  bool takes_machine_keys = false;  // accept --section.key value into `machine->keys`
  MachineOptions* machine = nullptr;
  // Names of the arguments that are no options, for messages: {"a model"}; `required` of them must
  // be there.
  std::vector<std::string> arguments = {};
  size_t required = 0;
  bool takes_more_arguments = false;  // the last of them may stand there any number of times
};

// Parses into the bound variables and returns the arguments that are no options. With --help,
// prints the help and returns false in `proceed`. Throws UsageError.
struct ParsedLine {
  bool proceed = true;
  std::vector<std::string> arguments;
};
ParsedLine parse_line(CommandLine& line, const Invocation& invocation);

}  // namespace qsim::cli
