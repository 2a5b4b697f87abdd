#include "sim/systemc/layer_monitor.h"

#include <algorithm>
#include <utility>

#include "hw/spec/packing.h"

namespace qsim::model {

void LayerMonitor::reset() {
  layers_.clear();
  layers_.resize(run_.program().network.layers.size());
}

void LayerMonitor::part_written(const VectorRun& instruction, const int8_t* activations) {
  const InstructionInfo& info = run_.info(instruction.index);
  if (!run_.options().observer || info.n < 0) return;
  const IntegerNetwork& network = run_.program().network;
  const NetTensor& tensor = network.tensor(network.layers[static_cast<size_t>(info.layer)].output);
  Collected& layer = layers_[static_cast<size_t>(info.layer)];
  if (layer.elements == 0) {
    layer.output = Tensor(DataType::kInt8, {tensor.n, tensor.h, tensor.w, tensor.c});
  }
  const int64_t first = (int64_t{info.n} * tensor.h + info.y) * tensor.w + info.x;
  const int64_t channels = std::min<int64_t>(instruction.channels(), tensor.c - info.channel);
  for (int64_t row = 0; row < instruction.op.out_h; ++row) {
    for (int64_t column = 0; column < instruction.op.out_w; ++column) {
      const int64_t to = (first + row * tensor.w + column) * tensor.c + info.channel;
      if (to + channels > layer.output.size()) continue;
      unpack_codes(activations + instruction.dst_byte(0, row * instruction.op.out_w + column),
                   channels, instruction.op.dst_pack, layer.output.data<int8_t>() + to);
      layer.elements += channels;
    }
  }
  if (layer.elements < tensor.elements()) return;
  run_.options().observer(info.layer, layer.output);
  layer = {};
}

}  // namespace qsim::model
