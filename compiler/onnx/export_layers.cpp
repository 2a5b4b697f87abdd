// The operators that export_onnx() knows, a function each. Values are [n, c, h, w].
#include <algorithm>
#include <array>
#include <functional>

#include "compiler/onnx/exporter.h"
#include "hw/spec/packing.h"

namespace qsim {
namespace {

using Attributes = std::map<std::string, WrittenAttribute>;
using Ints = std::vector<int64_t>;

bool has_padding(const Window& w) {
  return (w.pad_top | w.pad_left | w.pad_bottom | w.pad_right) != 0;
}

Attributes window_attributes(const Window& w) {
  return {{"kernel_shape", Ints{w.kh, w.kw}},
          {"strides", Ints{w.stride_h, w.stride_w}},
          {"pads", Ints{w.pad_top, w.pad_left, w.pad_bottom, w.pad_right}}};
}

template <typename T>
bool all_equal(const std::vector<T>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}

}  // namespace

std::span<const ExportRow> Exporter::rows() {
  static constexpr std::array kRows = {
      ExportRow{LayerOp::kConv, &Exporter::conv},
      ExportRow{LayerOp::kAdd, &Exporter::pair},
      ExportRow{LayerOp::kMaxPool, &Exporter::max_pool},
      ExportRow{LayerOp::kAveragePool, &Exporter::average_pool},
      ExportRow{LayerOp::kRescale, &Exporter::rescale},
      ExportRow{LayerOp::kConcat, &Exporter::concat},
      ExportRow{LayerOp::kHostQuantize, &Exporter::quantize},
      ExportRow{LayerOp::kHostDequantize, &Exporter::dequantize},
      ExportRow{LayerOp::kHostSoftmax, &Exporter::softmax},
      ExportRow{LayerOp::kHostQlinearSoftmax, &Exporter::qlinear_softmax},
      ExportRow{LayerOp::kHostPermute, &Exporter::permute},
      ExportRow{LayerOp::kHostAdd, &Exporter::pair},
      ExportRow{LayerOp::kHostSub, &Exporter::pair},
      ExportRow{LayerOp::kHostMul, &Exporter::pair},
      ExportRow{LayerOp::kHostDiv, &Exporter::pair},
  };
  return kRows;
}

void Exporter::conv(const Layer& layer) {
  std::vector<std::string> inputs = {real(layer.inputs[0]), write_weights(layer)};
  if (std::any_of(layer.bias.begin(), layer.bias.end(), [](int32_t b) { return b != 0; }))
    inputs.push_back(write_bias(layer));
  Attributes attributes = window_attributes(layer.window);
  attributes["dilations"] = Ints{layer.window.dilation_h, layer.window.dilation_w};
  attributes["group"] = int64_t{layer.groups};
  finish(layer, writer_.node("Conv", inputs, writer_.unique(layer.name + ":sum"), attributes));
}

std::string Exporter::write_weights(const Layer& layer) {
  const int32_t bits = layer.weight_bits;
  const bool is_signed = std::all_of(layer.weight_zero_point.begin(), layer.weight_zero_point.end(),
                                     [](int z) { return z == 0; });
  const int32_t offset = is_signed ? 0 : 1 << (bits - 1);
  const DataType type = is_signed ? DataType::kInt8 : DataType::kUint8;
  const bool is_packed = bits == 4 && options_.packs_weights;

  const Window& w = layer.window;
  const int64_t outputs = tensor(layer.output).c, taps = int64_t{w.kh} * w.kw;
  const int64_t inputs = tensor(layer.inputs[0]).c / layer.groups;
  Tensor weights(type, {outputs, inputs, w.kh, w.kw});
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t tap = 0; tap < taps; ++tap)
      for (int64_t i = 0; i < inputs; ++i)
        weights.bytes[static_cast<size_t>((o * inputs + i) * taps + tap)] = static_cast<uint8_t>(
            layer.weights[static_cast<size_t>((o * taps + tap) * inputs + i)] + offset);
  std::string codes = writer_.constant(layer.name + ":weights", weights, is_packed ? 4 : 8);
  if (bits != 8 && !is_packed) {
    Tensor bound(type, {});
    bound.bytes[0] = static_cast<uint8_t>(lowest_code(bits) + offset);
    const std::string least = writer_.constant(layer.name + ":weights:low", bound);
    bound.bytes[0] = static_cast<uint8_t>(highest_code(bits) + offset);
    const std::string most = writer_.constant(layer.name + ":weights:high", bound);
    codes = writer_.node("Clip", {codes, least, most}, writer_.unique(codes + ":clipped"));
  }

