#include "hw/spec/arithmetic_host.h"

#include <stdexcept>

#include "hw/spec/arithmetic.h"
#include "hw/spec/arithmetic_rows.h"
#include "hw/spec/packing.h"

namespace qsim {
namespace {

void quantize_all(const Tensor& in, const NetTensor& to, Tensor& out) {
  quantize_row(in.data<float>(), to.quant.scale, static_cast<size_t>(out.size()),
               to.quant.zero_point, lowest_code(to.bits), highest_code(to.bits),
               out.data<int8_t>());
}

void dequantize_all(const Tensor& in, Quantization from, float* values) {
  const int8_t* codes = in.data<int8_t>();
  const int64_t count = in.size();
  for (int64_t i = 0; i < count; ++i) {
    values[i] = dequantize(codes[i], from.scale, from.zero_point);
  }
}

void softmax_all(const Tensor& in, const NetTensor& from, bool log, Tensor& out) {
  const auto channels = static_cast<size_t>(from.c);
  std::vector<float> values(static_cast<size_t>(in.size()));
  if (from.is_float) {
    values = in.as_floats();
  } else {
    dequantize_all(in, from.quant, values.data());
  }
  for (size_t i = 0; i < values.size(); i += channels) {
    softmax(values.data() + i, channels, log, out.data<float>() + i);
  }
}

void qlinear_softmax_all(const Tensor& in, const NetTensor& from, Quantization to, Tensor& out) {
  const auto channels = static_cast<size_t>(from.c);
  for (int64_t i = 0; i < in.size(); i += from.c) {
    qlinear_softmax(in.data<int8_t>() + i, channels, from.quant.scale, to.scale, to.zero_point,
                    out.data<int8_t>() + i);
  }
}

void permute_all(const IntegerNetwork& network, const Layer& layer,
                 const std::vector<const Tensor*>& inputs, int64_t samples, int8_t* out) {
  std::vector<int8_t> joined;
  for (int64_t sample = 0; sample < samples; ++sample) {
    joined.clear();
    for (size_t i = 0; i < inputs.size(); ++i) {
      const int64_t elements = network.tensor(layer.inputs[i]).elements();
      const int8_t* from = inputs[i]->data<int8_t>() + sample * elements;
      joined.insert(joined.end(), from, from + elements);
    }
    for (int32_t index : layer.permutation) *out++ = joined[static_cast<size_t>(index)];
  }
}

}  // namespace

Tensor run_host_layer(const IntegerNetwork& network, const Layer& layer,
                      const std::vector<const Tensor*>& inputs) {
  const NetTensor& from = network.tensor(layer.inputs[0]);
  const NetTensor& to = network.tensor(layer.output);
  const int64_t samples = inputs[0]->size() / from.elements();
  Tensor out(to.is_float ? DataType::kFloat : DataType::kInt8, {samples * to.n, to.h, to.w, to.c});
  switch (layer.op) {
    case LayerOp::kHostQuantize:
      quantize_all(*inputs[0], to, out);
      break;
    case LayerOp::kHostDequantize:
      dequantize_all(*inputs[0], from.quant, out.data<float>());
      break;
    case LayerOp::kHostSoftmax:
      softmax_all(*inputs[0], from, layer.log, out);
      break;
    case LayerOp::kHostQlinearSoftmax:
      qlinear_softmax_all(*inputs[0], from, to.quant, out);
      break;
    case LayerOp::kHostPermute:
      permute_all(network, layer, inputs, samples, out.data<int8_t>());
      break;
    default:
      throw std::logic_error("layer " + layer.name + ": is not a host layer");
  }
  return out;
}

}  // namespace qsim
