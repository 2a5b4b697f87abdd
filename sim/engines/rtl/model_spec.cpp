#include "sim/engines/rtl/model_spec.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>

#include "hw/spec/error.h"

namespace qsim::rtl {
namespace {

namespace fs = std::filesystem;

std::string upper_camel(const std::string& key) {
  std::string name;
  bool upper = true;
  for (const char c : key) {
    if (c == '_') {
      upper = true;
    } else {
      name += upper ? static_cast<char>(std::toupper(c)) : c;
      upper = false;
    }
  }
  return name;
}

bool is_package(const SourceFile& file) { return file.name.ends_with("_pkg.sv"); }

// The character after the top's name says whether it has parameters; 0: there is no top.
char after_top(const std::vector<SourceFile>& sources) {
  static const std::regex top(R"((?:^|\n)\s*module\s+qsim_top\b\s*(\S))");
  std::smatch match;
  for (const SourceFile& file : sources) {
    if (file.text.find("qsim_top") == std::string::npos) continue;
    if (std::regex_search(file.text, match, top)) return *match[1].first;
  }
  return 0;
}

}  // namespace

std::vector<NamedValue> rtl_parameters(const Arch& arch) {
  std::vector<NamedValue> parameters;
  const auto add = [&](const std::string& kind, const char* key, double value) {
    if (kind == "structure") parameters.push_back({upper_camel(key), static_cast<int64_t>(value)});
  };
#define QSIM_SECTION_BEGIN(section)
#define QSIM_SECTION_END(section)
#define QSIM_INT(section, key, default_value, min, max, kind, unit, meaning) \
  add(#kind, #key, arch.section.key);
#define QSIM_REAL(section, key, default_value, min, max, kind, unit, meaning) \
  add(#kind, #key, arch.section.key);
#define QSIM_CHOICE(section, key, type, default_value, names, kind, meaning) \
  add(#kind, #key, static_cast<double>(arch.section.key));
#include "hw/spec/arch.def"
#undef QSIM_SECTION_BEGIN
#undef QSIM_SECTION_END
#undef QSIM_INT
#undef QSIM_REAL
#undef QSIM_CHOICE
  return parameters;
}

const std::vector<SourceFile>& embedded_rtl() {
  static const std::vector<SourceFile> files = {
#include "embedded_rtl.inc"
  };
  return files;
}

const std::vector<SourceFile>& embedded_wrapper() {
  static const std::vector<SourceFile> files = {
#include "embedded_wrapper.inc"
  };
  return files;
}

std::vector<SourceFile> read_sources(const std::string& folder) {
  std::vector<SourceFile> sources;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string extension = entry.path().extension();
    if (extension != ".sv" && extension != ".v") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file) throw Error(entry.path().string() + ": cannot be read");
    sources.push_back({entry.path().filename(), std::move(text)});
  }
  if (error) throw Error(folder + ": cannot be read as a folder of RTL sources");
  std::sort(sources.begin(), sources.end(), [](const SourceFile& a, const SourceFile& b) {
    if (is_package(a) != is_package(b)) return is_package(a);
    return a.name < b.name;
  });
  if (after_top(sources) == 0) throw Error(folder + ": no .sv or .v file has a module qsim_top");
  return sources;
}

ModelSpec make_spec(const Arch& arch, const std::string& folder) {
  ModelSpec spec;
  spec.parameters = rtl_parameters(arch);
  spec.sources = folder.empty() ? embedded_rtl() : read_sources(folder);
  spec.top_has_parameters = after_top(spec.sources) == '#';
  spec.machine = std::to_string(arch.array.rows) + "x" + std::to_string(arch.array.cols) + " " +
                 get_arch_key(arch, "array.dataflow");
  spec.pes = arch.pes();
  return spec;
}

}  // namespace qsim::rtl
