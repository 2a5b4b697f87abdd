#include "sim/engines/rtl/layer_collector.h"

#include <algorithm>

#include "hw/spec/packing.h"

namespace qsim::rtl {

void LayerCollector::done(int32_t index) {
  const InstructionInfo& info = program_.info[static_cast<size_t>(index)];
  const auto* op = std::get_if<Vector>(&program_.instructions[static_cast<size_t>(index)].op);
  if (!op || info.n < 0) return;
  const IntegerNetwork& network = program_.network;
  const NetTensor& tensor = network.tensor(network.layers[static_cast<size_t>(info.layer)].output);
  Collected& layer = layers_[static_cast<size_t>(info.layer)];
  if (layer.elements == 0) {
    layer.output = Tensor(DataType::kInt8, {tensor.n, tensor.h, tensor.w, tensor.c});
  }
  const int64_t channels =
      std::min<int64_t>((op->blocks - 1) * int64_t{program_.arch.array.cols} + op->last_channels,
                        tensor.c - info.channel);
  const int64_t first = (int64_t{info.n} * tensor.h + info.y) * tensor.w + info.x;
  std::vector<int8_t> packed(static_cast<size_t>(packed_bytes(channels, op->dst_pack)));
  for (int64_t row = 0; row < op->out_h; ++row) {
    for (int64_t column = 0; column < op->out_w; ++column) {
      const int64_t to = (first + row * tensor.w + column) * tensor.c + info.channel;
      if (to + channels > layer.output.size()) continue;
      const int64_t from = op->dst + row * op->dst_row_pitch + column * op->dst_pixel_pitch;
      memory_.read(Memory::kActivation, from,
                   {reinterpret_cast<uint8_t*>(packed.data()), packed.size()});
      unpack_codes(packed.data(), channels, op->dst_pack, layer.output.data<int8_t>() + to);
      layer.elements += channels;
    }
  }
  if (layer.elements < tensor.elements()) return;
  observer_(info.layer, layer.output);
  layer = {};
}

}  // namespace qsim::rtl
