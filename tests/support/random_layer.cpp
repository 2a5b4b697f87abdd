#include "tests/support/random_layer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace qsim::testing {
namespace {

class Maker {
 public:
  explicit Maker(std::mt19937& random) : random_(random) {}

  RandomLayer make(LayerOp op, int64_t samples) {
    layer_ = Layer();
    layer_.name = "layer";
    layer_.op = op;
    if (op == LayerOp::kConv) {
      make_conv();
    } else if (op == LayerOp::kMaxPool || op == LayerOp::kAveragePool || op == LayerOp::kRescale) {
      make_windowed();
    } else if (is_host_pair(op)) {
      make_pair();
    } else if (op == LayerOp::kHostResize) {
      make_resize();
    } else {
      make_pointwise();
    }
    made_.network.layers = {layer_};
    made_.network.outputs = {layer_.output};
    made_.network.has_values = true;
    made_.network.name = "random";
    made_.network.check();
    for (TensorId id : made_.network.inputs) made_.inputs.push_back(data(id, samples));
    return made_;
  }

 private:
  int32_t pick(int32_t low, int32_t high) {
    return std::uniform_int_distribution<int32_t>(low, high)(random_);
  }
  bool one_in(int32_t n) { return pick(1, n) == 1; }

  float scale() {
    const float exponent = std::uniform_real_distribution<float>(-7, -2)(random_);
    return std::exp2(one_in(4) ? std::rint(exponent) : exponent);
  }

  TensorId tensor(int32_t n, int32_t h, int32_t w, int32_t c, bool is_float = false) {
    NetTensor t;
    t.name = "t" + std::to_string(made_.network.tensors.size());
    t.n = n, t.h = h, t.w = w, t.c = c;
    t.is_float = is_float;
    t.quant = {scale(), one_in(4) ? (one_in(2) ? -128 : 127) : pick(-128, 127)};
    t.onnx_shape = {n, c, h, w};
    made_.network.tensors.push_back(t);
    return static_cast<TensorId>(made_.network.tensors.size()) - 1;
  }
  void add_input(TensorId id) {
    layer_.inputs.push_back(id);
    made_.network.inputs.push_back(id);
  }
  NetTensor& at(TensorId id) { return made_.network.tensors[static_cast<size_t>(id)]; }

  void clamps() {
    if (one_in(2)) layer_.clamp_low = pick(-128, 0);
    if (one_in(3)) layer_.clamp_high = pick(layer_.clamp_low, 127);
  }

  // A window that fits in h x w with its padding.
  void window(int32_t h, int32_t w, int32_t max_kernel) {
    Window& win = layer_.window;
    win.pad_top = one_in(2) ? pick(0, 3) : 0;
    win.pad_bottom = one_in(2) ? pick(0, 3) : 0;
    win.pad_left = one_in(2) ? pick(0, 3) : 0;
    win.pad_right = one_in(2) ? pick(0, 3) : 0;
    const auto fit = [&](int32_t size, int32_t& kernel, int32_t& dilation) {
      kernel = pick(1, std::min(size, max_kernel));
      dilation = one_in(3) && kernel > 1 ? pick(1, std::max(1, (size - 1) / (kernel - 1))) : 1;
    };
    fit(h + win.pad_top + win.pad_bottom, win.kh, win.dilation_h);
    fit(w + win.pad_left + win.pad_right, win.kw, win.dilation_w);
    win.stride_h = pick(1, 3);
    win.stride_w = pick(1, 3);
  }

  TensorId windowed_output(const NetTensor& in, int32_t channels) {
    const Window& w = layer_.window;
    const auto out = [](int32_t size, int32_t kernel, int32_t dilation, int32_t stride) {
      return (size - (kernel - 1) * dilation - 1) / stride + 1;
    };
    const int32_t h = out(in.h + w.pad_top + w.pad_bottom, w.kh, w.dilation_h, w.stride_h);
    const int32_t width = out(in.w + w.pad_left + w.pad_right, w.kw, w.dilation_w, w.stride_w);
    return tensor(in.n, h, width, channels);
  }

