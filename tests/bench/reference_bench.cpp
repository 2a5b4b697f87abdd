// Samples per second of the reference engine on ResNet-8, one thread, by batch.
#include <benchmark/benchmark.h>

#include "sim/engines/reference/reference_engine.h"
#include "tests/bench/registration.h"
#include "tests/support/engines.h"
#include "tests/support/network_builder.h"

namespace qsim::bench {
namespace {

constexpr uint32_t kSeed = 1;

// `count` copies of one random sample, one after the other.
Tensor repeated(const Tensor& sample, int64_t count) {
  Shape shape = sample.shape;
  shape[0] *= count;
  Tensor batch(sample.type, shape);
  for (int64_t i = 0; i < count; ++i) {
    std::copy(sample.bytes.begin(), sample.bytes.end(),
              batch.bytes.begin() + i * static_cast<int64_t>(sample.bytes.size()));
  }
  return batch;
}

void infer(benchmark::State& state) {
  const IntegerNetwork network = resnet8(kSeed);
  const std::vector<Tensor> inputs = {repeated(random_inputs(network, kSeed)[0], state.range(0))};
  ReferenceEngine engine(network);
  for (auto _ : state) benchmark::DoNotOptimize(engine.run(inputs));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

}  // namespace

void register_benchmarks(int, char**) {
  benchmark::RegisterBenchmark("resnet8/batch", infer)
      ->RangeMultiplier(16)
      ->Range(1, 256)
      ->Unit(benchmark::kMillisecond)
      ->MeasureProcessCPUTime();
}

}  // namespace qsim::bench
