// Compares the RTL of a folder with the analytic engine and SystemC on seeded random cases, then
// on programs that pass tokens around; the first difference ends it. For many designs that each
// run briefly: mutants and netlists.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>

#include "hw/spec/error.h"
#include "sim/cli/compare.h"
#include "sim/engines/analytic/engine.h"
#include "sim/engines/rtl/engine.h"
#include "sim/systemc/engine.h"
#include "tests/fuzz/children.h"
#include "tests/support/engines.h"
#include "tests/support/random_case.h"
#include "tests/support/structures.h"
#include "tests/support/token_program.h"

namespace qsim {
namespace {

constexpr const char* kUsage =
    "usage: qsim_rtl_check DIR STRUCTURE CASES FIRST_SEED LIMIT_SECONDS [netlist]\n"
    "  `netlist`: compares outputs, not layers; DIR is none of the structure's parameters\n"
    "Prints \"agree\" or the first difference. The limit is for one case, after the build.\n";

struct Job {
  std::string folder;
  int32_t structure = 0;
  bool netlist = false;
};

std::vector<Tensor> ordered(const Program& program, std::map<LayerId, Tensor> seen) {
  std::vector<Tensor> layers(program.network.layers.size());
  for (auto& [layer, output] : seen) layers[static_cast<size_t>(layer)] = std::move(output);
  return layers;
}

std::string value_counter_difference(const Counters& systemc, const Counters& rtl) {
#define QSIM_COUNTER(name, kind, unit, meaning)                                                \
  if (systemc.name != rtl.name) {                                                              \
    return "counter " #name + cli::values_text("systemc", std::to_string(systemc.name), "rtl", \
                                               std::to_string(rtl.name));                      \
  }
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
  return "";
}

// "" when all agree; RTL that hangs or breaks a protocol is a difference too.
std::string difference(const Program& program, uint32_t seed, const Job& job) {
  const std::vector<Tensor> inputs = random_inputs(program.network, seed);
  const cli::EngineRun analytic{"analytic", run_analytic(program), {}};
  std::map<LayerId, Tensor> layers;
  const LayerObserver observe = [&](LayerId id, const Tensor& output) { layers[id] = output; };

  SystemcOptions systemc_options;
  systemc_options.observer = observe;
  cli::EngineRun systemc{"systemc", SystemcEngine(program, systemc_options).run(inputs), {}};
  systemc.layers = ordered(program, std::move(layers));
  layers.clear();

  RtlOptions options;
  options.sources = job.folder;
  options.quick_build = true;
  options.seed = seed;
  options.cycle_limit = 4 * analytic.result.cycles + 10000;
  if (!job.netlist) options.observer = observe;
  cli::EngineRun rtl{"rtl", {}, {}};
  try {
    rtl.result = RtlEngine(program, options).run(inputs);
  } catch (const Error& error) {
    return error.what();
  }
  if (const auto found = cli::first_timing_difference(program, analytic, rtl)) return found->text;
  if (!job.netlist && program.network.has_values) {
    rtl.layers = ordered(program, std::move(layers));
    if (const auto found = cli::first_value_difference(program, systemc, rtl)) return found->text;
  }
  for (size_t i = 0; i < rtl.result.outputs.size(); ++i) {
    if (systemc.result.outputs[i].bytes != rtl.result.outputs[i].bytes) {
      return "output " + std::to_string(i) + ": systemc and rtl differ";
    }
  }
  return value_counter_difference(systemc.result.counters, rtl.result.counters);
}

constexpr int64_t kTokenPrograms = 2;

// nullopt: the machine cannot run this network.
std::optional<Program> network_program(uint32_t seed, const Job& job) {
  try {
    return compile_case(draw_case(job.structure, seed));
  } catch (const Error& error) {
    if (!is_refusal(error)) throw;
    return std::nullopt;
  }
}

// One case in a child of its own, since SystemC elaborates once a process.
std::string judge(uint32_t seed, bool tokens, const Job& job) {
  try {
    const std::optional<Program> program =
        tokens ? token_program(structure(job.structure), seed) : network_program(seed, job);
    const std::string found = program ? difference(*program, seed, job) : "";
    if (found.empty()) return "";
    return std::string(tokens ? "tokens, " : "") + "seed " + std::to_string(seed) + ": " + found;
  } catch (const std::exception& error) {
    return std::string("error: ") + error.what();
  }
}

int check(const Job& job, uint32_t first_seed, int64_t cases, int limit_seconds) {
  std::string found;
  const auto work = [&](int64_t index) {
    const bool tokens = index >= cases;
    return judge(first_seed + static_cast<uint32_t>(tokens ? index - cases : index), tokens, job);
  };
  fuzz::run_in_children(cases + kTokenPrograms, 1, std::chrono::seconds(limit_seconds), work,
                        [&](int64_t, const fuzz::ChildEnd& end) {
                          if (end.kind == fuzz::ChildEnd::Kind::kTimedOut)
                            found = "no end within the limit";
                          if (end.kind == fuzz::ChildEnd::Kind::kCrashed)
                            found = "crash: " + end.text;
                          if (end.kind == fuzz::ChildEnd::Kind::kReturned) found = end.text;
                          return found.empty();
                        });
  std::printf("%s\n", found.empty() ? "agree" : found.c_str());
  return found.empty() ? 0 : 1;
}

}  // namespace
}  // namespace qsim

int main(int argc, char** argv) {
  setenv("OMP_NUM_THREADS", "1", 1);
  const bool netlist = argc == 7 && std::string(argv[6]) == "netlist";
  if (argc != 6 && !netlist) {
    std::fputs(qsim::kUsage, stderr);
    return 2;
  }
  return qsim::check({argv[1], std::atoi(argv[2]), netlist},
                     static_cast<uint32_t>(std::atoi(argv[4])), std::atoi(argv[3]),
                     std::atoi(argv[5]));
}
