// Integer networks for tests, built layer by layer without a model file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hw/spec/network.h"
#include "tests/support/draw.h"

namespace qsim {

// Adds layers one after the other. With a seed, weights, biases, scales and zero points are random
// and the network has values; without, it has shapes only.
class NetworkBuilder {
 public:
  explicit NetworkBuilder(std::string name) {
    network_.name = std::move(name);
    network_.value_blockers = {"built from shapes alone"};
  }
  NetworkBuilder(std::string name, uint32_t seed) : NetworkBuilder(std::move(name)) {
    network_.has_values = true;
    network_.value_blockers.clear();
    draw_ = Draw(seed);
  }

  // A float network input of n x h x w x c and the host step that quantizes it; returns the codes.
  TensorId input(int32_t n, int32_t h, int32_t w, int32_t c);
  TensorId conv(TensorId x, int32_t out_c, const Window& window, int32_t groups = 1);
  TensorId add(TensorId a, TensorId b);
  TensorId max_pool(TensorId x, const Window& window);
  TensorId average_pool(TensorId x, const Window& window, bool count_include_pad = false);
  TensorId rescale(TensorId x, const Window& window = {});
  // A host step that looks codes up: random entries, in a table of its own for each channel or one.
  TensorId table(TensorId x, bool per_channel);
  // A host step of two operands, b of a's shape or with ones for n, h, w or c.
  TensorId pair(LayerOp op, TensorId a, TensorId b);
  TensorId concat(const std::vector<TensorId>& inputs);
  // The host step that dequantizes a tensor into a network output.
  void output(TensorId x);

  // Bits of the codes of every tensor and of the weights of every layer that follow.
  void set_bits(int32_t bits, int32_t weight_bits) { bits_ = bits, weight_bits_ = weight_bits; }

  // Weight codes become asymmetric: some need a bit more once the zero point is removed.
  void set_asymmetric_weights(bool asymmetric) { asymmetric_weights_ = asymmetric; }

  const NetTensor& tensor(TensorId id) const { return network_.tensor(id); }
  IntegerNetwork take();  // checked

 private:
  TensorId add_tensor(int32_t n, int32_t h, int32_t w, int32_t c);
  Layer& add_layer(LayerOp op, const std::vector<TensorId>& inputs, TensorId output);
  TensorId windowed(LayerOp op, TensorId x, int32_t out_c, const Window& window);
  int32_t draw(int32_t low, int32_t high) { return draw_(low, high); }
  int32_t weight_zero() {  // [-100, 100] of 8 bits
    return weight_bits_ == 8 ? draw(-100, 100)
                             : draw(-(1 << (weight_bits_ - 1)), (1 << (weight_bits_ - 1)) - 1);
  }

  IntegerNetwork network_;
  Draw draw_{0};
  bool asymmetric_weights_ = false;
  int32_t bits_ = 8, weight_bits_ = 8;
};

inline Window square_window(int32_t kernel, int32_t stride = 1, int32_t pad = 0) {
  return {kernel, kernel, stride, stride, 1, 1, pad, pad, pad, pad};
}

// ResNet-50 v1.5 at 224 x 224 (torchvision's stride placement), shapes only: 4,089 M MACs.
IntegerNetwork resnet50_shapes();

// MLPerf Tiny's ResNet-8 at 32 x 32: 12.5 M MACs; random values when seed != 0.
IntegerNetwork resnet8(uint32_t seed);

}  // namespace qsim
