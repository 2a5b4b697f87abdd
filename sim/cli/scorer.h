// Scores chunks of samples: runs the integer network and the float network side by side and
// compares.
#pragma once

#include <map>
#include <vector>

#include "compiler/float/executor.h"
#include "compiler/graph.h"
#include "sim/cli/chunk_scores.h"
#include "sim/cli/engines.h"
#include "sim/cli/samples.h"

namespace qsim::cli {

// What all chunks share; score() may be called from several threads, each with an engine of its
// own.
class Scorer {
 public:
  // `graph` is null when there is no float network to compare with. Everything must outlive the
  // scorer. Throws Error when the samples do not fit the network's input, or labels its classes.
  Scorer(const Program& program, const Graph* graph, const Samples& samples, bool keep_outputs);

  // Samples are cut into chunks whose size depends on the network alone.
  int64_t chunks() const { return (batches_ + chunk_batches_ - 1) / chunk_batches_; }
  int64_t scored() const { return batches_ * batch_; }
  int64_t classes() const { return classes_; }  // 0: the network is no classifier
  bool scores_labels() const { return classes_ > 0 && !samples_.data->dataset.y.empty(); }

  ChunkScores score(int64_t chunk, ValueEngine& engine, const FloatExecutor* floats) const;

 private:
  // Float activations of a chunk's batches, by layer of the integer network; empty where the layer
  // stands for no value of the graph.
  struct FloatChunk {
    std::vector<std::vector<float>> layers;
    std::vector<float> output;
  };

  const NetTensor& input() const { return network_.tensor(network_.inputs[0]); }
  const NetTensor& output() const { return network_.tensor(network_.outputs[0]); }
  void check_labels() const;
  void find_float_values();
  int64_t choose_chunk() const;
  FloatChunk run_floats(const FloatExecutor& floats, const Tensor& onnx) const;
  void compare_layer(LayerId id, int64_t first_batch, const Tensor& output,
                     const FloatChunk& expected, ChunkScores& scores) const;
  void score_outputs(const std::vector<int64_t>& indices, const ValueResult& result,
                     const FloatChunk& expected, ChunkScores& scores) const;

  const IntegerNetwork& network_;
  const Graph* graph_;
  const Samples& samples_;
  bool keep_outputs_;
  int64_t batch_ = 1, batches_ = 0, classes_ = 0, chunk_batches_ = 1;
  std::map<ValueId, std::vector<size_t>> layers_of_value_;
};

}  // namespace qsim::cli
