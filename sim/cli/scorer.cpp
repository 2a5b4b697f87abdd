#include "sim/cli/scorer.h"

#include <algorithm>

#include "hw/spec/error.h"
#include "sim/cli/layout.h"

namespace qsim::cli {
namespace {

constexpr int64_t kChunkBytes = int64_t{64} << 20;  // of float activations kept for comparison
constexpr int64_t kMaxChunkBatches = 16;
constexpr int64_t kCacheBytes = int64_t{1} << 20;  // of the largest feature map: a level-2 cache's

}  // namespace

Scorer::Scorer(const Program& program, const Graph* graph, const Samples& samples,
               bool keep_outputs)
    : network_(program.network), graph_(graph), samples_(samples), keep_outputs_(keep_outputs) {
  const std::string& path = samples.data->path;
  if (network_.inputs.size() != 1) {
    throw Error(path + ": the network has " + std::to_string(network_.inputs.size()) +
                " inputs; --data feeds one");
  }
  batch_ = input().onnx_shape.empty() ? 1 : input().onnx_shape[0];
  batches_ = static_cast<int64_t>(samples.scored.size()) / batch_;
  if (batches_ == 0) {
    throw Error(path + ": " + std::to_string(samples.scored.size()) +
                " samples to score do not fill a batch of " + std::to_string(batch_));
  }
  if (output().h == 1 && output().w == 1 && output().elements() > batch_) {
    classes_ = output().elements() / batch_;
  }
  if (scores_labels()) check_labels();
  if (graph_) find_float_values();
  chunk_batches_ = choose_chunk();
}

ChunkScores Scorer::score(int64_t chunk, ValueEngine& engine, const FloatExecutor* floats) const {
  const int64_t first = chunk * chunk_batches_;
  const int64_t count = std::min(chunk_batches_, batches_ - first);
  const auto begin = samples_.scored.begin() + first * batch_;
  const std::vector<int64_t> indices(begin, begin + count * batch_);
  const Tensor onnx = samples_for(*samples_.data, indices, input().onnx_shape);

  ChunkScores scores;
  scores.layers.resize(network_.layers.size());
  FloatChunk expected;
  BatchObserver observer;
  if (floats) {
    expected = run_floats(*floats, onnx);
    observer = [&](LayerId layer, int64_t first_batch, const Tensor& layer_output) {
      compare_layer(layer, first_batch, layer_output, expected, scores);
    };
  }
  ValueResult result = engine.run({to_engine(input(), onnx)}, observer);
  scores.wraps = result.wraps;
  if (chunk == 0) scores.timed = std::move(result.timed);
  score_outputs(indices, result, expected, scores);
  return scores;
}

void Scorer::check_labels() const {
  const std::vector<int64_t>& labels = samples_.data->dataset.y;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= 0 && labels[i] < classes_) continue;
    throw Error(samples_.data->path + ": y[" + std::to_string(i) +
                "] = " + std::to_string(labels[i]) + " is outside [0, " +
                std::to_string(classes_ - 1) + "], the classes of the network's output");
  }
}

void Scorer::find_float_values() {
  std::map<std::string, ValueId> ids;
  for (size_t v = 0; v < graph_->values.size(); ++v) {
    if (!graph_->values[v].is_constant) ids[graph_->values[v].name] = static_cast<ValueId>(v);
  }
  for (size_t i = 0; i < network_.layers.size(); ++i) {
    const NetTensor& tensor = network_.tensor(network_.layers[i].output);
    const auto found = ids.find(tensor.name);
    if (found != ids.end() &&
        element_count(graph_->value(found->second).shape) == tensor.elements()) {
      layers_of_value_[found->second].push_back(i);
    }
  }
}

int64_t Scorer::choose_chunk() const {
  int64_t bytes = 1;
  for (const auto& [value, layers] : layers_of_value_) {
    bytes += 4 * element_count(graph_->value(value).shape);
  }
  int64_t largest = 1;
  for (const NetTensor& tensor : network_.tensors) largest = std::max(largest, tensor.elements());
  return std::clamp<int64_t>(std::min(kChunkBytes / bytes, kCacheBytes / largest), 1,
                             kMaxChunkBatches);
}

Scorer::FloatChunk Scorer::run_floats(const FloatExecutor& floats, const Tensor& onnx) const {
  FloatChunk chunk;
  chunk.layers.resize(network_.layers.size());
  const auto observer = [&](ValueId id, const Shape&, std::span<const float> values) {
    const auto found = layers_of_value_.find(id);
    if (found == layers_of_value_.end()) return;
    for (size_t layer : found->second) {
      chunk.layers[layer].insert(chunk.layers[layer].end(), values.begin(), values.end());
    }
  };
  chunk.output = floats.run({onnx}, observer).at(0).as_floats();
  if (const CodeScale* scale = floats.code_scale(graph_->outputs[0])) {
    for (float& value : chunk.output) value = scale->scale * (value - scale->zero_point);
  }
  return chunk;
}

void Scorer::compare_layer(LayerId id, int64_t first_batch, const Tensor& layer_output,
                           const FloatChunk& expected, ChunkScores& scores) const {
  const auto layer = static_cast<size_t>(id);
  const std::vector<float>& floats = expected.layers[layer];
  if (floats.empty()) return;
  const NetTensor& tensor = network_.tensor(network_.layers[layer].output);
  const std::vector<float> reals = reals_of(tensor, layer_output);
  const auto offset = static_cast<size_t>(first_batch * tensor.elements());
  scores.layers[layer].add(std::span(floats).subspan(offset, reals.size()), reals);
}

void Scorer::score_outputs(const std::vector<int64_t>& indices, const ValueResult& result,
                           const FloatChunk& expected, ChunkScores& scores) const {
  const std::vector<float> reals = reals_of(output(), result.outputs[0]);
  const bool has_floats = expected.output.size() == reals.size();
  if (has_floats) scores.output.add(expected.output, reals);
  const auto classes = static_cast<size_t>(classes_);
  for (size_t i = 0; i < indices.size() && classes > 0; ++i) {
    const auto integer = std::span(reals).subspan(i * classes, classes);
    const auto real = has_floats ? std::span(expected.output).subspan(i * classes, classes)
                                 : std::span<const float>();
    if (has_floats) scores.agreements += argmax(integer) == argmax(real);
    if (!scores_labels()) continue;
    const int64_t label = samples_.data->dataset.y[static_cast<size_t>(indices[i])];
    scores.integer.add(integer, label);
    if (has_floats) scores.real.add(real, label);
  }
  for (size_t i = 0; i < result.outputs.size() && keep_outputs_; ++i) {
    scores.outputs.push_back(from_engine(network_.tensor(network_.outputs[i]), result.outputs[i]));
  }
}

}  // namespace qsim::cli
