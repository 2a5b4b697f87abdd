// The state of export_onnx(), private to compiler/onnx.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "compiler/onnx/export.h"
#include "compiler/onnx/model_writer.h"

namespace qsim {

class Exporter;

// How a layer's operator becomes nodes.
struct ExportRow {
  LayerOp op;
  void (Exporter::*write)(const Layer& layer);
};

class Exporter {
 public:
  Exporter(const IntegerNetwork& network, const ExportOptions& options);
  void run();
  void save(const std::string& path) const { writer_.save(path); }

 private:
  // The rows of all operators that can be exported.
  static std::span<const ExportRow> rows();
  static const ExportRow* find_row(LayerOp op);
  bool can_export(const Layer& layer) const;
  void check() const;

  void write_inputs();
  void write_outputs();

  void conv(const Layer& layer);
  void pair(const Layer& layer);
  void max_pool(const Layer& layer);
  void average_pool(const Layer& layer);
  void rescale(const Layer& layer);
  void concat(const Layer& layer);
  void permute(const Layer& layer);
  void quantize(const Layer& layer);
  void dequantize(const Layer& layer);
  void softmax(const Layer& layer);
  void qlinear_softmax(const Layer& layer);

  std::string write_weights(const Layer& layer);
  std::string write_bias(const Layer& layer);
  // Clamps the real value to what `layer` keeps its output in, then quantizes it.
  void finish(const Layer& layer, std::string real);
  // QuantizeLinear, and a Clip to the codes [low, high] (ours) unless they are all that 8 bits
  // have; then DequantizeLinear.
  void write_codes(TensorId id, const std::string& real, int32_t low, int32_t high);
  void write_dequantize(TensorId id, const std::string& codes);

  const NetTensor& tensor(TensorId id) const { return network_.tensor(id); }
  bool is_output(TensorId id) const;
  // Whether the ONNX value is codes that the file's user sees.
  bool is_public_code(TensorId id) const;
  // What the written codes are more than ours, and their type.
  int32_t offset(TensorId id) const;
  DataType code_type(TensorId id) const;
  // Names of the constants for scale and zero point of a tensor, shared by its Q and DQ.
  std::pair<std::string, std::string> parameters(TensorId id);
  const std::string& real(TensorId id) const { return reals_.at(id); }

  // From and to the shape and element order of the ONNX value.
  std::string to_nchw(const NetTensor& t, const std::string& value);
  std::string from_nchw(const NetTensor& t, const std::string& value, const std::string& result);

  const IntegerNetwork& network_;
  const ExportOptions options_;
  ModelWriter writer_;
  std::map<TensorId, std::string> reals_;  // the value in reals, [n, c, h, w]
  std::map<TensorId, std::string> codes_;  // the codes behind it
  std::map<TensorId, std::pair<std::string, std::string>> parameters_;
};

}  // namespace qsim
