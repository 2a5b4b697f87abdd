#include "tests/support/slow_reference.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tests/support/slow_arithmetic.h"

namespace qsim::testing {
namespace {

// Coordinates in an NHWC tensor.
struct Map {
  const NetTensor& info;
  const Tensor& tensor;
  int32_t at(int64_t n, int64_t y, int64_t x, int64_t c) const {
    return tensor.data<int8_t>()[((n * info.h + y) * info.w + x) * info.c + c];
  }
  bool inside(int64_t y, int64_t x) const { return y >= 0 && y < info.h && x >= 0 && x < info.w; }
};

struct Position {
  int64_t n, y, x, c;
};

class SlowLayer {
 public:
  SlowLayer(const IntegerNetwork& network, const Layer& layer, const std::string& mode,
            const std::vector<Tensor>& tensors, uint64_t& wraps)
      : network_(network), layer_(layer), mode_(mode), tensors_(tensors), wraps_(wraps) {}

  Tensor run() const {
    if (layer_.is_host()) return run_host();
    const NetTensor& to = network_.tensor(layer_.output);
    Tensor output(DataType::kInt8, {to.n, to.h, to.w, to.c});
    int8_t* code = output.data<int8_t>();
    for (int64_t n = 0; n < to.n; ++n)
      for (int64_t y = 0; y < to.h; ++y)
        for (int64_t x = 0; x < to.w; ++x)
          for (int64_t c = 0; c < to.c; ++c) *code++ = static_cast<int8_t>(element({n, y, x, c}));
    return output;
  }

 private:
  Map input(size_t i = 0) const {
    return {network_.tensor(layer_.inputs[i]), tensors_[static_cast<size_t>(layer_.inputs[i])]};
  }
  Quantization to() const { return network_.tensor(layer_.output).quant; }
  int32_t clamp(Exact value) const {
    return slow_clamp(value, to().zero_point, layer_.clamp_low, layer_.clamp_high);
  }

  int32_t element(Position at) const {
    switch (layer_.op) {
      case LayerOp::kConv:
        return conv(at);
      case LayerOp::kAdd:
        return add(at);
      case LayerOp::kMaxPool:
        return max_pool(at);
      case LayerOp::kAveragePool:
        return average_pool(at);
      case LayerOp::kRescale:
        return rescale(at);
      case LayerOp::kConcat:
        return concat(at);
      default:
        throw std::logic_error("slow reference: not a device layer");
    }
  }

  // A5
  int32_t conv(Position at) const {
    const Map in = input();
    const Window& w = layer_.window;
    const int64_t outputs = network_.tensor(layer_.output).c / layer_.groups;
    const int64_t inputs = in.info.c / layer_.groups;
    const auto o = static_cast<size_t>(at.c);
    int64_t exact = layer_.bias[o];
    for (int64_t ky = 0; ky < w.kh; ++ky) {
      for (int64_t kx = 0; kx < w.kw; ++kx) {
        const int64_t y = at.y * w.stride_h - w.pad_top + ky * w.dilation_h;
        const int64_t x = at.x * w.stride_w - w.pad_left + kx * w.dilation_w;
        for (int64_t i = 0; i < inputs; ++i) {
          const int64_t weight =
              layer_.weights[static_cast<size_t>(((at.c * w.kh + ky) * w.kw + kx) * inputs + i)];
          const int64_t code = in.inside(y, x) ? in.at(at.n, y, x, at.c / outputs * inputs + i)
                                               : in.info.quant.zero_point;
          exact += (code - in.info.quant.zero_point) * (weight - layer_.weight_zero_point[o]);
        }
      }
    }
    const int32_t acc = slow_wrap(exact);
    wraps_ += acc != exact ? 1 : 0;
    return slow_requantize(mode_, acc, in.info.quant.scale, layer_.weight_scale[o], to().scale,
                           to().zero_point, layer_.clamp_low, layer_.clamp_high);
  }

