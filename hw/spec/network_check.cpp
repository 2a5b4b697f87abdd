// IntegerNetwork::check(): the invariants that every later stage relies on.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "hw/spec/network.h"
#include "hw/spec/packing.h"

namespace qsim {
namespace {

// One layer at a time; `fail` names it.
class Checker {
 public:
  explicit Checker(const IntegerNetwork& network) : net_(network) {}

  void run() {
    written_.assign(net_.tensors.size(), false);
    for (const NetTensor& tensor : net_.tensors) check_tensor(tensor);
    where_ = "network " + net_.name;
    for (TensorId id : net_.inputs) write(id);
    for (const Layer& layer : net_.layers) check_layer(layer);
    where_ = "network " + net_.name;
    for (TensorId id : net_.outputs) read(id);
    expect(net_.has_values || !net_.value_blockers.empty(), "has no values and does not say why");
  }

 private:
  void expect(bool condition, const std::string& what) const {
    if (!condition) throw std::logic_error(where_ + ": " + what);
  }

  bool in_range(TensorId id) const {
    return id >= 0 && static_cast<size_t>(id) < net_.tensors.size();
  }
  void read(TensorId id) const {
    expect(in_range(id), "tensor id " + std::to_string(id) + " does not exist");
    expect(written_[static_cast<size_t>(id)],
           "reads '" + net_.tensor(id).name + "' before it is written");
  }
  void write(TensorId id) {
    expect(in_range(id), "tensor id " + std::to_string(id) + " does not exist");
    expect(!written_[static_cast<size_t>(id)],
           "writes '" + net_.tensor(id).name + "' a second time");
    written_[static_cast<size_t>(id)] = true;
  }

  void check_tensor(const NetTensor& t) {
    where_ = "tensor " + t.name;
    expect(t.n >= 1 && t.h >= 1 && t.w >= 1 && t.c >= 1, "has an empty dimension");
    expect(element_count(t.onnx_shape) == t.elements(), "and its ONNX shape differ in size");
    std::string letters = t.onnx_order;
    std::sort(letters.begin(), letters.end());
    expect(letters == "chnw", "onnx_order '" + t.onnx_order + "' is no permutation of nhwc");
    check_bits(t.bits);
    if (net_.has_values && !t.is_float) {
      expect(t.quant.scale > 0 && std::isfinite(t.quant.scale), "has no positive finite scale");
      expect(in_range_of(t.quant.zero_point, t.bits), "zero point is outside its codes");
    }
  }

  static bool in_range_of(int32_t code, int32_t bits) {
    return code >= lowest_code(bits) && code <= highest_code(bits);
  }
  void check_bits(int32_t bits) const {
    expect(bits >= 2 && bits <= 8, "has codes of " + std::to_string(bits) + " bits");
  }

  void check_layer(const Layer& layer) {
    where_ = "layer " + layer.name;
    const bool many = layer.op == LayerOp::kConcat || layer.op == LayerOp::kHostPermute;
    const size_t count = layer.op == LayerOp::kAdd || is_host_pair(layer.op) ? 2 : 1;
    expect(many ? !layer.inputs.empty() : layer.inputs.size() == count,
           "has a wrong number of inputs");
    for (TensorId id : layer.inputs) read(id);
    write(layer.output);
    const bool float_in = layer.op == LayerOp::kHostQuantize;
    const bool any_in = layer.op == LayerOp::kHostSoftmax || layer.op == LayerOp::kHostArgMax;
    const bool float_out = any_in || layer.op == LayerOp::kHostDequantize;
    for (TensorId id : layer.inputs) {
      expect(any_in || net_.tensor(id).is_float == float_in, "has an input of the wrong type");
    }
    expect(net_.tensor(layer.output).is_float == float_out, "has an output of the wrong type");
    const int32_t bits = has_clamp(layer.op) ? net_.tensor(layer.output).bits : 8;
    expect(in_range_of(layer.clamp_low, bits) && layer.clamp_low <= layer.clamp_high &&
               in_range_of(layer.clamp_high, bits),
           "clamp bounds are outside its codes or crossed");
    check_shape(layer, net_.tensor(layer.inputs[0]), net_.tensor(layer.output));
  }

