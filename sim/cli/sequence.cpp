#include "sim/cli/sequence.h"

#include <algorithm>
#include <map>

#include "compiler/float/executor.h"
#include "compiler/passes/quantize.h"
#include "sim/cli/layout.h"
#include "sim/engines/reference/reference_engine.h"

namespace qsim::cli {
namespace {

constexpr int64_t kMostSamples = 256;

// How many convolutions lie on the longest way to each layer, itself included.
std::vector<int> depths_of(const IntegerNetwork& network) {
  std::vector<int> of_tensor(network.tensors.size(), 0), depths;
  for (const Layer& layer : network.layers) {
    int depth = 0;
    for (TensorId id : layer.inputs) depth = std::max(depth, of_tensor[static_cast<size_t>(id)]);
    depth += layer.op == LayerOp::kConv;
    of_tensor[static_cast<size_t>(layer.output)] = depth;
    depths.push_back(depth);
  }
  return depths;
}

// The layers up to the last one that makes one of `tensors`, which become its outputs.
IntegerNetwork head_of(const IntegerNetwork& network, const std::vector<TensorId>& tensors) {
  IntegerNetwork head = network;
  head.outputs = tensors;
  size_t end = 0;
  for (size_t i = 0; i < network.layers.size(); ++i) {
    if (std::count(tensors.begin(), tensors.end(), network.layers[i].output) != 0) end = i + 1;
  }
  head.layers.resize(end);
  return head;
}

class Sequence {
 public:
  Sequence(const Graph& graph, const Recipe& recipe, const CalibrationResult& calibration,
           const Samples& samples, RequantMode mode)
      : expanded_(expand_sums(graph)),
        graph_(expanded_ ? *expanded_ : graph),
        recipe_(recipe),
        calibration_(calibration),
        samples_(samples),
        mode_(mode),
        floats_(graph_) {
    for (ProductInput& product : find_products(graph_)) {
      products_.emplace(product.layer, std::move(product));
    }
    network_ = quantized({});
  }

  Recipe run(const Progress& progress) {
    if (!network_.has_values) return recipe_;
    const std::vector<int> depths = depths_of(network_);
    const int last = *std::max_element(depths.begin(), depths.end());
    for (int depth = 1; depth <= last; ++depth) {
      std::vector<size_t> layers;
      for (size_t i = 0; i < depths.size(); ++i) {
        if (depths[i] == depth && network_.layers[i].op == LayerOp::kConv) layers.push_back(i);
      }
      fit(layers);
      progress(static_cast<double>(depth) / last);
    }
    return std::move(recipe_);
  }

 private:
  IntegerNetwork quantized(std::map<std::string, InputMoments> moments) const {
    CalibrationResult calibration;
    calibration.ranges = calibration_.ranges;
    calibration.averages = calibration_.averages;
    calibration.histograms = calibration_.histograms;
    calibration.moments = std::move(moments);
    return quantize(graph_, {.calibration = &calibration, .recipe = &recipe_});
  }

  // The product of a layer whose input is a value that the float network computes; or null.
  const ProductInput* product_of(const Layer& layer) const {
    const auto found = products_.find(layer.name);
    if (found == products_.end()) return nullptr;
    const NetTensor& input = network_.tensor(layer.inputs[0]);
    const Value& value = graph_.value(found->second.value);
    const bool is_same = value.name == input.name && element_count(value.shape) == input.elements();
    return is_same ? &found->second : nullptr;
  }

  void fit(const std::vector<size_t>& layers) {
    std::map<std::string, InputMoments> moments;
    std::vector<const Layer*> paired;
    for (size_t i : layers) {
      const Layer& layer = network_.layers[i];
      const auto found = calibration_.moments.find(layer.name);
      if (found == calibration_.moments.end()) continue;  // nothing to fit, as for affine layers
      if (product_of(layer) != nullptr) {
        paired.push_back(&layer);
      } else {
        moments.insert(*found);
      }
    }
    if (!paired.empty()) measure(paired, moments);
    IntegerNetwork fitted = quantized(std::move(moments));
    for (size_t i : layers) {
      Layer &to = network_.layers[i], &from = fitted.layers[i];
      to.weights = std::move(from.weights);
      to.weight_scale = std::move(from.weight_scale);
      to.bias = std::move(from.bias);
      if (calibration_.moments.contains(to.name)) state(to);
    }
  }

  void state(const Layer& layer) {
    StatedWeights& stated = recipe_.weights_of[layer.name];
    stated = {layer.weights, layer.weight_scale, {}};
    for (size_t o = 0; o < layer.bias.size(); ++o)
      stated.bias.push_back(layer.bias[o] * double{network_.tensor(layer.inputs[0]).quant.scale} *
                            double{layer.weight_scale[o]});
  }

  void measure(const std::vector<const Layer*>& layers,
               std::map<std::string, InputMoments>& moments) const {
    std::vector<TensorId> tensors;
    std::vector<ValueId> values;
    for (const Layer* layer : layers) {
      tensors.push_back(layer->inputs[0]);
      values.push_back(product_of(*layer)->value);
    }
    const IntegerNetwork head = head_of(network_, tensors);
    ReferenceEngine engine(head, {.mode = mode_});
    const NetTensor& input = head.tensor(head.inputs[0]);
    const int64_t batch = input.onnx_shape.empty() ? 1 : input.onnx_shape[0];
    const auto batches = static_cast<int64_t>(samples_.calibrating.size()) / batch;
    const int64_t count = std::clamp<int64_t>(kMostSamples / batch, 1, batches);
    for (int64_t k = 0; k < count; ++k) {
      const auto first = samples_.calibrating.begin() + k * batches / count * batch;
      const Tensor onnx =
          samples_for(samples_.calibration_file(), {first, first + batch}, input.onnx_shape);
      std::map<ValueId, std::vector<float>> real;
      floats_.run({onnx}, [&](ValueId id, const Shape&, std::span<const float> seen) {
        if (std::count(values.begin(), values.end(), id) != 0)
          real[id] = {seen.begin(), seen.end()};
      });
      const std::vector<Tensor> rounded = engine.run({to_engine(input, onnx)});
      for (size_t i = 0; i < layers.size(); ++i) {
        moments[layers[i]->name].add_pair(*product_of(*layers[i]),
                                          reals_of(head.tensor(tensors[i]), rounded[i]),
                                          real.at(values[i]), recipe_.needs().products);
      }
    }
  }

  const std::unique_ptr<const Graph> expanded_;  // null when the graph needs no expansion
  const Graph& graph_;
  Recipe recipe_;
  const CalibrationResult& calibration_;
  const Samples& samples_;
  const RequantMode mode_;
  const FloatExecutor floats_;
  std::map<std::string, ProductInput> products_;  // by Layer::name
  IntegerNetwork network_;                        // fitted as far as run() has come
};

}  // namespace

Recipe fit_in_sequence(const Graph& graph, const Recipe& recipe,
                       const CalibrationResult& calibration, const Samples& samples,
                       RequantMode mode, const Progress& progress) {
  return Sequence(graph, recipe, calibration, samples, mode).run(progress);
}

}  // namespace qsim::cli
