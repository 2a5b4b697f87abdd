#include "tests/fuzz/report.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/cli/command.h"

namespace qsim::fuzz {
namespace {

// In a child, like everything that runs the compiler on a case that fails.
bool save_case(const CaseSpec& spec, const std::string& path, std::chrono::milliseconds limit) {
  const ChildEnd end = run_in_child(
      [&] {
        save_program(compile_case(spec), path);
        return std::string();
      },
      limit);
  return end.kind == ChildEnd::Kind::kReturned;
}

int32_t parse_number(const std::string& text, const std::string& option) {
  try {
    size_t used = 0;
    const int value = std::stoi(text, &used);
    if (used == text.size() && value >= 0) return value;
  } catch (const std::logic_error&) {
  }
  throw cli::UsageError(option + " = " + text + " is not a list like 0-3,7");
}

}  // namespace

std::vector<int32_t> parse_list(const std::string& text, const std::string& option) {
  std::vector<int32_t> list;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    const size_t dash = part.find('-');
    const int32_t first = parse_number(part.substr(0, dash), option);
    const int32_t last =
        dash == std::string::npos ? first : parse_number(part.substr(dash + 1), option);
    for (int32_t i = first; i <= last; ++i) list.push_back(i);
  }
  if (list.empty()) throw cli::UsageError(option + " = " + text + " is not a list like 0-3,7");
  return list;
}

std::string names_of(const Setup& setup) {
  std::string names;
  for (const cli::EngineRow* engine : setup.engines) {
    names += (names.empty() ? "" : ",") + std::string(engine->name);
  }
  return names;
}

std::string options_of(const Setup& setup) {
  return " --engines " + names_of(setup) +
         (setup.rtl_sources.empty() ? "" : " --rtl " + setup.rtl_sources);
}

std::string check_command(const CaseSpec& spec, const Setup& setup, const std::string& path) {
  return "qsim check" + options_of(setup) + " --seed " + std::to_string(spec.seed) + " " + path;
}

std::string report_failure(const CaseSpec& spec, const Verdict& verdict, const Setup& setup,
                           const std::string& directory) {
  const Verdict second = judge(spec, setup);
  const bool repeats = second.kind == verdict.kind;
  Shrunk small{spec, verdict, 0};
  if (repeats) {
    small =
        shrink(spec, second, [&](const CaseSpec& candidate) { return judge(candidate, setup); });
  }
  const std::string how =
      repeats
          ? "shrunk in " + std::to_string(small.runs) + " runs"
          : std::string("not shrunk, since it does not repeat: run again, ") + name_of(second.kind);
  std::filesystem::create_directories(directory);
  const std::string name =
      "case-" + std::to_string(spec.structure) + "-" + std::to_string(spec.seed);
  const std::string path = (std::filesystem::path(directory) / name).string();
  const std::string again = save_case(small.spec, path + ".qprog", setup.limit)
                                ? check_command(small.spec, setup, path + ".qprog")
                                : "no program: the compiler itself fails";
  std::ofstream out(path + ".txt");
  out << name_of(small.verdict.kind) << ": " << small.verdict.text
      << "\n\nthe smallest case: " << again << "\nthe whole case:    qsim_fuzz" << options_of(setup)
      << " --structures " << spec.structure << " --seed " << spec.seed << " --cases 1\n\n"
      << how << "\n"
      << to_text(small.spec) << "\nfrom (" << name_of(verdict.kind) << ": " << verdict.text << ")\n"
      << to_text(spec);
  return "  " + how + ": " + small.verdict.text + "\n  " + again + "\n";
}

}  // namespace qsim::fuzz
