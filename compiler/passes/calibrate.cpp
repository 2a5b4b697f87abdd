#include "compiler/passes/calibrate.h"

#include <algorithm>
#include <cmath>

#include "hw/spec/error.h"
#include "hw/spec/packing.h"

namespace qsim {

namespace {

constexpr double kDecay = 0.99;  // of the weight of a batch in a moving average

// Of two shapes that are known to broadcast.
Shape broadcast_shape(Shape a, Shape b) {
  if (a.size() < b.size()) a.swap(b);
  const size_t lead = a.size() - b.size();
  for (size_t i = 0; i < b.size(); ++i) a[lead + i] = std::max(a[lead + i], b[i]);
  return a;
}

}  // namespace

Calibrator::Calibrator(const Graph& graph, const CalibrationNeeds& needs)
    : expanded_(expand_sums(graph)), needs_(needs) {
  if (needs.means || needs.products) products_ = find_products(expanded_ ? *expanded_ : graph);
  executor_ = std::make_unique<const FloatExecutor>(expanded_ ? *expanded_ : graph);
}

Calibrator::~Calibrator() = default;

void Calibrator::observe(const std::vector<Tensor>& inputs) {
  const Graph& graph = executor_->graph();
  executor_->run(inputs, [&](ValueId id, const Shape&, std::span<const float> values) {
    if (values.empty()) return;
    // Sums propagate infinities and NaN, so one pass finds range and trouble.
    float low = values[0], high = values[0], probe = 0;
    for (float v : values) {
      low = std::min(low, v);
      high = std::max(high, v);
      probe += v - v;
    }
    if (probe != 0 || std::isnan(probe)) {
      throw Error("calibration: value " + graph.value(id).name + " is infinite or not a number");
    }
    const auto [range, is_new] = result_.ranges.try_emplace(id, Range{low, high});
    range->second = {std::min(range->second.low, low), std::max(range->second.high, high)};
    // The mean so far has the weight w = 1 + d + d^2 + ..., the new value 1.
    double& weight = weights_[id];
    const double before = kDecay * weight;
    weight = before + 1;
    Range& mean = result_.averages[id];
    mean = {static_cast<float>((before * double{mean.low} + double{low}) / weight),
            static_cast<float>((before * double{mean.high} + double{high}) / weight)};
    if (needs_.histograms) result_.histograms[id].add(values);
    for (const ProductInput& product : products_) {
      if (product.value == id) result_.moments[product.layer].add(product, values, needs_.products);
    }
  });
  if (!inputs.empty() && !inputs[0].shape.empty()) result_.samples += inputs[0].shape[0];
}

std::unique_ptr<const Graph> expand_sums(const Graph& graph) {
  const bool needed = std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return node.op == "Sum" && node.inputs.size() > 2;
  });
  if (!needed) return nullptr;
  auto result = std::make_unique<Graph>(graph);
  result->nodes.clear();
  for (const Node& node : graph.nodes) {
    if (node.op != "Sum" || node.inputs.size() <= 2) {
      result->nodes.push_back(node);
      continue;
    }
    ValueId sum = node.inputs[0];
    for (size_t i = 1; i < node.inputs.size(); ++i) {
      const bool last = i + 1 == node.inputs.size();
      Node add = node;
      add.op = "Add";
      add.inputs = {sum, node.inputs[i]};
      if (!last) {
        add.name += ":" + std::to_string(i + 1);
        Value partial = graph.value(node.outputs[0]);
        partial.name += ":" + std::to_string(i + 1);
        partial.shape =
            broadcast_shape(result->value(sum).shape, graph.value(node.inputs[i]).shape);
        result->values.push_back(partial);
        add.outputs = {static_cast<ValueId>(result->values.size()) - 1};
      }
      sum = add.outputs[0];
      result->nodes.push_back(add);
    }
  }
  result->link();
  return result;
}

double power_of_two_above(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // in [1/2, 1)
  return std::ldexp(1.0, fraction == 0.5 ? exponent - 1 : exponent);
}

Quantization quantization_of(Range range, int32_t bits, ScaleForm form) {
  const auto least = static_cast<float>(lowest_code(bits)),
             most = static_cast<float>(highest_code(bits));
  const float low = std::min(range.low, 0.0f), high = std::max(range.high, 0.0f);
  float scale = form.is_symmetric ? std::max(-low, high) / most : (high - low) / (most - least);
  if (!std::isfinite(scale))
    throw Error("calibration: a range of [" + std::to_string(low) + ", " + std::to_string(high) +
                "] is too wide for float32");
  constexpr float kLeast = 1e-30f;  // keeps ratios of scales inside float32
  if (scale < kLeast) return {1.0f, 0};
  if (form.is_power_of_two) scale = static_cast<float>(power_of_two_above(double{scale}));
  if (form.is_symmetric) return {scale, 0};
  const float zero = std::clamp(std::rint(least - low / scale), least, most);
  return {scale, static_cast<int32_t>(zero)};
}

}  // namespace qsim
