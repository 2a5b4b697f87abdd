#include "sim/cli/waves.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "hw/spec/error.h"
#include "sim/cli/command.h"

namespace qsim::cli {
namespace {

bool ends_in(const std::string& path, const char* suffix) {
  return std::filesystem::path(path).extension() == suffix;
}

}  // namespace

std::optional<WaveWindow> parse_window(const std::string& text) {
  if (text.empty()) return std::nullopt;
  WaveWindow window;
  int length = 0;
  if (std::sscanf(text.c_str(), "%" SCNd64 ":%" SCNd64 "%n", &window.from, &window.to, &length) !=
          2 ||
      static_cast<size_t>(length) != text.size() || window.from < 0 || window.to < window.from) {
    throw UsageError("--wave-window = " + text + " is not FIRST:LAST, such as 1000:2000");
  }
  return window;
}

void require_waves(const WaveFile& wave, const EngineRow& engine) {
  if (wave.path.empty()) return;
  if (!engine.has_retirements) {
    throw UsageError(std::string("--wave: the engine ") + engine.name +
                     " has no signals; systemc and rtl have");
  }
  const bool rtl = std::strcmp(engine.name, "rtl") == 0;
  if (!ends_in(wave.path, ".vcd") && !(rtl && ends_in(wave.path, ".fst"))) {
    throw UsageError("--wave = " + wave.path + " does not end in .vcd" +
                     (rtl ? " or .fst" : ", the format of the engine systemc"));
  }
}

RunResult run_with_wave(const WaveFile& wave, const EngineRow& engine, const Program& program,
                        const std::vector<Tensor>& inputs, TimedOptions options) {
  RunResult result;
  if (ends_in(wave.path, ".fst")) {
    options.rtl.wave_file = wave.path;
    options.rtl.wave_from = wave.window.from;
    options.rtl.wave_to = wave.window.to;
    result = engine.run_timed(program, inputs, options);
  } else {
    std::ofstream file(wave.path, std::ios::trunc);
    {
      Waveform waveform(program, file, wave.window);
      options.waveform = &waveform;
      if (file) result = engine.run_timed(program, inputs, options);
    }
    file.close();
    if (!file) throw Error(wave.path + ": cannot be written");
  }
  if (wave.window.from >= result.cycles) {
    throw Error(wave.path + ": the window begins with cycle " + std::to_string(wave.window.from) +
                ", the run has " + std::to_string(result.cycles) + " cycles");
  }
  return result;
}

}  // namespace qsim::cli
