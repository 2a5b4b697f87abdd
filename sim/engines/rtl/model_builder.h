// Runs Verilator and the C++ compiler.
#pragma once

#include <filesystem>
#include <string>

#include "sim/engines/rtl/model_spec.h"

namespace qsim::rtl {

// The first line that a shell command prints, without its end; "" when it prints nothing.
std::string first_line_of(const std::string& command);

// Throws Error when the file cannot be written.
void write_text(const std::filesystem::path& path, const std::string& text);

// First lines of `verilator --version` and `g++ --version`. Throws Error naming the missing tool.
std::string tool_versions();

// The shell script that turns the spec's files, which lie in the working folder (sources in rtl/),
// into model.so. `runtime` is the archive that build_runtime() made.
std::string build_script(const ModelSpec& spec, const std::filesystem::path& runtime);
std::string runtime_script(bool wave);  // makes runtime.a

// Verilator's configuration for what the engine reads from outside: parameters, and memories.
std::string visible_config(const ModelSpec& spec);

// Runs a script in a folder, both outputs to `log`; returns whether it succeeded.
bool run_script(const std::string& script, const std::filesystem::path& folder,
                const std::filesystem::path& log);

// Writes sources and wrapper to where build_script() wants them.
void write_sources(const ModelSpec& spec, const std::filesystem::path& folder);

}  // namespace qsim::rtl
