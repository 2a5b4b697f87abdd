#include "compiler/plan/containers.h"

#include <algorithm>

#include "hw/spec/packing.h"

namespace qsim {
namespace {

int32_t bits_of(int32_t low, int32_t high) {
  int32_t bits = 2;
  while (low < lowest_code(bits) || high > highest_code(bits)) ++bits;
  return bits;
}

int32_t narrowest_pack(const Arch& arch, int32_t bits) {
  return std::min(arch.max_pack(), pack_of_bits(bits));
}

// The greatest pack, at most `pack`, with which every part of a concatenation begins at a whole
// byte.
int32_t concat_pack(const IntegerNetwork& network, const Layer& layer, int32_t pack) {
  int32_t channel = 0;
  for (TensorId id : layer.inputs) {
    while (channel % codes_per_byte(pack) != 0) --pack;
    channel += network.tensor(id).c;
  }
  return pack;
}

}  // namespace

int32_t array_weight_bits(const Layer& layer) {
  int32_t bits = layer.weight_bits;
  if (layer.weights.empty()) return bits;
  const size_t per_channel = layer.weights.size() / layer.weight_zero_point.size();
  for (size_t o = 0; o < layer.weight_zero_point.size(); ++o) {
    const int32_t zero = layer.weight_zero_point[o];
    if (zero == 0) continue;
    const auto first = layer.weights.begin() + static_cast<ptrdiff_t>(o * per_channel);
    const auto [low, high] =
        std::minmax_element(first, first + static_cast<ptrdiff_t>(per_channel));
    bits = std::max(bits, bits_of(*low - zero, *high - zero));
  }
  return bits;
}

void choose_packs(const IntegerNetwork& network, const Arch& arch, Plan& plan) {
  const auto pack_of = [&](TensorId id) -> int32_t& {
    return plan.tensors[static_cast<size_t>(id)].pack;
  };
  for (size_t id = 0; id < network.tensors.size(); ++id) {
    const NetTensor& tensor = network.tensors[id];
    plan.tensors[id].pack = tensor.is_float ? 0 : narrowest_pack(arch, tensor.bits);
  }
  for (size_t i = 0; i < network.layers.size(); ++i) {
    const Layer& layer = network.layers[i];
    LayerPlan& layer_plan = plan.layers[i];
    if (layer.op == LayerOp::kConcat) {
      pack_of(layer.output) = concat_pack(network, layer, pack_of(layer.output));
    } else if (layer_plan.place == Place::kArray) {
      layer_plan.weight_pack = narrowest_pack(arch, array_weight_bits(layer));
      int32_t& pack = pack_of(layer.inputs[0]);
      pack = std::min(pack, layer_plan.weight_pack);
    } else if (layer.op == LayerOp::kConv) {
      layer_plan.weight_pack = narrowest_pack(arch, layer.weight_bits);
    }
  }
}

}  // namespace qsim