  void check_shape(const Layer& layer, const NetTensor& in, const NetTensor& out) const {
    switch (layer.op) {
      case LayerOp::kConv:
        return check_conv(layer, in, out);
      case LayerOp::kAdd:
        return expect(same_dims(in, out) && same_dims(net_.tensor(layer.inputs[1]), out),
                      "operands differ in shape");
      case LayerOp::kMaxPool:
        expect(in.bits == out.bits && (!net_.has_values || in.quant == out.quant),
               "changes the quantization");
        [[fallthrough]];
      case LayerOp::kAveragePool:
        expect(in.c == out.c, "changes the channels");
        return check_window(layer.window, in, out);
      case LayerOp::kRescale: {
        const Window& w = layer.window;
        expect(w.kh == 1 && w.kw == 1 && w.stride_h == 1 && w.stride_w == 1 && in.c == out.c,
               "has a window that is more than padding");
        return check_window(w, in, out);
      }
      case LayerOp::kConcat:
        return check_concat(layer, out);
      case LayerOp::kHostPermute:
        return check_permute(layer, out);
      case LayerOp::kHostTable:
        expect(same_dims(in, out), "changes the shape");
        return check_table(layer, out);
      case LayerOp::kHostAdd:
      case LayerOp::kHostSub:
      case LayerOp::kHostMul:
      case LayerOp::kHostDiv:
        return check_pair(in, net_.tensor(layer.inputs[1]), out);
      case LayerOp::kHostResize:
        return check_resize(layer, in, out);
      case LayerOp::kHostLrn: {
        const Normalization& norm = layer.normalization;
        expect(norm.size >= 1 && std::isfinite(norm.alpha) && std::isfinite(norm.beta) &&
                   std::isfinite(norm.bias),
               "has a normalization without size or with constants that are not finite");
        return expect(same_dims(in, out), "changes the shape");
      }
      case LayerOp::kHostArgMax:
        return expect(in.n == out.n && in.h == out.h && in.w == out.w && out.c == 1,
                      "changes the shape beyond its channels");
      case LayerOp::kHostQlinearSoftmax:
        expect(out.bits == 8, "gives codes of less than 8 bits");
        [[fallthrough]];
      case LayerOp::kHostQuantize:
      case LayerOp::kHostDequantize:
      case LayerOp::kHostSoftmax:
        return expect(same_dims(in, out), "changes the shape");
    }
  }

  static bool same_dims(const NetTensor& a, const NetTensor& b) {
    return a.n == b.n && a.h == b.h && a.w == b.w && a.c == b.c;
  }

  void check_window(const Window& w, const NetTensor& in, const NetTensor& out) const {
    expect(std::min({w.kh, w.kw, w.stride_h, w.stride_w, w.dilation_h, w.dilation_w}) >= 1 &&
               std::min({w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}) >= 0,
           "has a window field out of range");
    auto extent = [](int32_t size, int32_t pads, int32_t kernel, int32_t dilation, int32_t stride) {
      const int64_t room = int64_t{size} + pads - int64_t{dilation} * (kernel - 1) - 1;
      return room < 0 ? 0 : room / stride + 1;
    };
    expect(in.n == out.n &&
               out.h == extent(in.h, w.pad_top + w.pad_bottom, w.kh, w.dilation_h, w.stride_h) &&
               out.w == extent(in.w, w.pad_left + w.pad_right, w.kw, w.dilation_w, w.stride_w),
           "output shape does not follow from its window");
  }