  void make_conv() {
    const int kind = pick(0, 5);
    int32_t group_inputs = one_in(2) ? pick(1, 8) : pick(1, 70), group_outputs = pick(1, 40);
    if (kind == 0) layer_.groups = pick(2, 5);
    if (kind == 1) {  // depthwise, sometimes with a channel multiplier
      layer_.groups = one_in(2) ? pick(2, 140) : 64 * pick(1, 3);
      group_inputs = 1;
      group_outputs = one_in(3) ? pick(2, 3) : 1;
    }
    const bool matrix = kind == 2;  // gemm
    if (matrix) group_inputs = pick(1, 2000);
    const int32_t h = matrix ? 1 : pick(1, 12), w = matrix ? 1 : pick(1, 12);
    add_input(tensor(pick(1, 2), h, w, group_inputs * layer_.groups));
    if (!matrix && !one_in(5)) window(h, w, group_inputs > 8 ? 3 : 7);
    const NetTensor in = at(layer_.inputs[0]);
    layer_.output = windowed_output(in, group_outputs * layer_.groups);
    weights(group_inputs * layer_.window.kh * layer_.window.kw);
    clamps();
  }

  void weights(int32_t per_channel) {
    const int32_t channels = at(layer_.output).c;
    const bool extreme = one_in(4), asymmetric = one_in(2);
    // The output's scale keeps most accumulators inside the code's range.
    const double spread =
        std::sqrt(static_cast<double>(per_channel)) * (extreme ? 128 * 128 : 70 * 70);
    at(layer_.output).quant.scale =
        static_cast<float>(spread / 60 * double{at(layer_.inputs[0]).quant.scale} * 0.01);
    for (int32_t o = 0; o < channels; ++o) {
      const bool channel_extreme = extreme && one_in(2);
      for (int32_t i = 0; i < per_channel; ++i) {
        layer_.weights.push_back(
            static_cast<int8_t>(channel_extreme ? one_in(2) ? -128 : 127 : pick(-128, 127)));
      }
      layer_.weight_zero_point.push_back(asymmetric ? pick(-128, 127) : 0);
      layer_.weight_scale.push_back(
          0.01f * std::exp2(std::uniform_real_distribution<float>(-1, 1)(random_)));
      layer_.bias.push_back(one_in(20) ? (one_in(2) ? INT32_MAX : INT32_MIN) : pick(-30000, 30000));
    }
  }

  void make_windowed() {
    add_input(tensor(pick(1, 2), pick(1, 12), pick(1, 12), pick(1, 80)));
    const NetTensor in = at(layer_.inputs[0]);
    if (layer_.op == LayerOp::kAveragePool && one_in(4)) {
      layer_.window.kh = in.h;
      layer_.window.kw = in.w;
    } else {
      window(in.h, in.w, layer_.op == LayerOp::kRescale ? 1 : 7);
    }
    if (layer_.op == LayerOp::kRescale) layer_.window.stride_h = layer_.window.stride_w = 1;
    layer_.count_include_pad = one_in(2);
    layer_.is_sum = layer_.op == LayerOp::kAveragePool && one_in(3);
    layer_.output = windowed_output(in, in.c);
    const bool same = layer_.op == LayerOp::kMaxPool || one_in(3);
    if (same) at(layer_.output).quant = in.quant;
    clamps();
  }

  void make_pointwise() {
    const int32_t n = pick(1, 2), h = pick(1, 6), w = pick(1, 6), c = pick(1, 150);
    const bool any_in = layer_.op == LayerOp::kHostSoftmax || layer_.op == LayerOp::kHostArgMax;
    const bool float_in = layer_.op == LayerOp::kHostQuantize || (any_in && one_in(2));
    const bool float_out = any_in || layer_.op == LayerOp::kHostDequantize;
    const bool joins = layer_.op == LayerOp::kConcat || layer_.op == LayerOp::kHostPermute;
    const int32_t count = layer_.op == LayerOp::kAdd ? 2 : joins ? pick(1, 3) : 1;
    int32_t channels = 0;
    for (int32_t i = 0; i < count; ++i) {
      add_input(tensor(n, h, w, joins ? pick(1, 60) : c, float_in));
      channels += at(layer_.inputs.back()).c;
    }
    const bool is_index = layer_.op == LayerOp::kHostArgMax;
    layer_.output = tensor(n, h, w, is_index ? 1 : joins ? channels : c, float_out);
    layer_.takes_last = one_in(2);
    layer_.log = one_in(2);
    if (layer_.op == LayerOp::kHostQlinearSoftmax) at(layer_.output).quant = {1.0f / 256, -128};
    if (layer_.op == LayerOp::kAdd && one_in(3)) same_powers();
    if (layer_.op == LayerOp::kHostPermute) {
      for (TensorId id : layer_.inputs) at(id).quant = at(layer_.output).quant;
      layer_.permutation.resize(static_cast<size_t>(at(layer_.output).elements()));
      std::iota(layer_.permutation.begin(), layer_.permutation.end(), 0);
      std::shuffle(layer_.permutation.begin(), layer_.permutation.end(), random_);
    }
    if (layer_.op == LayerOp::kHostLrn) {
      layer_.normalization = {pick(1, 7), 0.5f, one_in(2) ? 0.75f : 0.5f, one_in(3) ? 1.0f : 2.0f};
    }
    if (has_clamp(layer_.op)) clamps();
    if (layer_.op == LayerOp::kHostTable) {
      layer_.table.resize(size_t{256} * static_cast<size_t>(one_in(2) ? c : 1));
      for (int8_t& code : layer_.table)
        code = static_cast<int8_t>(pick(layer_.clamp_low, layer_.clamp_high));
    }
  }

