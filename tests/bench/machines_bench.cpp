// How many machines per second one thread prices for ResNet-50: plan, emit, run, each from nothing.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

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
void price_machines(benchmark::State& state, MachineOf machine_of, Dataflow dataflow, bool fold,
                    const std::shared_ptr<size_t>& next_machine) {
  const CostFunction cost = fold ? segment_cycles : segment_cycles_unfolded;
  const IntegerNetwork network = resnet50_shapes();
  double plan_s = 0, emit_s = 0, run_s = 0, instructions = 0, folded = 0, cycles = 0;
  for (auto _ : state) {
    const Arch arch = machine_of(dataflow, (*next_machine)++);
    const double start = cpu_seconds();
    const Plan plan = make_plan(network, arch, cost);
    const double planned = cpu_seconds();
    const Program program = emit(network, arch, plan);
    const double emitted = cpu_seconds();
    int64_t jumped_over = 0;
    const RunResult result = run_analytic(program, {.fold = fold}, &jumped_over);
    run_s += cpu_seconds() - emitted;
    emit_s += emitted - planned;
    plan_s += planned - start;
    instructions += static_cast<double>(program.instructions.size());
    folded += static_cast<double>(jumped_over);
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
  state.counters["folded"] = mean(folded);
  state.counters["Mcycles"] = mean(1e-6 * cycles);
}

void add(const std::string& name, MachineOf machine_of, Dataflow dataflow) {
  for (const bool fold : {true, false}) {
    benchmark::RegisterBenchmark((name + (fold ? "" : "/unfolded")).c_str(), price_machines,
                                 machine_of, dataflow, fold, std::make_shared<size_t>(0))
        ->Unit(benchmark::kMillisecond)
        ->Iterations(kMachinesPerPass)
        ->MeasureProcessCPUTime();
  }
}

}  // namespace

void register_benchmarks(int, char**) {
  add("resnet50/list/ws", machine, Dataflow::kWs);
  add("resnet50/list/os", machine, Dataflow::kOs);
  add("resnet50/edge16/ws", edge16_machine, Dataflow::kWs);
}

}  // namespace qsim::bench
