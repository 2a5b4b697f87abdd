#include "sim/engines/rtl/model_cache.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "hw/spec/error.h"
#include "sim/engines/rtl/file_lock.h"
#include "sim/engines/rtl/model_builder.h"

namespace qsim::rtl {
namespace {

namespace fs = std::filesystem;

constexpr int kShownErrors = 3;

std::string hash_of(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("libcrypto has no SHA-256");
  }
  std::string hex;
  for (unsigned i = 0; i < 16; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

// Lines that say what is wrong, or else the first ones.
std::string excerpt(const fs::path& log) {
  std::string errors, head;
  int error_count = 0, head_count = 0;
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);) {
    const bool error = line.find("rror:") != std::string::npos || line.starts_with("%Error");
    if (error && error_count++ < kShownErrors) errors += "\n  " + line;
    if (head_count++ < kShownErrors) head += "\n  " + line;
  }
  return errors.empty() ? head : errors;
}

// Runs a script in a scratch folder, under the lock of `target`, and moves the file that it makes
// there. What a killed build left behind is removed by the next.
template <typename Prepare>
void build(const fs::path& target, const std::string& product, const std::string& script,
           const std::string& what, Prepare&& prepare) {
  const std::string stem = target.stem().string();
  for (const fs::directory_entry& entry : fs::directory_iterator(target.parent_path())) {
    if (entry.path().filename().string().starts_with(stem + ".tmp")) fs::remove_all(entry.path());
  }
  // A killed process may leave a compiler behind that still writes: never to the same files.
  const fs::path scratch = target.parent_path() / (stem + ".tmp" + std::to_string(getpid()));
  const fs::path log = fs::path(target).replace_extension(".log");
  fs::remove(log);
  fs::create_directories(scratch);
  prepare(scratch);
  const bool built = run_script(script, scratch, log);
  if (built) fs::rename(scratch / product, target);
  fs::remove_all(scratch);
  if (!built) throw Error(what + " failed; all of it is in " + log.string() + excerpt(log));
}

fs::path cached_runtime(const fs::path& folder, bool wave, const std::string& versions) {
  const std::string script = runtime_script(wave);
  const fs::path target = folder / ("runtime-" + hash_of(versions + script) + ".a");
  if (fs::exists(target)) return target;
  const FileLock lock(fs::path(target).replace_extension(".lock"));
  if (!fs::exists(target)) {
    build(target, "runtime.a", script, "building Verilator's library", [](const fs::path&) {});
  }
  return target;
}

// From CPU seconds of builds (16x16: 15, 32x32: 40), two cores taken for granted; a hint for who
// waits.
int64_t expected_seconds(const ModelSpec& spec) {
  const int64_t seconds = (spec.quick ? 3 : 7) + spec.pes / (spec.quick ? 100 : 35);
  return (seconds + 4) / 5 * 5;
}

std::string key_of(const ModelSpec& spec, const std::string& versions) {
  std::string all = versions + "\n" + build_script(spec, "") + "\n" + visible_config(spec);
  const auto add = [&](const std::vector<SourceFile>& files) {
    for (const SourceFile& file : files) {
      all += file.name + " " + std::to_string(file.text.size()) + "\n" + file.text;
    }
  };
  add(spec.sources);
  add(embedded_wrapper());
  return hash_of(all);
}

}  // namespace

fs::path cache_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  if (const std::string folder = variable("QSIM_RTL_CACHE"); !folder.empty()) return folder;
  if (const std::string folder = variable("XDG_CACHE_HOME"); !folder.empty()) {
    return fs::path(folder) / "qsim" / "rtl";
  }
  const std::string home = variable("HOME");
  if (home.empty()) throw Error("rtl engine: set QSIM_RTL_CACHE to a folder for models");
  return fs::path(home) / ".cache" / "qsim" / "rtl";
}

std::string model_key(const ModelSpec& spec) { return key_of(spec, tool_versions()); }

fs::path cached_model(const ModelSpec& spec,
                      const std::function<void(const std::string&)>& notice) {
  const std::string versions = tool_versions();
  const fs::path folder = cache_folder();
  const fs::path target = folder / (key_of(spec, versions) + ".so");
  if (fs::exists(target)) return target;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error(folder.string() +
                ": cannot be made: set QSIM_RTL_CACHE to a folder for models of the RTL");
  }
  const FileLock lock(fs::path(target).replace_extension(".lock"));
  if (fs::exists(target)) return target;  // another process built it
  if (notice) {
    notice("building the RTL model of " + spec.machine + " (first use; about " +
           std::to_string(expected_seconds(spec)) + " s)");
  }
  const fs::path runtime = cached_runtime(folder, spec.wave, versions);
  build(target, "model.so", build_script(spec, runtime),
        "building the RTL model of " + spec.machine,
        [&](const fs::path& scratch) { write_sources(spec, scratch); });
  return target;
}

}  // namespace qsim::rtl
