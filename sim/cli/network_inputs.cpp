#include "sim/cli/network_inputs.h"

#include <random>

#include "hw/spec/packing.h"

namespace qsim::cli {
namespace {

struct RealRange {
  float low = -1, high = 1;
};

// Reals that the host step reading this input turns into codes; 5 % beyond, so that some saturate.
RealRange range_of(const IntegerNetwork& network, TensorId input) {
  for (const Layer& layer : network.layers) {
    if (layer.op != LayerOp::kHostQuantize || layer.inputs[0] != input || !network.has_values) {
      continue;
    }
    const Quantization& quant = network.tensor(layer.output).quant;
    const int32_t bits = network.tensor(layer.output).bits;
    const float low = quant.scale * static_cast<float>(lowest_code(bits) - quant.zero_point);
    const float high = quant.scale * static_cast<float>(highest_code(bits) - quant.zero_point);
    const float margin = 0.05f * (high - low);
    return {low - margin, high + margin};
  }
  return {};
}

}  // namespace

std::vector<Tensor> random_inputs(const IntegerNetwork& network, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Tensor> inputs;
  for (TensorId id : network.inputs) {
    const NetTensor& tensor = network.tensor(id);
    Tensor input(tensor.is_float ? DataType::kFloat : DataType::kInt8,
                 {tensor.n, tensor.h, tensor.w, tensor.c});
    const RealRange range = range_of(network, id);
    for (int64_t i = 0; i < input.size(); ++i) {
      if (tensor.is_float) {
        const float unit = static_cast<float>(random() >> 40) * 0x1p-24f;
        input.data<float>()[i] = range.low + unit * (range.high - range.low);
      } else {
        input.data<int8_t>()[i] =
            static_cast<int8_t>(static_cast<int8_t>(random() >> 56) >> (8 - tensor.bits));
      }
    }
    inputs.push_back(std::move(input));
  }
  return inputs;
}

}  // namespace qsim::cli
