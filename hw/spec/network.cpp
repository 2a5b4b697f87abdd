#include "hw/spec/network.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <stdexcept>

#include "hw/spec/packing.h"

namespace qsim {
namespace {

constexpr const char* kOpNames[] = {
    "conv",         "add",           "max_pool",        "average_pool", "rescale",
    "concat",       "host_quantize", "host_dequantize", "host_softmax", "host_qlinear_softmax",
    "host_permute", "host_table",    "host_add",        "host_sub",     "host_mul",
    "host_div",     "host_resize",   "host_lrn",        "host_arg_max"};
static_assert(std::size(kOpNames) == static_cast<size_t>(kLastLayerOp) + 1);

std::string dims_text(const NetTensor& t) {
  return std::to_string(t.n) + "x" + std::to_string(t.h) + "x" + std::to_string(t.w) + "x" +
         std::to_string(t.c);
}

std::string quant_text(const IntegerNetwork& network, const NetTensor& t) {
  if (t.is_float) return "float32";
  const std::string type = "int" + std::to_string(t.bits);
  if (!network.has_values) return type;
  char text[64];
  std::snprintf(text, sizeof text, " scale %.9g zero %d", static_cast<double>(t.quant.scale),
                t.quant.zero_point);
  return type + text;
}

std::string window_text(const Window& w) {
  auto pair = [](int32_t a, int32_t b) { return std::to_string(a) + "x" + std::to_string(b); };
  std::string text = pair(w.kh, w.kw);
  if (w.stride_h != 1 || w.stride_w != 1) text += " stride " + pair(w.stride_h, w.stride_w);
  if (w.dilation_h != 1 || w.dilation_w != 1)
    text += " dilation " + pair(w.dilation_h, w.dilation_w);
  if (w.pad_top != 0 || w.pad_left != 0 || w.pad_bottom != 0 || w.pad_right != 0) {
    text += " pad " + std::to_string(w.pad_top) + "," + std::to_string(w.pad_left) + "," +
            std::to_string(w.pad_bottom) + "," + std::to_string(w.pad_right);
  }
  return text;
}

std::string layer_text(const IntegerNetwork& network, const Layer& layer) {
  std::string text = std::string("layer ") + layer.name + ": " + name_of(layer.op);
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    text += (i == 0 ? " " : ", ") + network.tensor(layer.inputs[i]).name;
  }
  text += " -> " + network.tensor(layer.output).name;
  const bool windowed = layer.op == LayerOp::kConv || layer.op == LayerOp::kMaxPool ||
                        layer.op == LayerOp::kAveragePool || layer.op == LayerOp::kRescale;
  if (windowed) text += "  " + window_text(layer.window);
  if (layer.groups != 1) text += " groups " + std::to_string(layer.groups);
  if (layer.count_include_pad) text += " count_include_pad";
  if (layer.is_sum) text += " sum";
  if (layer.takes_last) text += " last";
  if (layer.log) text += " log";
  if (layer.table.size() > 256) text += " tables " + std::to_string(layer.table.size() / 256);
  // Of ranges narrower than the codes'.
  const bool is_of_output = has_clamp(layer.op) || layer.op == LayerOp::kHostQuantize;
  const int32_t bits = is_of_output ? network.tensor(layer.output).bits : 8;
  if (layer.clamp_low != lowest_code(bits) || layer.clamp_high != highest_code(bits)) {
    text += " clamp [" + std::to_string(layer.clamp_low) + ", " + std::to_string(layer.clamp_high) +
            "]";
  }
  if (layer.weight_bits != 8) text += " weights int" + std::to_string(layer.weight_bits);
  if (layer.op == LayerOp::kConv) text += " macs " + std::to_string(mac_count(network, layer));
  return text;
}

}  // namespace

const char* name_of(LayerOp op) { return kOpNames[static_cast<int>(op)]; }

bool Layer::is_depthwise(const std::vector<NetTensor>& tensors) const {
  const NetTensor& in = tensors[static_cast<size_t>(inputs[0])];
  const NetTensor& out = tensors[static_cast<size_t>(output)];
  return op == LayerOp::kConv && groups > 1 && groups == in.c && groups == out.c;
}

int64_t mac_count(const IntegerNetwork& network, const Layer& layer) {
  if (layer.op != LayerOp::kConv) return 0;
  const int32_t depth = network.tensor(layer.inputs[0]).c / layer.groups;
  return network.tensor(layer.output).elements() * layer.window.kh * layer.window.kw * depth;
}

std::string to_text(const IntegerNetwork& network) {
  std::string text =
      "network " + network.name + (network.has_values ? "" : " (shapes only)") + "\n";
  for (const std::string& why : network.value_blockers) text += "no values: " + why + "\n";
  for (const NetTensor& t : network.tensors) {
    text += "tensor " + t.name + ": " + dims_text(t) + " " + quant_text(network, t) + "  (onnx " +
            to_text(t.onnx_shape) + " " + t.onnx_order + ")\n";
  }
  for (const Layer& layer : network.layers) text += layer_text(network, layer) + "\n";
  for (TensorId id : network.inputs) text += "input " + network.tensor(id).name + "\n";
  for (TensorId id : network.outputs) text += "output " + network.tensor(id).name + "\n";
  return text;
}

}  // namespace qsim
