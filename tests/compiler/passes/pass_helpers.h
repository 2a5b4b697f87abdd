// From a hand-made ONNX model to an integer network, and how far its results are from the float
// network's.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "compiler/float/executor.h"
#include "compiler/passes/quantize.h"
#include "sim/engines/reference/reference_engine.h"
#include "tests/compiler/onnx/import_helpers.h"

namespace qsim::test {

inline Tensor random_tensor(const Shape& shape, uint32_t seed, float low = -1, float high = 1) {
  std::mt19937 random(seed);
  Tensor tensor(DataType::kFloat, shape);
  for (int64_t i = 0; i < tensor.size(); ++i) {
    tensor.data<float>()[i] = low + (high - low) * static_cast<float>(random() >> 8) * 0x1p-24f;
  }
  return tensor;
}

// ONNX element that each NHWC element of a tensor is.
inline std::vector<int64_t> onnx_positions(const NetTensor& t) {
  const std::string axes = "nhwc";
  const int64_t extent[4] = {t.n, t.h, t.w, t.c};
  int64_t stride[4], size = 1;
  for (size_t i = 4; i-- > 0;) {
    const size_t axis = axes.find(t.onnx_order[i]) & 3;
    stride[axis] = size;
    size *= extent[axis];
  }
  std::vector<int64_t> positions;
  for (int64_t n = 0; n < t.n; ++n)
    for (int64_t h = 0; h < t.h; ++h)
      for (int64_t w = 0; w < t.w; ++w)
        for (int64_t c = 0; c < t.c; ++c)
          positions.push_back(n * stride[0] + h * stride[1] + w * stride[2] + c * stride[3]);
  return positions;
}

// An engine's tensor (one batch) as reals in ONNX order.
inline std::vector<float> reals_of(const NetTensor& t, const Tensor& nhwc) {
  const std::vector<int64_t> positions = onnx_positions(t);
  const std::vector<float> values = nhwc.as_floats();
  std::vector<float> reals(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const float v = t.is_float
                        ? values[i]
                        : (values[i] - static_cast<float>(t.quant.zero_point)) * t.quant.scale;
    reals[static_cast<size_t>(positions[i])] = v;
  }
  return reals;
}

// An ONNX input as the engine takes it.
inline Tensor engine_input(const NetTensor& t, const Tensor& onnx) {
  const std::vector<int64_t> positions = onnx_positions(t);
  const std::vector<float> values = onnx.as_floats();
  Tensor result(t.is_float ? DataType::kFloat : DataType::kInt8, {t.n, t.h, t.w, t.c});
  for (size_t i = 0; i < positions.size(); ++i) {
    const float v = values[static_cast<size_t>(positions[i])];
    if (t.is_float) {
      result.data<float>()[i] = v;
    } else {
      result.data<int8_t>()[i] = static_cast<int8_t>(v - static_cast<float>(t.onnx_offset));
    }
  }
  return result;
}

// Values of every tensor of the network that has an ONNX value: by the reference engine (quantized)
// and by the float executor.
struct Comparison {
  IntegerNetwork network;
  std::map<std::string, std::vector<float>> integer, real;

  // Greatest difference of a value from the float network's, in steps of its scale (network
  // outputs: of the codes behind them).
  double worst_steps(const std::string& name) const {
    double scale = 0, worst = 0;
    for (const Layer& layer : network.layers) {
      if (network.tensor(layer.output).name != name) continue;
      const bool codes = !network.tensor(layer.output).is_float;
      scale = network.tensor(codes ? layer.output : layer.inputs[0]).quant.scale;
    }
    const std::vector<float>&a = integer.at(name), &b = real.at(name);
    EXPECT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(double{a[i]} - b[i]));
    return worst / scale;
  }
};

// Calibrates on `inputs`, then runs them; single batch.
inline Comparison compare(const Graph& graph, const std::vector<Tensor>& inputs,
                          RequantMode mode = RequantMode::kRne, const Recipe* recipe = nullptr) {
  Calibrator calibrator(graph);
  calibrator.observe(inputs);
  Comparison result;
  result.network = quantize(graph, {.calibration = &calibrator.result(), .recipe = recipe});
  const IntegerNetwork& network = result.network;
  EXPECT_TRUE(network.has_values);
  // The plan must not depend on calibration.
  const IntegerNetwork bare = quantize(graph, {.recipe = recipe});
  EXPECT_EQ(bare.layers.size(), network.layers.size());
  for (size_t i = 0; i < std::min(bare.layers.size(), network.layers.size()); ++i) {
    EXPECT_EQ(bare.layers[i].op, network.layers[i].op);
    EXPECT_EQ(bare.layers[i].name, network.layers[i].name);
    EXPECT_EQ(bare.layers[i].weight_bits, network.layers[i].weight_bits);
  }
  EXPECT_EQ(bare.tensors.size(), network.tensors.size());
  for (size_t i = 0; i < std::min(bare.tensors.size(), network.tensors.size()); ++i) {
    EXPECT_EQ(bare.tensors[i].bits, network.tensors[i].bits);
  }
  std::vector<Tensor> nhwc;
  for (size_t i = 0; i < inputs.size(); ++i)
    nhwc.push_back(engine_input(network.tensor(network.inputs[i]), inputs[i]));
  ReferenceEngine engine(network, {.mode = mode});
  engine.run(nhwc, [&](LayerId layer, int64_t, const Tensor& output) {
    const NetTensor& t = network.tensor(network.layers[static_cast<size_t>(layer)].output);
    result.integer[t.name] = reals_of(t, output);
  });
  FloatExecutor(graph).run(inputs, [&](ValueId id, const Shape&, std::span<const float> values) {
    result.real[graph.value(id).name].assign(values.begin(), values.end());
  });
  return result;
}

inline Comparison compare(const OnnxBuilder& model, const Tensor& x) {
  return compare(import_model(model), std::vector<Tensor>{x});
}

// "conv max_pool ..." : the layers' operators, in order.
inline std::string ops_of(const IntegerNetwork& network) {
  std::string text;
  for (const Layer& layer : network.layers)
    text += (text.empty() ? "" : " ") + std::string(name_of(layer.op));
  return text;
}
inline std::string ops_of(const OnnxBuilder& model) {
  return ops_of(quantize(import_model(model)));
}

// The message that quantizing the model throws.
inline std::string quantize_error(const OnnxBuilder& model) {
  try {
    quantize(import_model(model));
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace qsim::test