  const bool is_one = all_equal(layer.weight_scale) && all_equal(layer.weight_zero_point);
  const size_t count = is_one ? 1 : layer.weight_scale.size();
  const Shape shape = is_one ? Shape{} : Shape{static_cast<int64_t>(count)};
  Tensor zeros(type, shape);
  for (size_t o = 0; o < count; ++o)
    zeros.bytes[o] = static_cast<uint8_t>(layer.weight_zero_point[o] + offset);
  const std::string scale =
      writer_.constant(layer.name + ":weights:scale", shape,
                       std::vector(layer.weight_scale.begin(),
                                   layer.weight_scale.begin() + static_cast<int>(count)));
  const std::string zero =
      writer_.constant(layer.name + ":weights:zero_point", zeros, is_packed ? 4 : 8);
  return writer_.node("DequantizeLinear", {codes, scale, zero},
                      writer_.unique(layer.name + ":weights:real"), {{"axis", int64_t{0}}});
}

std::string Exporter::write_bias(const Layer& layer) {
  const auto channels = static_cast<int64_t>(layer.bias.size());
  Tensor codes(DataType::kInt32, {channels});
  std::copy(layer.bias.begin(), layer.bias.end(), codes.data<int32_t>());
  std::vector<float> scale;
  for (float of_weights : layer.weight_scale)
    scale.push_back(tensor(layer.inputs[0]).quant.scale * of_weights);
  const bool is_one = all_equal(scale);
  if (is_one) scale.resize(1);
  const std::string name = layer.name + ":bias";
  const std::string stored = writer_.constant(name, codes);
  const std::string scales =
      writer_.constant(name + ":scale", is_one ? Shape{} : Shape{channels}, scale);
  return writer_.node("DequantizeLinear", {stored, scales}, writer_.unique(name + ":real"),
                      {{"axis", int64_t{0}}});
}

void Exporter::pair(const Layer& layer) {
  const char* op = layer.op == LayerOp::kHostSub   ? "Sub"
                   : layer.op == LayerOp::kHostMul ? "Mul"
                   : layer.op == LayerOp::kHostDiv ? "Div"
                                                   : "Add";
  finish(layer, writer_.node(op, {real(layer.inputs[0]), real(layer.inputs[1])},
                             writer_.unique(layer.name + ":result")));
}

void Exporter::max_pool(const Layer& layer) {
  Attributes attributes = window_attributes(layer.window);
  attributes["dilations"] = Ints{layer.window.dilation_h, layer.window.dilation_w};
  finish(layer, writer_.node("MaxPool", {real(layer.inputs[0])},
                             writer_.unique(layer.name + ":result"), attributes));
}

void Exporter::average_pool(const Layer& layer) {
  if (layer.is_sum) {
    Ints axes;
    if (layer.window.kh > 1) axes.push_back(2);
    if (layer.window.kw > 1) axes.push_back(3);
    if (axes.empty()) axes.push_back(2);  // of one element; none would be all
    const std::string constant =
        writer_.constant(layer.name + ":axes", {static_cast<int64_t>(axes.size())}, axes);
    return finish(layer, writer_.node("ReduceSum", {real(layer.inputs[0]), constant},
                                      writer_.unique(layer.name + ":result")));
  }
  Attributes attributes = window_attributes(layer.window);
  attributes["count_include_pad"] = int64_t{layer.count_include_pad};
  finish(layer, writer_.node("AveragePool", {real(layer.inputs[0])},
                             writer_.unique(layer.name + ":result"), attributes));
}

