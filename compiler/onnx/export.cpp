#include "compiler/onnx/export.h"

#include <algorithm>

#include "compiler/onnx/exporter.h"
#include "hw/spec/error.h"
#include "hw/spec/packing.h"

namespace qsim {
namespace {

Shape nchw(const NetTensor& t) { return {t.n, t.c, t.h, t.w}; }

int64_t extent(const NetTensor& t, char letter) {
  return letter == 'n' ? t.n : letter == 'h' ? t.h : letter == 'w' ? t.w : t.c;
}

// Letters of axes that are longer than 1: orders with the same ones are the same.
std::string long_axes(const NetTensor& t, const std::string& order) {
  std::string letters;
  for (char letter : order) {
    if (extent(t, letter) != 1) letters += letter;
  }
  return letters;
}

std::vector<int64_t> permutation(const std::string& from, const std::string& to) {
  std::vector<int64_t> result;
  for (char letter : to) result.push_back(static_cast<int64_t>(from.find(letter)));
  return result;
}

}  // namespace

Exporter::Exporter(const IntegerNetwork& network, const ExportOptions& options)
    : network_(network),
      options_(options),
      writer_(network.name, options.packs_weights ? 21 : 13, options.packs_weights ? 10 : 8) {}

const ExportRow* Exporter::find_row(LayerOp op) {
  const auto found = std::find_if(rows().begin(), rows().end(),
                                  [op](const ExportRow& row) { return row.op == op; });
  return found == rows().end() ? nullptr : &*found;
}

bool Exporter::can_export(const Layer& layer) const {
  if (layer.op == LayerOp::kHostQlinearSoftmax)  // of one type on both sides
    return code_type(layer.inputs[0]) == code_type(layer.output);
  if (layer.op == LayerOp::kAveragePool &&
      (layer.window.dilation_h != 1 || layer.window.dilation_w != 1))  // AveragePool of opset 19
    return false;
  if (layer.op == LayerOp::kAveragePool && layer.is_sum) {  // ReduceSum: over whole axes
    const NetTensor &in = tensor(layer.inputs[0]), &out = tensor(layer.output);
    const Window& w = layer.window;
    return (w.kh == 1 ? out.h == in.h : out.h == 1 && w.kh == in.h) &&
           (w.kw == 1 ? out.w == in.w : out.w == 1 && w.kw == in.w);
  }
  return find_row(layer.op) != nullptr;
}

void Exporter::check() const {
  if (!network_.has_values) throw Error(network_.name + ": has no values to export");
  std::string list;
  int count = 0;
  for (const Layer& layer : network_.layers) {
    if (can_export(layer)) continue;
    list += (count++ == 0 ? "" : ", ") + layer.name + " (" + name_of(layer.op) + ")";
  }
  if (count == 0) return;
  throw Error(network_.name + ": " + std::to_string(count) +
              (count == 1 ? " layer has" : " layers have") + " no form in QDQ ONNX here: " + list);
}

void Exporter::run() {
  check();
  for (TensorId id : network_.outputs) {
    const NetTensor& t = tensor(id);
    writer_.output(t.name, t.onnx_type, t.onnx_shape);
  }
  write_inputs();
  for (const Layer& layer : network_.layers) (this->*find_row(layer.op)->write)(layer);
  write_outputs();
}

void Exporter::write_inputs() {
  for (TensorId id : network_.inputs) {
    const NetTensor& t = tensor(id);
    writer_.input(t.name, t.onnx_type, t.onnx_shape);
  }
  for (TensorId id : network_.inputs) {
    const std::string value = to_nchw(tensor(id), tensor(id).name);
    if (tensor(id).is_float) {
      reals_[id] = value;
    } else {
      write_dequantize(id, value);
    }
  }
}

void Exporter::write_outputs() {
  for (TensorId id : network_.outputs) {
    const NetTensor& t = tensor(id);
    const std::string& value = t.is_float ? real(id) : codes_.at(id);
    from_nchw(t, value, t.name);
  }
}

std::string Exporter::to_nchw(const NetTensor& t, const std::string& value) {
  std::string result = value;
  const bool moves = long_axes(t, t.onnx_order) != long_axes(t, "nchw");
  Shape shape = nchw(t);
  if (moves) {
    for (size_t i = 0; i < 4; ++i) shape[i] = extent(t, t.onnx_order[i]);
  }
  if (shape != t.onnx_shape) {
    result = writer_.node("Reshape", {result, writer_.constant(value + ":shape", {4}, shape)},
                          writer_.unique(value + ":reshaped"));
  }
  if (!moves) return result;
  return writer_.node("Transpose", {result}, writer_.unique(value + ":nchw"),
                      {{"perm", permutation(t.onnx_order, "nchw")}});
}

std::string Exporter::from_nchw(const NetTensor& t, const std::string& value,
                                const std::string& result) {
  const bool moves = long_axes(t, t.onnx_order) != long_axes(t, "nchw");
  std::string current = value;
  Shape shape = nchw(t);
  if (moves) {
    for (size_t i = 0; i < 4; ++i) shape[i] = extent(t, t.onnx_order[i]);
    const bool is_last = shape == t.onnx_shape;
    current = writer_.node("Transpose", {current},
                           is_last ? result : writer_.unique(result + ":transposed"),
                           {{"perm", permutation("nchw", t.onnx_order)}});
    if (is_last) return current;
  }
  // Also where nothing changes: an output needs a node that gives it its name.
  const auto rank = static_cast<int64_t>(t.onnx_shape.size());
  return writer_.node("Reshape",
                      {current, writer_.constant(result + ":shape", {rank}, t.onnx_shape)}, result);
}

bool Exporter::is_output(TensorId id) const {
  return std::count(network_.outputs.begin(), network_.outputs.end(), id) != 0;
}

bool Exporter::is_public_code(TensorId id) const {
  return !tensor(id).is_float &&
         (is_output(id) || std::count(network_.inputs.begin(), network_.inputs.end(), id) != 0);
}

int32_t Exporter::offset(TensorId id) const {
  return is_public_code(id) ? tensor(id).onnx_offset : 1 << (tensor(id).bits - 1);
}

DataType Exporter::code_type(TensorId id) const {
  return is_public_code(id) ? tensor(id).onnx_type : DataType::kUint8;
}

std::pair<std::string, std::string> Exporter::parameters(TensorId id) {
  const auto found = parameters_.find(id);
  if (found != parameters_.end()) return found->second;
  const NetTensor& t = tensor(id);
  Tensor zero(code_type(id), {});
  zero.bytes[0] = static_cast<uint8_t>(t.quant.zero_point + offset(id));
  const std::string scale = writer_.constant(t.name + ":scale", {}, std::vector{t.quant.scale});
  return parameters_[id] = {scale, writer_.constant(t.name + ":zero_point", zero)};
}

void Exporter::write_codes(TensorId id, const std::string& real, int32_t low, int32_t high) {
  const NetTensor& t = tensor(id);
  const auto [scale, zero] = parameters(id);
  const bool is_clipped = low != lowest_code(8) || high != highest_code(8);
  const std::string name = writer_.unique(is_output(id) ? t.name + ":codes" : t.name);
  std::string codes = writer_.node("QuantizeLinear", {real, scale, zero},
                                   is_clipped ? writer_.unique(name + ":unclipped") : name);
  if (is_clipped) {
    Tensor bound(code_type(id), {});
    bound.bytes[0] = static_cast<uint8_t>(low + offset(id));
    const std::string least = writer_.constant(t.name + ":low", bound);
    bound.bytes[0] = static_cast<uint8_t>(high + offset(id));
    codes = writer_.node("Clip", {codes, least, writer_.constant(t.name + ":high", bound)}, name);
  }
  write_dequantize(id, codes);
}

void Exporter::write_dequantize(TensorId id, const std::string& codes) {
  const auto [scale, zero] = parameters(id);
  codes_[id] = codes;
  reals_[id] = writer_.node("DequantizeLinear", {codes, scale, zero},
                            writer_.unique(tensor(id).name + ":real"));
}

void Exporter::finish(const Layer& layer, std::string real) {
  const NetTensor& t = tensor(layer.output);
  const int32_t least = lowest_code(t.bits), most = highest_code(t.bits);
  const bool is_low = layer.clamp_low > least, is_high = layer.clamp_high < most;
  const auto bound = [&](int32_t code) {
    return static_cast<float>(code - t.quant.zero_point) * t.quant.scale;
  };
  if (is_low && !is_high && layer.clamp_low == t.quant.zero_point) {
    real = writer_.node("Relu", {real}, writer_.unique(t.name + ":relu"));
  } else if (is_low || is_high) {
    const auto constant = [&](const char* name, int32_t code) {
      return writer_.constant(t.name + name, {}, std::vector{bound(code)});
    };
    std::vector<std::string> inputs = {
        real, is_low ? constant(":least", layer.clamp_low) : std::string()};
    if (is_high) inputs.push_back(constant(":most", layer.clamp_high));
    real = writer_.node("Clip", inputs, writer_.unique(t.name + ":clamped"));
  }
  write_codes(layer.output, real, least, most);
}

void export_onnx(const IntegerNetwork& network, const std::string& path,
                 const ExportOptions& options) {
  Exporter exporter(network, options);
  exporter.run();
  exporter.save(path);
}

}  // namespace qsim
