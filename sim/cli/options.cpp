#include "sim/cli/options.h"

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "hw/spec/error.h"
#include "hw/spec/machines.h"

namespace qsim::cli {
namespace {

constexpr unsigned kHelpWidth = 100;
constexpr unsigned kDescriptionWidth = 58;
constexpr const char* kArguments = "arguments";

const ArchKey* find_key(const std::string& name) {
  for (const ArchKey& key : arch_keys()) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

void set_key(Arch& arch, const std::string& key, const std::string& value,
             const std::string& option) {
  try {
    set_arch_key(arch, key, value, option);
  } catch (const Error& error) {
    // "--array.rows: array.rows = 1 ..." says the same twice.
    const std::string message = error.what();
    const std::string prefix = "--" + key + ": ";
    throw UsageError(message.starts_with(prefix) ? message.substr(prefix.size()) : message);
  }
}

void set_array(Arch& arch, const std::string& text) {
  const size_t x = text.find('x');
  if (x == std::string::npos) {
    throw UsageError("--array = " + text + " is not ROWSxCOLS, such as 16x16");
  }
  set_key(arch, "array.rows", text.substr(0, x), "--array");
  set_key(arch, "array.cols", text.substr(x + 1), "--array");
}

std::string without_dashes(const std::string& option) {
  return option.substr(std::min(option.find_first_not_of('-'), option.size()));
}

std::string unknown_option(const po::options_description& all, const std::string& option) {
  std::vector<std::string> names;
  for (const auto& known : all.options()) names.push_back(known->long_name());
  std::string word = without_dashes(option);
  word = word.substr(0, word.find('='));
  const std::string guess = nearest(word, names);
  return "unknown option '" + option + "'" +
         (guess.empty() ? "" : " (did you mean --" + guess + "?)");
}

// Program_options' messages, in our words where they are unclear.
std::string message_of(const po::error& error, const po::options_description& all,
                       const std::vector<std::string>& words) {
  if (const auto* unknown = dynamic_cast<const po::unknown_option*>(&error)) {
    return unknown_option(all, unknown->get_option_name());
  }
  if (const auto* missing = dynamic_cast<const po::invalid_command_line_syntax*>(&error)) {
    if (missing->kind() == po::invalid_syntax::missing_parameter) {
      return "option '" + missing->get_option_name() + "' needs a value";
    }
    if (missing->kind() == po::invalid_syntax::extra_parameter) {
      return "option '" + missing->get_option_name() + "' takes no value";
    }
  }
  // what() puts values in place of words like %value%, and never ends when a value is such a word.
  const bool is_safe = std::none_of(words.begin(), words.end(), [](const std::string& word) {
    return word.find('%') != std::string::npos;
  });
  if (is_safe) return error.what();
  if (const auto* named = dynamic_cast<const po::error_with_option_name*>(&error)) {
    return "option '" + named->get_option_name() + "' is given twice or has no valid value";
  }
  return "one of the words with '%' is no option with a valid value";
}

// Program_options leaves blanks at the ends of lines that it wraps.
std::string without_trailing_blanks(std::istream& stream) {
  std::string text;
  for (std::string line; std::getline(stream, line);) {
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

void print_help(const CommandLine& line) {
  std::stringstream options;
  options << line.options;
  std::printf("usage: qsim %s %s\n\n%s\n%s", line.name, line.usage, line.text,
              without_trailing_blanks(options).c_str());
  if (line.takes_machine_keys) {
    std::printf(
        "\nAny key of the machine is an option as well: --memory.bytes_per_cycle 8, "
        "--buffers.act_kib "
        "64.\nThe keys: qsim machines --reference.\n");
  }
}

}  // namespace

po::options_description machine_description(MachineOptions& options) {
  po::options_description description("Machine", kHelpWidth, kDescriptionWidth);
  description.add_options()  //
      ("arch", po::value(&options.arch)->value_name("NAME|FILE"),
       "a named machine (see: qsim machines) or an INI file that ends in .cfg; edge16 if not "
       "given")  //
      ("array", po::value(&options.array)->value_name("RxC"),
       "rows and columns of the array, everything else as --arch says")  //
      ("dataflow", po::value(&options.dataflow)->value_name("ws|os"),
       "weight-stationary or output-stationary");
  return description;
}

Arch make_arch(const MachineOptions& options) {
  Arch arch = unchecked_arch(options);
  arch.check();
  return arch;
}

Arch unchecked_arch(const MachineOptions& options) {
  const Arch base = find_arch(options.arch.empty() ? "edge16" : options.arch);
  Arch arch = base;
  if (!options.array.empty()) set_array(arch, options.array);
  if (!options.dataflow.empty()) set_key(arch, "array.dataflow", options.dataflow, "--dataflow");
  for (const auto& [key, value] : options.keys) set_key(arch, key, value, "--" + key);
  if (to_text(arch) != to_text(base)) arch.name += "+";
  return arch;
}

void apply_runtime_keys(const MachineOptions& options, const std::string& path, Arch& arch) {
  const auto refuse = [&](const std::string& option) {
    throw UsageError("--" + option + ": " + path +
                     " was compiled for its machine; only runtime keys can change");
  };
  if (!options.arch.empty()) refuse("arch");
  if (!options.array.empty()) refuse("array");
  if (!options.dataflow.empty()) refuse("dataflow");
  for (const auto& [key, value] : options.keys) {
    if (find_key(key)->kind != "runtime") refuse(key);
    set_key(arch, key, value, "--" + key);
  }
  if (!options.keys.empty() && !arch.name.ends_with("+")) arch.name += "+";
  arch.check();
}

ParsedLine parse_line(CommandLine& line, const Invocation& invocation) {
  line.options.add_options()("help,h", "print this");
  po::options_description all;
  all.add(line.options);
  if (line.takes_machine_keys) {
    for (const ArchKey& key : arch_keys()) {
      all.add_options()(key.name.c_str(), po::value<std::string>(), "");
    }
  }
  all.add_options()(kArguments, po::value<std::vector<std::string>>(), "");
  po::positional_options_description positional;
  positional.add(kArguments, -1);

  ParsedLine result;
  try {
    const po::parsed_options parsed =
        po::command_line_parser(invocation.words)
            .options(all)
            .positional(positional)
            .style(po::command_line_style::unix_style ^ po::command_line_style::allow_guessing)
            .run();
    for (const auto& option : parsed.options) {
      if (option.string_key == kArguments) result.arguments.push_back(option.value.at(0));
      if (line.machine && find_key(option.string_key)) {
        line.machine->keys.emplace_back(option.string_key, option.value.at(0));
      }
    }
    po::variables_map values;
    po::store(parsed, values);
    if (values.count("help")) {
      print_help(line);
      result.proceed = false;
      return result;
    }
    po::notify(values);
  } catch (const po::error& error) {
    throw UsageError(message_of(error, all, invocation.words));
  }
  if (result.arguments.size() < line.required) {
    throw UsageError(line.arguments[result.arguments.size()] + " is missing");
  }
  if (result.arguments.size() > line.arguments.size() && !line.takes_more_arguments) {
    throw UsageError("'" + result.arguments[line.arguments.size()] + "' is one argument too many");
  }
  return result;
}

}  // namespace qsim::cli