  // A20
  int32_t add(Position at) const {
    const Map a = input(0), b = input(1);
    const double ra = double{a.info.quant.scale} / double{to().scale};
    const double rb = double{b.info.quant.scale} / double{to().scale};
    int s = 62;
    while (s > 0 && std::rint(std::ldexp(std::max(ra, rb), s)) >= 4194304.0) --s;
    const auto ma = static_cast<int64_t>(std::rint(std::ldexp(ra, s)));
    const auto mb = static_cast<int64_t>(std::rint(std::ldexp(rb, s)));
    const int64_t sum = (a.at(at.n, at.y, at.x, at.c) - a.info.quant.zero_point) * ma +
                        (b.at(at.n, at.y, at.x, at.c) - b.info.quant.zero_point) * mb;
    return clamp(slow_round_half_even(sum, s));
  }

  // A23
  int32_t max_pool(Position at) const {
    int32_t largest = -128;
    for_each_tap(at, [&](int32_t code) { largest = std::max(largest, code); });
    return std::clamp(largest, layer_.clamp_low, layer_.clamp_high);
  }

  // A22
  int32_t average_pool(Position at) const {
    const Quantization from = input().info.quant;
    int64_t sum = 0, inside = 0;
    for_each_tap(at, [&](int32_t code) {
      sum += code - from.zero_point;
      ++inside;
    });
    const int64_t count = layer_.count_include_pad ? taps_in_padded_map(at) : inside;
    if (count == 0) return clamp(0);
    volatile float divisor = to().scale * static_cast<float>(layer_.is_sum ? 1 : count);
    volatile float ratio = from.scale / divisor;
    return clamp(slow_scale(sum, ratio));
  }

  // A21
  int32_t rescale(Position at) const {
    const Map in = input();
    const int64_t y = at.y - layer_.window.pad_top, x = at.x - layer_.window.pad_left;
    const int32_t zero = in.info.quant.zero_point;
    volatile float ratio = in.info.quant.scale / to().scale;
    return clamp(slow_scale(in.inside(y, x) ? in.at(at.n, y, x, at.c) - zero : 0, ratio));
  }

  int32_t concat(Position at) const {
    size_t i = 0;
    while (at.c >= input(i).info.c) at.c -= input(i++).info.c;
    const Map in = input(i);
    volatile float ratio = in.info.quant.scale / to().scale;
    return clamp(slow_scale(in.at(at.n, at.y, at.x, at.c) - in.info.quant.zero_point, ratio));
  }

  template <typename Visit>
  void for_each_tap(Position at, const Visit& visit) const {
    const Map in = input();
    const Window& w = layer_.window;
    for (int64_t ky = 0; ky < w.kh; ++ky) {
      for (int64_t kx = 0; kx < w.kw; ++kx) {
        const int64_t y = at.y * w.stride_h - w.pad_top + ky * w.dilation_h;
        const int64_t x = at.x * w.stride_w - w.pad_left + kx * w.dilation_w;
        if (in.inside(y, x)) visit(in.at(at.n, y, x, at.c));
      }
    }
  }

  int64_t taps_in_padded_map(Position at) const {
    const Map in = input();
    const Window& w = layer_.window;
    int64_t count = 0;
    for (int64_t ky = 0; ky < w.kh; ++ky) {
      for (int64_t kx = 0; kx < w.kw; ++kx) {
        const int64_t y = at.y * w.stride_h + ky * w.dilation_h;
        const int64_t x = at.x * w.stride_w + kx * w.dilation_w;
        count +=
            y < in.info.h + w.pad_top + w.pad_bottom && x < in.info.w + w.pad_left + w.pad_right;
      }
    }
    return count;
  }

  Tensor run_host() const {
    std::vector<const Tensor*> inputs;
    for (TensorId id : layer_.inputs) inputs.push_back(&tensors_[static_cast<size_t>(id)]);
    return slow_host_layer(network_, layer_, inputs);
  }

  const IntegerNetwork& network_;
  const Layer& layer_;
  const std::string& mode_;
  const std::vector<Tensor>& tensors_;
  uint64_t& wraps_;
};

}  // namespace

SlowResult run_slow_reference(const IntegerNetwork& network, const std::string& mode,
                              const std::vector<Tensor>& inputs) {
  SlowResult result;
  std::vector<Tensor> tensors(network.tensors.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    tensors[static_cast<size_t>(network.inputs[i])] = inputs[i];
  }
  for (const Layer& layer : network.layers) {
    result.layers.push_back(SlowLayer(network, layer, mode, tensors, result.wraps).run());
    tensors[static_cast<size_t>(layer.output)] = result.layers.back();
  }
  return result;
}

}  // namespace qsim::testing
