// --wave and --wave-window, for the commands that have them.
#pragma once

#include <optional>
#include <string>

#include "hw/spec/program.h"
#include "sim/cli/engines.h"
#include "sim/engines/waveform.h"

namespace qsim::cli {

// "1000:2000"; "" is no window. Throws UsageError.
std::optional<WaveWindow> parse_window(const std::string& text);

// A file of waves that `run` writes: a .vcd of the signals that engines have in common
// (sim/engines/waveform.h), or a .fst of everything in the RTL.
struct WaveFile {
  std::string path;  // "": none
  WaveWindow window;
};

// Throws UsageError when the engine has no such waves.
void require_waves(const WaveFile& wave, const EngineRow& engine);

// One inference, whose signals go to the file. Throws Error when it cannot be written, and when the
// run ends before the window begins.
RunResult run_with_wave(const WaveFile& wave, const EngineRow& engine, const Program& program,
                        const std::vector<Tensor>& inputs, TimedOptions options);

}  // namespace qsim::cli
