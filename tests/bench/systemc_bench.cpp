// Cycles that the SystemC engine simulates per CPU second, values included: engine time alone, one
// inference after the other, the program compiled before.
#include <benchmark/benchmark.h>

#include "compiler/compile.h"
#include "sim/engines/analytic/engine.h"
#include "sim/systemc/engine.h"
#include "tests/bench/registration.h"
#include "tests/support/engines.h"
#include "tests/support/network_builder.h"

namespace qsim::bench {
namespace {

constexpr uint32_t kSeed = 1;

// The first bottleneck of ResNet-50 behind its downsampling: large maps, deep reductions, and
// feature maps that do not all stay on chip.
IntegerNetwork bottleneck(uint32_t seed) {
  NetworkBuilder net = seed ? NetworkBuilder("bottleneck", seed) : NetworkBuilder("bottleneck");
  const TensorId x = net.input(1, 56, 56, 256);
  TensorId y = net.conv(x, 64, square_window(1));
  y = net.conv(y, 64, square_window(3, 1, 1));
  y = net.conv(y, 256, square_window(1));
  net.output(net.add(y, x));
  return net.take();
}

IntegerNetwork resnet8_of(uint32_t seed) { return resnet8(seed); }

void simulate(benchmark::State& state, IntegerNetwork (*network_of)(uint32_t), uint32_t seed,
              MemoryModel memory) {
  const IntegerNetwork network = network_of(seed);
  Arch arch;
  arch.memory.model = memory;
  const Program program = emit(network, arch, make_plan(network, arch, segment_cycles));
  const std::vector<Tensor> inputs = random_inputs(network, kSeed);
  SystemcEngine engine(program);
  int64_t cycles = engine.run(inputs).cycles;  // elaborates, once per process
  const double cycles_per_run = static_cast<double>(cycles);
  cycles = 0;
  for (auto _ : state) cycles += engine.run(inputs).cycles;
  state.counters["Mcycles/s"] =
      benchmark::Counter(1e-6 * static_cast<double>(cycles), benchmark::Counter::kIsRate);
  state.counters["cycles"] = cycles_per_run;
  state.counters["instructions"] = static_cast<double>(program.instructions.size());
}

void add(const char* name, IntegerNetwork (*network_of)(uint32_t), uint32_t seed,
         MemoryModel memory) {
  benchmark::RegisterBenchmark(name, simulate, network_of, seed, memory)
      ->Unit(benchmark::kMillisecond)
      ->MeasureProcessCPUTime();
}

}  // namespace

void register_benchmarks(int, char**) {
  add("resnet8/values", resnet8_of, kSeed, MemoryModel::kLatency);
  add("resnet8/values/ideal_memory", resnet8_of, kSeed, MemoryModel::kIdeal);
  add("resnet8/cycles_alone", resnet8_of, 0, MemoryModel::kLatency);
  add("bottleneck/values", bottleneck, kSeed, MemoryModel::kLatency);
  add("bottleneck/cycles_alone", bottleneck, 0, MemoryModel::kLatency);
}

}  // namespace qsim::bench
