// What one chunk of samples contributes to an evaluation; sums that are added in the order of
// chunks.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/engines/engine.h"

namespace qsim::cli {

// Sums over elements for 10 log10(signal / noise).
struct NoiseSum {
  double signal = 0, noise = 0;
  int64_t elements = 0;

  void add(std::span<const float> expected, std::span<const float> actual);
  NoiseSum& operator+=(const NoiseSum& other);
  std::optional<double> sqnr_db() const;  // absent without elements, infinite without noise
};

// Hits of one network (integer or float) on the samples seen so far.
struct HitCount {
  int64_t top1 = 0, top5 = 0;

  // `scores` of one sample. A tie goes to the smaller class.
  void add(std::span<const float> scores, int64_t label);
};

struct ChunkScores {
  HitCount integer, real;
  int64_t agreements = 0;
  int64_t wraps = 0;
  NoiseSum output;
  std::vector<NoiseSum> layers;  // parallel to the network's layers
  std::vector<Tensor> outputs;   // per network output, when they are kept
  RunResult timed;               // of the first batch, by a timed engine

  // Chunks must be added in order: outputs are appended, and the first `timed` stays.
  void add(const ChunkScores& other);
};

// Index of the greatest, the first of equals.
int64_t argmax(std::span<const float> scores);

}  // namespace qsim::cli
