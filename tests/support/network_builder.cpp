#include "tests/support/network_builder.h"

#include <cmath>

#include "hw/spec/packing.h"

namespace qsim {

TensorId NetworkBuilder::add_tensor(int32_t n, int32_t h, int32_t w, int32_t c) {
  NetTensor tensor;
  tensor.name = "t" + std::to_string(network_.tensors.size());
  tensor.n = n, tensor.h = h, tensor.w = w, tensor.c = c;
  tensor.onnx_shape = {n, c, h, w};
  tensor.bits = bits_;
  if (network_.has_values) {
    tensor.quant.scale = static_cast<float>(draw(50, 200) << (8 - bits_)) / 4000.0f;
    tensor.quant.zero_point = draw(lowest_code(bits_), highest_code(bits_));
  }
  network_.tensors.push_back(tensor);
  return static_cast<TensorId>(network_.tensors.size()) - 1;
}

Layer& NetworkBuilder::add_layer(LayerOp op, const std::vector<TensorId>& inputs, TensorId output) {
  Layer layer;
  layer.op = op;
  layer.name = std::string(name_of(op)) + std::to_string(network_.layers.size());
  layer.inputs = inputs;
  layer.output = output;
  layer.clamp_low = lowest_code(tensor(output).bits);
  layer.clamp_high = highest_code(tensor(output).bits);
  network_.layers.push_back(layer);
  return network_.layers.back();
}

TensorId NetworkBuilder::windowed(LayerOp op, TensorId x, int32_t out_c, const Window& w) {
  const NetTensor in = tensor(x);
  const auto extent = [](int32_t size, int32_t before, int32_t after, int32_t kernel,
                         int32_t dilation, int32_t stride) {
    return (size + before + after - (kernel - 1) * dilation - 1) / stride + 1;
  };
  const TensorId y =
      add_tensor(in.n, extent(in.h, w.pad_top, w.pad_bottom, w.kh, w.dilation_h, w.stride_h),
                 extent(in.w, w.pad_left, w.pad_right, w.kw, w.dilation_w, w.stride_w), out_c);
  add_layer(op, {x}, y).window = w;
  return y;
}

TensorId NetworkBuilder::input(int32_t n, int32_t h, int32_t w, int32_t c) {
  const TensorId x = add_tensor(n, h, w, c);
  network_.tensors.back().is_float = true;
  network_.inputs.push_back(x);
  const TensorId codes = add_tensor(n, h, w, c);
  add_layer(LayerOp::kHostQuantize, {x}, codes);
  return codes;
}

TensorId NetworkBuilder::conv(TensorId x, int32_t out_c, const Window& window, int32_t groups) {
  const int32_t in_c = tensor(x).c;
  const TensorId y = windowed(LayerOp::kConv, x, out_c, window);
  Layer& layer = network_.layers.back();
  layer.groups = groups;
  layer.weight_bits = weight_bits_;
  if (!network_.has_values) return y;
  const int32_t per_channel = window.kh * window.kw * (in_c / groups);
  for (int32_t i = 0; i < out_c * per_channel; ++i) {
    layer.weights.push_back(
        static_cast<int8_t>(draw(lowest_code(weight_bits_), highest_code(weight_bits_))));
  }
  // Scales keep outputs of random data inside the code range now and then.
  const int32_t missing_bits = 8 - weight_bits_ + tensor(y).bits - tensor(x).bits;
  const float scale =
      std::ldexp(tensor(y).quant.scale / tensor(x).quant.scale / 4000.0f, missing_bits) /
      static_cast<float>(std::max(1, per_channel / 16));
  for (int32_t o = 0; o < out_c; ++o) {
    layer.weight_zero_point.push_back(asymmetric_weights_ ? weight_zero() : 0);
    layer.weight_scale.push_back(scale * static_cast<float>(draw(50, 200)) / 100.0f);
    layer.bias.push_back(draw(-20000, 20000) >> (16 - weight_bits_ - tensor(x).bits));
  }
  if (draw(0, 2) == 0) layer.clamp_low = tensor(y).quant.zero_point;
  return y;
}

TensorId NetworkBuilder::add(TensorId a, TensorId b) {
  const NetTensor in = tensor(a);
  const TensorId y = add_tensor(in.n, in.h, in.w, in.c);
  add_layer(LayerOp::kAdd, {a, b}, y);
  return y;
}

TensorId NetworkBuilder::max_pool(TensorId x, const Window& window) {
  const int32_t bits = bits_;
  bits_ = tensor(x).bits;
  const TensorId y = windowed(LayerOp::kMaxPool, x, tensor(x).c, window);
  bits_ = bits;
  network_.tensors.back().quant = tensor(x).quant;
  return y;
}

TensorId NetworkBuilder::average_pool(TensorId x, const Window& window, bool include_pad) {
  const TensorId y = windowed(LayerOp::kAveragePool, x, tensor(x).c, window);
  network_.layers.back().count_include_pad = include_pad;
  return y;
}

TensorId NetworkBuilder::rescale(TensorId x, const Window& window) {
  return windowed(LayerOp::kRescale, x, tensor(x).c, window);
}

TensorId NetworkBuilder::table(TensorId x, bool per_channel) {
  const NetTensor in = tensor(x);
  const TensorId y = add_tensor(in.n, in.h, in.w, in.c);
  Layer& layer = add_layer(LayerOp::kHostTable, {x}, y);
  if (!network_.has_values) return y;
  for (int32_t i = 0; i < 256 * (per_channel ? in.c : 1); ++i)
    layer.table.push_back(static_cast<int8_t>(draw(layer.clamp_low, layer.clamp_high)));
  return y;
}

TensorId NetworkBuilder::pair(LayerOp op, TensorId a, TensorId b) {
  const NetTensor in = tensor(a);
  const TensorId y = add_tensor(in.n, in.h, in.w, in.c);
  add_layer(op, {a, b}, y);
  return y;
}

TensorId NetworkBuilder::concat(const std::vector<TensorId>& inputs) {
  const NetTensor in = tensor(inputs[0]);
  int32_t channels = 0;
  for (TensorId id : inputs) channels += tensor(id).c;
  const TensorId y = add_tensor(in.n, in.h, in.w, channels);
  add_layer(LayerOp::kConcat, inputs, y);
  return y;
}

void NetworkBuilder::output(TensorId x) {
  const NetTensor in = tensor(x);
  const TensorId y = add_tensor(in.n, in.h, in.w, in.c);
  network_.tensors.back().is_float = true;
  add_layer(LayerOp::kHostDequantize, {x}, y);
  network_.outputs.push_back(y);
}

IntegerNetwork NetworkBuilder::take() {
  network_.check();
  return std::move(network_);
}

IntegerNetwork resnet50_shapes() {
  NetworkBuilder net("resnet50");
  TensorId x = net.conv(net.input(1, 224, 224, 3), 64, square_window(7, 2, 3));
  x = net.max_pool(x, square_window(3, 2, 1));
  const int32_t depths[] = {3, 4, 6, 3};
  for (int32_t stage = 0; stage < 4; ++stage) {
    const int32_t width = 64 << stage;
    for (int32_t i = 0; i < depths[stage]; ++i) {
      const int32_t stride = i == 0 && stage > 0 ? 2 : 1;
      TensorId shortcut = x;
      TensorId y = net.conv(x, width, square_window(1));
      y = net.conv(y, width, square_window(3, stride, 1));
      y = net.conv(y, 4 * width, square_window(1));
      if (i == 0) shortcut = net.conv(x, 4 * width, square_window(1, stride));
      x = net.add(y, shortcut);
    }
  }
  x = net.average_pool(x, square_window(7));
  net.output(net.conv(x, 1000, square_window(1)));
  return net.take();
}

IntegerNetwork resnet8(uint32_t seed) {
  NetworkBuilder net = seed ? NetworkBuilder("resnet8", seed) : NetworkBuilder("resnet8");
  TensorId x = net.conv(net.input(1, 32, 32, 3), 16, square_window(3, 1, 1));
  for (int32_t stage = 0; stage < 3; ++stage) {
    const int32_t width = 16 << stage, stride = stage == 0 ? 1 : 2;
    const Window first{3, 3, stride, stride, 1, 1, stride == 1 ? 1 : 0, stride == 1 ? 1 : 0, 1, 1};
    TensorId y = net.conv(x, width, first);
    y = net.conv(y, width, square_window(3, 1, 1));
    const TensorId shortcut = stage == 0 ? x : net.conv(x, width, square_window(1, 2));
    x = net.add(y, shortcut);
  }
  x = net.average_pool(x, square_window(8));
  net.output(net.conv(x, 10, square_window(1)));
  return net.take();
}

}  // namespace qsim
