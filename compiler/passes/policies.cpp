#include <algorithm>
#include <vector>

#include "compiler/passes/recipe.h"

namespace qsim {
namespace {

template <typename T>
void take(std::optional<T>& to, const std::optional<T>& from) {
  if (!to) to = from;
}

class Policies {
 public:
  Policies(const Flow& flow, const SharedQuantization& shared, const Recipe& recipe,
           const Lowered& lowered)
      : flow_(flow), shared_(shared), lowered_(lowered), result_(recipe) {}

  Recipe run() {
    const std::vector<Layer>& layers = lowered_.network.layers;
    // Whether a layer with weights lies before, or after, a tensor.
    std::vector<bool> before(lowered_.network.tensors.size(), false), after = before;
    for (size_t i = 0; i < layers.size(); ++i) {
      bool has_before = false;
      for (TensorId id : layers[i].inputs) has_before = has_before || before[at(id)];
      if (has_weights(i) && !has_before) apply(result_.first, i);
      before[at(layers[i].output)] = has_before || has_weights(i);
    }
    for (size_t i = layers.size(); i-- > 0;) {
      const bool has_after = after[at(layers[i].output)];
      if (has_weights(i) && !has_after) apply(result_.last, i);
      for (TensorId id : layers[i].inputs)
        after[at(id)] = after[at(id)] || has_after || has_weights(i);
    }
    result_.first = result_.last = {};
    return std::move(result_);
  }

 private:
  static size_t at(TensorId id) { return static_cast<size_t>(id); }

  const Op* op_of(size_t layer) const {
    const int32_t op = lowered_.origins[layer].op;
    return op < 0 ? nullptr : &flow_.ops[static_cast<size_t>(op)];
  }
  bool has_weights(size_t layer) const {
    const Op* op = op_of(layer);
    return op != nullptr && lowered_.network.layers[layer].op == LayerOp::kConv &&
           op->kind != OpKind::kAffine;
  }
  bool is_open(TensorId id) const {
    const auto edge = static_cast<size_t>(lowered_.edges[at(id)]);
    return !lowered_.network.tensor(id).is_float &&
           !shared_.form[static_cast<size_t>(shared_.group[edge])];
  }

  void apply(const LayerBits& policy, size_t i) {
    if (policy == LayerBits{}) return;
    const Layer& layer = lowered_.network.layers[i];
    LayerBits& bits = result_.layers[layer.name];
    if (!op_of(i)->weight.is_codes) {
      take(bits.weights, policy.weights);
      take(bits.is_per_tensor, policy.is_per_tensor);
      take(bits.is_mse, policy.is_mse);
      take(bits.corrects_bias, policy.corrects_bias);
      take(bits.rounding, policy.rounding);
    }
    if (std::any_of(layer.inputs.begin(), layer.inputs.end(),
                    [&](TensorId id) { return is_open(id); })) {
      take(bits.activations, policy.activations);
      take(bits.calibrator, policy.calibrator);
    }
  }

  const Flow& flow_;
  const SharedQuantization& shared_;
  const Lowered& lowered_;
  Recipe result_;
};

}  // namespace

Recipe with_policies(const Flow& flow, const SharedQuantization& shared, const Recipe& recipe,
                     const Lowered& lowered) {
  return Policies(flow, shared, recipe, lowered).run();
}

}  // namespace qsim