void Exporter::rescale(const Layer& layer) {
  std::string value = real(layer.inputs[0]);
  const Window& w = layer.window;
  if (has_padding(w)) {
    const std::string pads =
        writer_.constant(layer.name + ":pads", {8},
                         Ints{0, 0, w.pad_top, w.pad_left, 0, 0, w.pad_bottom, w.pad_right});
    value = writer_.node("Pad", {value, pads}, writer_.unique(layer.name + ":padded"));
  }
  finish(layer, value);
}

void Exporter::concat(const Layer& layer) {
  std::vector<std::string> inputs;
  for (TensorId id : layer.inputs) inputs.push_back(real(id));
  finish(layer, writer_.node("Concat", inputs, writer_.unique(layer.name + ":result"),
                             {{"axis", int64_t{1}}}));
}

// Gather over the flat elements: both sides count in [n, c, h, w], the layer in NHWC.
void Exporter::permute(const Layer& layer) {
  const auto flat = [](const NetTensor& t, int64_t nhwc) {
    const int64_t c = nhwc % t.c, pixel = nhwc / t.c, area = int64_t{t.h} * t.w;
    return (pixel / area * t.c + c) * area + pixel % area;
  };
  std::vector<int64_t> from;  // NHWC index over all inputs -> index over their flat values
  std::vector<std::string> values;
  const std::string minus_one = writer_.constant(layer.name + ":flat", {1}, Ints{-1});
  for (TensorId id : layer.inputs) {
    const auto base = static_cast<int64_t>(from.size());
    for (int64_t i = 0; i < tensor(id).elements(); ++i) from.push_back(base + flat(tensor(id), i));
    values.push_back(
        writer_.node("Reshape", {real(id), minus_one}, writer_.unique(layer.name + ":elements")));
  }
  std::string value = values[0];
  if (values.size() > 1) {
    value =
        writer_.node("Concat", values, writer_.unique(layer.name + ":all"), {{"axis", int64_t{0}}});
  }
  const NetTensor& out = tensor(layer.output);
  std::vector<int64_t> indices(layer.permutation.size());
  for (size_t i = 0; i < indices.size(); ++i) {
    indices[static_cast<size_t>(flat(out, static_cast<int64_t>(i)))] =
        from[static_cast<size_t>(layer.permutation[i])];
  }
  const std::string gathered =
      writer_.constant(layer.name + ":indices", {static_cast<int64_t>(indices.size())}, indices);
  value = writer_.node("Gather", {value, gathered}, writer_.unique(layer.name + ":gathered"),
                       {{"axis", int64_t{0}}});
  const std::string shape =
      writer_.constant(layer.name + ":shape", {4}, Ints{out.n, out.c, out.h, out.w});
  value = writer_.node("Reshape", {value, shape}, writer_.unique(layer.name + ":result"));
  write_codes(layer.output, value, lowest_code(out.bits), highest_code(out.bits));
}

void Exporter::quantize(const Layer& layer) {
  write_codes(layer.output, real(layer.inputs[0]), layer.clamp_low, layer.clamp_high);
}

void Exporter::dequantize(const Layer& layer) { reals_[layer.output] = real(layer.inputs[0]); }

void Exporter::softmax(const Layer& layer) {
  reals_[layer.output] =
      writer_.node(layer.log ? "LogSoftmax" : "Softmax", {real(layer.inputs[0])},
                   writer_.unique(layer.name + ":result"), {{"axis", int64_t{1}}});
}

void Exporter::qlinear_softmax(const Layer& layer) {
  const auto [scale, zero] = parameters(layer.inputs[0]);
  const auto [result_scale, result_zero] = parameters(layer.output);
  write_dequantize(
      layer.output,
      writer_.microsoft_node(
          "QLinearSoftmax", {codes_.at(layer.inputs[0]), scale, zero, result_scale, result_zero},
          writer_.unique(layer.name + ":result"), {{"axis", int64_t{1}}, {"opset", int64_t{13}}}));
}

}  // namespace qsim
