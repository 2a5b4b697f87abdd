// The RTL engine: executes a Program on the SystemVerilog of hw/rtl, Verilated, and returns values
// and cycles. Memory and host are C++ (rules T3 and T9); everything else is registers.
//
// A machine's model is a shared library, built on first use (Verilator and g++, half a minute for a
// 16x16 array) and kept in a cache that later runs and other processes share (model_cache.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hw/spec/program.h"
#include "sim/engines/engine.h"
#include "sim/engines/waveform.h"
#include "sim/engines/written.h"

namespace qsim {

namespace rtl {
class ModelLibrary;
}

struct RtlOptions {
  LayerObserver observer = {};
  Progress progress = {};  // when it returns false, run() throws Error

  // Folder of SystemVerilog or Verilog sources with a module qsim_top; "": those that are built
  // into the tool. A top without parameters, like that of a synthesized netlist, is taken as it is.
  std::string sources = {};
  // Compiles the model without optimisation: built in a third of the time, runs at a tenth of the
  // speed. For short runs of many designs. Environment QSIM_RTL_OPT=0 does the same.
  bool quick_build = false;
  // Called before a model is built, with a line about it: "building the RTL model of ...".
  std::function<void(const std::string& text)> notice = {};

  RetirementObserver retirement = {};  // of every run; without values its reader reads nothing
  std::optional<uint32_t> fill = {};   // none: memories start random like all state, DRAM with 0

  uint32_t seed = 1;        // of the state that reset does not set
  int64_t cycle_limit = 0;  // a run that takes more cycles throws Error; 0: none

  // An FST file with every signal in cycles wave_from to wave_to of each run; "": none. Cycle t
  // begins at 10 t ns. Needs a model of its own, which is built on first use.
  std::string wave_file = {};
  int64_t wave_from = 0;
  int64_t wave_to = INT64_MAX;

  // Gets what crosses the ports in the one run that there may be; null: nobody. For any model.
  Waveform* waveform = nullptr;
};

// Engines may be many and may run at the same time in several threads. The program must outlive
// the engine. What a run leaves behind is gone: each starts from a reset of random state.
class RtlEngine {
 public:
  // Throws Error when the model cannot be built (no verilator, sources that it refuses, a cache
  // that cannot be written), or when its parameters are not those of program.arch, naming each.
  explicit RtlEngine(const Program& program, RtlOptions options = {});

  // One tensor per network input, NHWC, float32 or int8 codes (sim/engines/host.h). When the
  // network has no values the inputs are ignored, and only cycles and timing counters come out.
  //
  // Throws Error for a hang (T18), for AXI signals that break the protocol, for error_o of the
  // model, for trace signals that make no sense (an instruction done that was not issued), for
  // inputs that do not fit, for an observer when the model has no memories to look into (a
  // netlist's are called otherwise), and when progress says stop.
  RunResult run(const std::vector<Tensor>& inputs);

  // May be changed between runs, but for sources, quick_build and whether there is a wave_file.
  RtlOptions& options() { return options_; }

 private:
  const Program& program_;
  RtlOptions options_;
  std::shared_ptr<rtl::ModelLibrary> library_;
  std::vector<uint8_t> instructions_;  // as DRAM holds them
};

// Puts a machine's model into the cache, if it is not there, and returns the library's path. Of the
// options sources, quick_build, wave_file and notice count. Throws Error like the engine.
std::string build_rtl_model(const Arch& arch, const RtlOptions& options);

}  // namespace qsim
