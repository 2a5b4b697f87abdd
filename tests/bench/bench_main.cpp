// main() of every benchmark.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdlib>

#include "tests/bench/registration.h"

namespace {

// glibc gives large blocks back to the kernel when they are freed, and a page touched for the first
// time costs a fault and the zeroing of 4 KiB, again for each machine. Kept by the process they
// cost it once: what the tool does first, too (sim/cli/main.cpp). QSIM_BENCH_DEFAULT_MALLOC=1 shows
// the difference.
void keep_freed_pages() {
  if (std::getenv("QSIM_BENCH_DEFAULT_MALLOC") != nullptr) return;
  constexpr int kAbovePlausible = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, kAbovePlausible);
  mallopt(M_TRIM_THRESHOLD, kAbovePlausible);
}

}  // namespace

int main(int argc, char** argv) {
  keep_freed_pages();
  benchmark::Initialize(&argc, argv);
  qsim::bench::register_benchmarks(argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