  void check_conv(const Layer& layer, const NetTensor& in, const NetTensor& out) const {
    expect(layer.groups >= 1 && in.c % layer.groups == 0 && out.c % layer.groups == 0,
           "groups do not divide the channels");
    check_window(layer.window, in, out);
    const auto channels = static_cast<size_t>(net_.has_values ? out.c : 0);
    const size_t taps = static_cast<size_t>(layer.window.kh) * static_cast<size_t>(layer.window.kw);
    expect(layer.weights.size() == channels * taps * static_cast<size_t>(in.c / layer.groups),
           "has a wrong number of weights");
    expect(layer.weight_zero_point.size() == channels && layer.weight_scale.size() == channels &&
               layer.bias.size() == channels,
           "has a wrong number of per-channel parameters");
    check_bits(layer.weight_bits);
    for (int32_t zero : layer.weight_zero_point) {
      expect(in_range_of(zero, layer.weight_bits), "has a weight zero point outside its codes");
    }
    for (int8_t weight : layer.weights) {
      expect(in_range_of(weight, layer.weight_bits), "has a weight outside its codes");
    }
    for (float scale : layer.weight_scale) {
      expect(scale > 0 && std::isfinite(scale),
             "has a weight scale that is not positive and finite");
    }
  }

  void check_concat(const Layer& layer, const NetTensor& out) const {
    int64_t channels = 0;
    for (TensorId id : layer.inputs) {
      const NetTensor& in = net_.tensor(id);
      expect(in.n == out.n && in.h == out.h && in.w == out.w, "operands differ in n, h or w");
      channels += in.c;
    }
    expect(channels == out.c, "channels do not add up");
  }

  void check_permute(const Layer& layer, const NetTensor& out) const {
    int64_t elements = 0;
    for (TensorId id : layer.inputs) {
      const NetTensor& in = net_.tensor(id);
      elements += in.elements();
      expect(in.bits == out.bits && (!net_.has_values || in.quant == out.quant),
             "changes the quantization");
    }
    expect(static_cast<int64_t>(layer.permutation.size()) == out.elements(),
           "has a wrong permutation");
    for (int32_t index : layer.permutation) {
      expect(index >= 0 && index < elements, "permutation points outside its inputs");
    }
  }

  void check_table(const Layer& layer, const NetTensor& out) const {
    const size_t size = layer.table.size();
    expect(net_.has_values ? size == 256 || size == size_t{256} * static_cast<size_t>(out.c)
                           : size == 0,
           "has a wrong number of table entries");
    for (int8_t code : layer.table) {
      expect(code >= layer.clamp_low && code <= layer.clamp_high,
             "has a table entry outside its clamp bounds");
    }
  }

  void check_pair(const NetTensor& a, const NetTensor& b, const NetTensor& out) const {
    for (int32_t NetTensor::*dim : {&NetTensor::n, &NetTensor::h, &NetTensor::w, &NetTensor::c}) {
      const int32_t most = std::max(a.*dim, b.*dim);
      expect((a.*dim == most || a.*dim == 1) && (b.*dim == most || b.*dim == 1) && out.*dim == most,
             "operands do not broadcast to the output's shape");
    }
  }

  void check_resize(const Layer& layer, const NetTensor& in, const NetTensor& out) const {
    expect(in.bits == out.bits && (!net_.has_values || in.quant == out.quant),
           "changes the quantization");
    expect(in.n == out.n && in.c == out.c, "changes images or channels");
    const auto check_axis = [&](const std::vector<Interpolation>& axis, int32_t from, int32_t to) {
      expect(axis.size() == static_cast<size_t>(to), "has a wrong number of interpolations");
      for (const auto& [first, second, weight] : axis) {
        expect(std::min(first, second) >= 0 && std::max(first, second) < from,
               "interpolates outside its input");
        expect(weight >= 0 && weight <= 1 << kInterpolationBits,
               "has a weight of interpolation outside [0, 1]");
      }
    };
    check_axis(layer.rows, in.h, out.h);
    check_axis(layer.columns, in.w, out.w);
  }

  const IntegerNetwork& net_;
  std::vector<bool> written_;
  std::string where_;
};

}  // namespace

void IntegerNetwork::check() const { Checker(*this).run(); }

}  // namespace qsim
