// How many machines per second one thread prices for ResNet-50: plan, emit, run, each from nothing.
#include <benchmark/benchmark.h>

#include <memory>

#include "compiler/compile.h"
#include "sim/engines/analytic/engine.h"
#include "tests/bench/cpu_clock.h"
#include "tests/bench/machine_list.h"
#include "tests/bench/registration.h"
#include "tests/support/network_builder.h"

namespace qsim::bench {
namespace {

using MachineOf = Arch (*)(Dataflow, size_t);

// next_machine goes on through repetitions: no machine twice.
void price_machines(benchmark::State& state, MachineOf machine_of, Dataflow dataflow,
                    const std::shared_ptr<size_t>& next_machine) {
  const IntegerNetwork network = resnet50_shapes();
  double plan_s = 0, emit_s = 0, run_s = 0, instructions = 0, cycles = 0;
  for (auto _ : state) {
    const Arch arch = machine_of(dataflow, (*next_machine)++);
    const double start = cpu_seconds();
    const Plan plan = make_plan(network, arch, segment_cycles);
    const double planned = cpu_seconds();
    const Program program = emit(network, arch, plan);
    const double emitted = cpu_seconds();
    const RunResult result = run_analytic(program);
    run_s += cpu_seconds() - emitted;
    emit_s += emitted - planned;
    plan_s += planned - start;
    instructions += static_cast<double>(program.instructions.size());
    cycles += static_cast<double>(result.cycles);
  }
  const auto mean = [&](double sum) {
    return benchmark::Counter(sum, benchmark::Counter::kAvgIterations);
  };
  state.counters["machines/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
  state.counters["plan_ms"] = mean(1e3 * plan_s);
  state.counters["emit_ms"] = mean(1e3 * emit_s);
  state.counters["run_ms"] = mean(1e3 * run_s);
  state.counters["instructions"] = mean(instructions);
  state.counters["Mcycles"] = mean(1e-6 * cycles);
}

void add(const char* name, MachineOf machine_of, Dataflow dataflow) {
  benchmark::RegisterBenchmark(name, price_machines, machine_of, dataflow,
                               std::make_shared<size_t>(0))
      ->Unit(benchmark::kMillisecond)
      ->Iterations(kMachinesPerPass)
      ->MeasureProcessCPUTime();
}

}  // namespace

void register_benchmarks(int, char**) {
  add("resnet50/list/ws", machine, Dataflow::kWs);
  add("resnet50/list/os", machine, Dataflow::kOs);
  add("resnet50/edge16/ws", edge16_machine, Dataflow::kWs);
}

}  // namespace qsim::bench
