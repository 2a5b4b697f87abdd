#include "sim/cli/evaluate.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include "compiler/float/executor.h"
#include "hw/spec/error.h"
#include "sim/cli/scorer.h"

namespace qsim::cli {
namespace {

// Scores all chunks, each worker with an engine of its own.
std::vector<ChunkScores> score_all(const Scorer& scorer, const Program& program,
                                   const EngineRow& engine, const FloatExecutor* floats,
                                   const EvaluateOptions& options) {
  const int64_t count = scorer.chunks();
  std::vector<ChunkScores> chunks(static_cast<size_t>(count));
  std::atomic<int64_t> next = 0, done = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto work = [&] {
    try {
      const std::unique_ptr<ValueEngine> values = engine.make_values(program);
      for (int64_t i; (i = next++) < count;) {
        chunks[static_cast<size_t>(i)] = scorer.score(i, *values, floats);
        const std::lock_guard lock(mutex);
        ++done;
        if (options.progress &&
            !options.progress(static_cast<double>(done) / static_cast<double>(count))) {
          next = count;
        }
      }
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  const int64_t wanted = engine.many_at_once ? std::max(1, options.threads) : 1;
  std::vector<std::thread> threads;
  try {
    for (int64_t i = 1; i < std::min(wanted, count); ++i) threads.emplace_back(work);
  } catch (const std::system_error&) {  // the system starts no more: those there do the work
  }
  work();
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
  return chunks;
}

Accuracy accuracy_of(const ChunkScores& sum, const Scorer& scorer, bool has_floats,
                     const Samples& samples) {
  Accuracy accuracy;
  accuracy.scored = scorer.scored();
  accuracy.calibration = static_cast<int64_t>(samples.calibrating.size());
  accuracy.calibration_from_data = samples.calibrates() && !samples.calibration;
  accuracy.seed = samples.options.seed;
  accuracy.wraps = sum.wraps;
  const auto share = [&](int64_t hits) {
    return static_cast<double>(hits) / static_cast<double>(accuracy.scored);
  };
  const bool has_top5 = scorer.classes() > 5;
  if (scorer.scores_labels()) {
    accuracy.top1 = share(sum.integer.top1);
    if (has_top5) accuracy.top5 = share(sum.integer.top5);
  }
  if (!has_floats) return accuracy;
  if (scorer.scores_labels()) {
    accuracy.float_top1 = share(sum.real.top1);
    if (has_top5) accuracy.float_top5 = share(sum.real.top5);
  }
  if (scorer.classes() > 0) accuracy.agreement = share(sum.agreements);
  accuracy.output_sqnr_db = sum.output.sqnr_db();
  for (const NoiseSum& layer : sum.layers) accuracy.layer_sqnr_db.push_back(layer.sqnr_db());
  return accuracy;
}

}  // namespace

Evaluation evaluate(const Program& program, const Graph* graph, const EngineRow& engine,
                    const Samples& samples, const EvaluateOptions& options) {
  const Scorer scorer(program, graph, samples, options.keep_outputs);
  std::unique_ptr<const FloatExecutor> floats;
  if (graph) floats = std::make_unique<FloatExecutor>(*graph);
  ChunkScores sum;
  for (const ChunkScores& chunk : score_all(scorer, program, engine, floats.get(), options)) {
    sum.add(chunk);
  }
  return {accuracy_of(sum, scorer, graph != nullptr, samples), std::move(sum.outputs),
          std::move(sum.timed)};
}

}  // namespace qsim::cli
