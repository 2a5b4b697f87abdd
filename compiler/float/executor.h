// Runs a Graph in float32: what calibration measures and what quantized results are compared with.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "compiler/graph.h"

namespace qsim {

// Scale and zero point of a value whose elements are codes: real = scale * (code - zero_point).
struct CodeScale {
  float scale = 1.0f;
  float zero_point = 0.0f;
};

// Every operator that the importer accepts, in the meaning that ONNX gives it. QuantizeLinear
// yields codes (held as float32, exact) and DequantizeLinear reals, so that a QDQ file runs as the
// fake quantization it describes; QLinear operators compute on the integers that their codes stand
// for and round once, as onnxruntime does. Sums are float32, in an order that depends on neither
// processor nor batch: the same input always gives the same bits.
class FloatExecutor {
 public:
  // Called with every activation that a node produces, and every graph input, once per sample batch
  // of the graph. `values` are reals: codes with a known per-tensor scale arrive dequantized. They
  // are valid during the call only.
  using Observer =
      std::function<void(ValueId id, const Shape& shape, std::span<const float> values)>;

  // `graph` must outlive the executor. Evaluates what depends on constants alone, once.
  // Throws Error that names every operator it does not know.
  explicit FloatExecutor(const Graph& graph);
  ~FloatExecutor();

  // One tensor per graph input, any numeric type; the first dimension may be a multiple k of the
  // graph's, with k sample batches run one after the other. Returns float32 per graph output, first
  // dimension k times the graph's; an output of codes holds the codes.
  // Memory: the live activations of one sample batch. May be called from several threads at once.
  // Throws Error when a shape does not fit.
  std::vector<Tensor> run(const std::vector<Tensor>& inputs, const Observer& observer = {}) const;

  // Scale of a value that holds codes; nullptr for reals and for codes of unknown or per-channel
  // scale.
  const CodeScale* code_scale(ValueId id) const;

  const Graph& graph() const { return graph_; }

 private:
  struct State;
  const Graph& graph_;
  std::unique_ptr<const State> state_;
};

}  // namespace qsim
