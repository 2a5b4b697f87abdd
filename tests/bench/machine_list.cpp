#include "tests/bench/machine_list.h"

#include <random>
#include <string>

namespace qsim::bench {
namespace {

constexpr uint32_t kSeed = 20261;
constexpr int32_t kFirstLatencyCycles = 40;

template <typename T, size_t kCount>
T pick(std::mt19937& random, const T (&values)[kCount]) {
  // Not std::uniform_int_distribution: its sequence differs between libraries.
  return values[random() % kCount];
}

}  // namespace

Arch machine(Dataflow dataflow, size_t index) {
  std::mt19937 random(kSeed + static_cast<uint32_t>(index % kMachinesPerPass));
  const int32_t sides[] = {8, 12, 16, 20, 24, 32, 48, 64};
  const int32_t buses[] = {16, 32, 64};
  Arch arch;
  arch.name = "bench" + std::to_string(index);
  arch.array.dataflow = dataflow;
  arch.array.rows = pick(random, sides);
  arch.array.cols = pick(random, sides);
  arch.buffers.act_kib = pick(random, {128, 192, 256, 384, 512, 1024});
  arch.buffers.weight_kib = pick(random, {64, 96, 128, 256, 512});
  arch.buffers.acc_entries = pick(random, {512, 1024, 2048, 4096});
  arch.vector.lanes = arch.array.cols;
  arch.memory.bus_bytes = pick(random, buses);
  const double share = pick(random, {0.25, 0.4, 0.5, 0.75, 1.0});
  arch.memory.bytes_per_cycle = share * arch.memory.bus_bytes;
  arch.memory.latency_cycles = kFirstLatencyCycles + static_cast<int32_t>(index / kMachinesPerPass);
  arch.check();
  return arch;
}

Arch edge16_machine(Dataflow dataflow, size_t index) {
  Arch arch;
  arch.array.dataflow = dataflow;
  arch.memory.latency_cycles = kFirstLatencyCycles + static_cast<int32_t>(index % kMachinesPerPass);
  arch.host.step_cycles += static_cast<int32_t>(index / kMachinesPerPass);
  arch.check();
  return arch;
}

}  // namespace qsim::bench
