// ONNX file -> Graph -> IntegerNetwork, per file: the bundled models, what
// models/generate_topologies.py exported to models/generated, and any path on the command line.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "compiler/onnx/import.h"
#include "compiler/passes/quantize.h"
#include "tests/bench/registration.h"

namespace qsim::bench {
namespace {

void import_file(benchmark::State& state, const std::string& path, bool reads_weights) {
  const ImportOptions options{
      .batch = 1, .input_shapes = {}, .reads_weights = reads_weights, .input_values = {}};
  for (auto _ : state) benchmark::DoNotOptimize(import_onnx(path, options));
  state.counters["file_MB"] = 1e-6 * static_cast<double>(std::filesystem::file_size(path));
}

void quantize_file(benchmark::State& state, const std::string& path) {
  const Graph graph = import_onnx(path);
  for (auto _ : state) benchmark::DoNotOptimize(quantize(graph));
}

void add(const std::filesystem::path& path) {
  const std::string stem = path.stem().string(), text = path.string();
  const auto finish = [](benchmark::internal::Benchmark* benchmark) {
    benchmark->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();
  };
  finish(benchmark::RegisterBenchmark(("import/" + stem).c_str(), import_file, text, true));
  finish(benchmark::RegisterBenchmark(("import/" + stem + "/shapes").c_str(), import_file, text,
                                      false));
  finish(benchmark::RegisterBenchmark(("quantize/" + stem).c_str(), quantize_file, text));
}

void add_folder(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) return;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".onnx") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  for (const std::filesystem::path& path : paths) add(path);
}

}  // namespace

void register_benchmarks(int argc, char** argv) {
  const std::filesystem::path models = std::filesystem::path(QSIM_SOURCE_DIR) / "models";
  add_folder(models);
  add_folder(models / "generated");
  for (int i = 1; i < argc; ++i) add(argv[i]);
}

}  // namespace qsim::bench
