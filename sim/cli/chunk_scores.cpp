#include "sim/cli/chunk_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace qsim::cli {

void NoiseSum::add(std::span<const float> expected, std::span<const float> actual) {
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = double{actual[i]} - double{expected[i]};
    signal += double{expected[i]} * double{expected[i]};
    noise += difference * difference;
  }
  elements += static_cast<int64_t>(expected.size());
}

NoiseSum& NoiseSum::operator+=(const NoiseSum& other) {
  signal += other.signal;
  noise += other.noise;
  elements += other.elements;
  return *this;
}

std::optional<double> NoiseSum::sqnr_db() const {
  if (elements == 0) return std::nullopt;
  if (noise == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

int64_t argmax(std::span<const float> scores) {
  return std::max_element(scores.begin(), scores.end()) - scores.begin();
}

void HitCount::add(std::span<const float> scores, int64_t label) {
  const float own = scores[static_cast<size_t>(label)];
  int64_t before = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    before += scores[i] > own || (scores[i] == own && static_cast<int64_t>(i) < label);
  }
  top1 += before < 1;
  top5 += before < 5;
}

void ChunkScores::add(const ChunkScores& other) {
  integer.top1 += other.integer.top1;
  integer.top5 += other.integer.top5;
  real.top1 += other.real.top1;
  real.top5 += other.real.top5;
  agreements += other.agreements;
  wraps += other.wraps;
  output += other.output;
  if (timed.timing.empty()) timed = other.timed;
  layers.resize(std::max(layers.size(), other.layers.size()));
  for (size_t i = 0; i < other.layers.size(); ++i) layers[i] += other.layers[i];
  if (outputs.empty()) {
    outputs = other.outputs;
    return;
  }
  for (size_t i = 0; i < other.outputs.size(); ++i) {
    outputs[i].shape[0] += other.outputs[i].shape[0];
    outputs[i].bytes.insert(outputs[i].bytes.end(), other.outputs[i].bytes.begin(),
                            other.outputs[i].bytes.end());
  }
}

}  // namespace qsim::cli
