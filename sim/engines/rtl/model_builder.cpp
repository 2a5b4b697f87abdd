#include "sim/engines/rtl/model_builder.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>

#include "hw/spec/error.h"

namespace qsim::rtl {
namespace {

namespace fs = std::filesystem;

// Several models live in one process, and each brings its own copy of everything.
constexpr char kLibraryFlags[] = "-std=c++17 -fPIC -fvisibility=hidden -fno-gnu-unique -w";

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string version_of(const std::string& tool) {
  const std::string version = first_line_of(tool + " --version 2>/dev/null");
  if (version.empty()) {
    throw Error("rtl engine: " + tool +
                " is not installed, or not on the PATH: it builds the model");
  }
  return version;
}

}  // namespace

std::string first_line_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::array<char, 256> line{};
  if (!pipe || !fgets(line.data(), static_cast<int>(line.size()), pipe.get())) return "";
  std::string text = line.data();
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

void write_text(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw Error(path.string() + ": cannot be written");
}

std::string visible_config(const ModelSpec& spec) {
  std::string text =
      "`verilator_config\n"
      "public_flat_rd -module \"qsim_ram_*\" -var \"mem\"\n";
  if (!spec.top_has_parameters) return text;
  for (const NamedValue& parameter : spec.parameters) {
    text += "public_flat_rd -module \"qsim_top\" -var \"" + parameter.name + "\"\n";
  }
  return text;
}

std::string tool_versions() {
  // An inference makes an engine, and asking takes as long as many an inference.
  static std::mutex mutex;
  static std::map<std::string, std::string> answers;  // by PATH
  const std::lock_guard lock(mutex);
  const char* path = std::getenv("PATH");
  std::string& answer = answers[path ? path : ""];
  if (answer.empty()) {
    version_of("make");
    answer = version_of("verilator") + "\n" + version_of("g++");
  }
  return answer;
}

void write_sources(const ModelSpec& spec, const fs::path& folder) {
  fs::create_directories(folder / "rtl");
  for (const SourceFile& file : spec.sources) write_text(folder / "rtl" / file.name, file.text);
  for (const SourceFile& file : embedded_wrapper()) write_text(folder / file.name, file.text);
  write_text(folder / "visible.vlt", visible_config(spec));
}

std::string build_script(const ModelSpec& spec, const fs::path& runtime) {
  const std::string opt = spec.quick ? "-O0" : "-O2";
  std::string script = "set -e\nroot=$(verilator --getenv VERILATOR_ROOT)/include\n";
  script +=
      "verilator --cc -O3 --x-assign unique --x-initial unique -Wno-fatal -Wno-lint -Wno-style";
  if (spec.wave) script += " --trace-fst";
  if (!spec.quick) script += " --output-split 20000 --output-split-cfuncs 2000";
  script += " --prefix Vqsim_rtl --top-module qsim_top --Mdir obj -CFLAGS " + quoted(kLibraryFlags);
  if (spec.top_has_parameters) {
    for (const NamedValue& parameter : spec.parameters) {
      script += " -G" + parameter.name + "=" + std::to_string(parameter.value);
    }
  }
  script += " visible.vlt";
  for (const SourceFile& file : spec.sources) script += " " + quoted("rtl/" + file.name);
  script += "\nif command -v ccache >/dev/null; then export OBJCACHE=ccache; fi\n";
  script += "$OBJCACHE g++ " + std::string(kLibraryFlags) +
            " -O1 -DVM_TRACE=" + (spec.wave ? "1" : "0") +
            " -I. -Iobj -isystem $root -isystem $root/vltstd -c verilated_model.cpp\n";
  script += "make -s -j $(nproc) -C obj -f Vqsim_rtl.mk OPT_FAST=" + opt +
            " OPT_SLOW=-O0 OPT_GLOBAL=-O1 Vqsim_rtl__ALL.a\n";
  script +=
      "g++ -shared -Wl,-Bsymbolic -Wl,-z,defs -o model.so verilated_model.o "
      "obj/Vqsim_rtl__ALL.a " +
      quoted(runtime.string()) + " -pthread" + (spec.wave ? " -lz" : "") + "\n";
  return script;
}

std::string runtime_script(bool wave) {
  std::string script = "set -e\nroot=$(verilator --getenv VERILATOR_ROOT)/include\n";
  for (const char* name : {"verilated", "verilated_threads", "verilated_fst_c"}) {
    if (std::string(name) == "verilated_fst_c" && !wave) continue;
    script += "g++ " + std::string(kLibraryFlags) + " -O2 -DVM_TRACE=" + (wave ? "1" : "0") +
              " -isystem $root -isystem $root/vltstd -c $root/" + name + ".cpp\n";
  }
  return script + "ar -rcs runtime.a *.o\n";
}

bool run_script(const std::string& script, const fs::path& folder, const fs::path& log) {
  const std::string command = "cd " + quoted(folder.string()) + " && { " + script + "\n}";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  const char* arguments[] = {"sh", "-c", command.c_str(), nullptr};
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, "sh", &actions, nullptr, const_cast<char* const*>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed) return false;
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return false;
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace qsim::rtl