  // Operands that are repeated along some dimensions.
  void make_pair() {
    const int32_t dims[] = {pick(1, 2), pick(1, 5), pick(1, 5), pick(1, 40)};
    int32_t a[4], b[4], y[4];
    for (size_t d = 0; d < 4; ++d) {
      a[d] = one_in(4) ? 1 : dims[d];
      b[d] = one_in(4) ? 1 : dims[d];
      y[d] = std::max(a[d], b[d]);
    }
    add_input(tensor(a[0], a[1], a[2], a[3]));
    add_input(tensor(b[0], b[1], b[2], b[3]));
    layer_.output = tensor(y[0], y[1], y[2], y[3]);
    const bool is_product = layer_.op == LayerOp::kHostMul || layer_.op == LayerOp::kHostDiv;
    if (is_product && !one_in(4)) at(layer_.output).quant.scale = 0.5f;
    if (layer_.op == LayerOp::kHostMul && one_in(2))  // ties
      at(layer_.inputs[0]).quant.scale = at(layer_.inputs[1]).quant.scale = 0.25f;
    if (!is_product && one_in(3)) same_powers();
    clamps();
  }

  void make_resize() {
    const int32_t n = pick(1, 2), c = pick(1, 20), h = pick(1, 6), w = pick(1, 6);
    add_input(tensor(n, h, w, c));
    layer_.output = tensor(n, pick(1, 9), pick(1, 9), c);
    at(layer_.output).quant = at(layer_.inputs[0]).quant;
    const auto axis = [&](int32_t from, int32_t to, std::vector<Interpolation>& result) {
      for (int32_t i = 0; i < to; ++i) {
        const int32_t half = 1 << (kInterpolationBits - 1);
        result.push_back({pick(0, from - 1), pick(0, from - 1),
                          one_in(2) ? half * pick(0, 2) : pick(0, 2 * half)});
      }
    };
    axis(h, at(layer_.output).h, layer_.rows);
    axis(w, at(layer_.output).w, layer_.columns);
    clamps();
  }

  // Power-of-two scales make ties frequent.
  void same_powers() {
    at(layer_.inputs[0]).quant.scale = 0.25f;
    at(layer_.inputs[1]).quant.scale = 0.5f;
    at(layer_.output).quant.scale = 1;
  }

  Tensor data(TensorId id, int64_t samples) {
    const NetTensor& t = at(id);
    Tensor result(t.is_float ? DataType::kFloat : DataType::kInt8, {samples * t.n, t.h, t.w, t.c});
    const bool extreme = one_in(4);
    const Quantization target = at(layer_.output).quant;
    for (int64_t i = 0; i < result.size(); ++i) {
      const int32_t code = extreme ? (one_in(2) ? -128 : 127) : pick(-128, 127);
      if (t.is_float) {
        result.data<float>()[i] =
            static_cast<float>(code) * (one_in(2) ? target.scale * 0.5f : scale());
      } else {
        result.data<int8_t>()[i] = static_cast<int8_t>(code);
      }
    }
    return result;
  }

  std::mt19937& random_;
  RandomLayer made_;
  Layer layer_;
};

}  // namespace

RandomLayer random_layer(LayerOp op, int64_t samples, std::mt19937& random) {
  return Maker(random).make(op, samples);
}

}  // namespace qsim::testing
