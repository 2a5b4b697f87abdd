// What each <topic>_bench.cpp defines for bench_main.cpp.
#pragma once

namespace qsim::bench {

// Registers the benchmarks of this executable. argv: what Google Benchmark left of the command
// line, argv[0] included.
void register_benchmarks(int argc, char** argv);

}  // namespace qsim::bench
