// Q/DQ and the QLinear operators. Products and sums are of integers, exact in float32 below 2^24;
// scales are applied once, at the end.
#include <algorithm>
#include <cmath>

#include "compiler/float/kernels.h"
#include "compiler/float/quantized_nodes.h"

namespace qsim {
namespace {

// Codes minus zero point; `inner` elements share a channel.
std::vector<float> centre(const Activation& codes, const CodeParameters& p, int64_t inner) {
  std::vector<float> y(*codes.data);
  const size_t channels = p.scale.size();
  for (size_t i = 0; i < y.size(); ++i)
    y[i] -= p.zero_point[channels == 1 ? 0 : i / static_cast<size_t>(inner) % channels];
  return y;
}

Activation dequantize_operand(const Call& call, const CodeOperand& operand) {
  const CodeParameters p =
      read_parameters(call.graph, call.node, operand.scale, operand.zero_point);
  std::vector<float> y = centre(call.in(operand.value), p, 1);
  for (float& v : y) v *= p.scale[0];
  return make_activation(call.in(operand.value).shape, std::move(y));
}

float to_code(float steps, float zero_point, const CodeRange& range) {
  const double code = std::rint(steps) + double{zero_point};
  return static_cast<float>(std::clamp(code, range.low, range.high));
}

// Reals -> codes of the node's output.
Activation quantize_output(const Call& call, std::vector<float> reals) {
  const CodeOperand at = code_signature(call.node).output;
  const CodeParameters p = read_parameters(call.graph, call.node, at.scale, at.zero_point);
  const CodeRange range = code_range(call.output());
  for (float& v : reals) v = to_code(v / p.scale[0], p.zero_point[0], range);
  return make_activation(call.output_shape(), std::move(reals));
}

// Integer accumulators [outer][channels][inner] -> codes, M = sx * sw / sy in float32 as
// onnxruntime.
void requantize(const Call& call, float input_scale, const std::vector<float>& weight_scale,
                int64_t inner, std::vector<float>& acc) {
  const CodeOperand at = code_signature(call.node).output;
  const CodeParameters p = read_parameters(call.graph, call.node, at.scale, at.zero_point);
  const CodeRange range = code_range(call.output());
  const size_t channels = weight_scale.size();
  for (size_t i = 0; i < acc.size(); ++i) {
    const float m = input_scale *
                    weight_scale[channels == 1 ? 0 : i / static_cast<size_t>(inner) % channels] /
                    p.scale[0];
    acc[i] = to_code(acc[i] * m, p.zero_point[0], range);
  }
}

int64_t inner_size(const Shape& shape, size_t axis) {
  return element_count(Shape(shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end()));
}

}  // namespace

Activation run_quantize_linear(const Call& call) {
  const CodeParameters p = read_parameters(call.graph, call.node, 1, 2);
  const CodeRange range = code_range(call.output());
  const ScaleIndex index(call.graph, call.node);
  std::vector<float> y(*call.in(0).data);
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t c = index(i);
    y[i] = to_code(y[i] / p.scale[c], p.zero_point[c], range);
  }
  return make_activation(call.output_shape(), std::move(y));
}

Activation run_dequantize_linear(const Call& call) {
  const CodeParameters p = read_parameters(call.graph, call.node, 1, 2);
  const ScaleIndex index(call.graph, call.node);
  std::vector<float> y(*call.in(0).data);
  for (size_t i = 0; i < y.size(); ++i) {
    const size_t c = index(i);
    y[i] = (y[i] - p.zero_point[c]) * p.scale[c];
  }
  return make_activation(call.output_shape(), std::move(y));
}

Activation run_qlinear_conv(const Call& call) {
  const CodeParameters px = read_parameters(call.graph, call.node, 1, 2);
  const CodeParameters pw = read_parameters(call.graph, call.node, 4, 5);
  const Activation x = make_activation(call.in(0).shape, centre(call.in(0), px, 1));
  const std::vector<float> w = centre(call.in(3), pw, inner_size(call.in(3).shape, 0));
  std::vector<float> acc =
      convolve(call, {x, w.data(), call.in(3).shape, call.has(8) ? call.in(8).begin() : nullptr},
               call.output_shape());
  requantize(call, px.scale[0], pw.scale, inner_size(call.output_shape(), 1), acc);
  return make_activation(call.output_shape(), std::move(acc));
}

Activation run_qlinear_matmul(const Call& call) {
  const CodeParameters pa = read_parameters(call.graph, call.node, 1, 2);
  const CodeParameters pb = read_parameters(call.graph, call.node, 4, 5);
  const Activation a = make_activation(call.in(0).shape, centre(call.in(0), pa, 1));
  const Activation b = make_activation(call.in(3).shape, centre(call.in(3), pb, 1));
  std::vector<float> acc = matmul(a, b, call.output_shape());
  requantize(call, pa.scale[0], pb.scale, 1, acc);
  return make_activation(call.output_shape(), std::move(acc));
}

Activation run_qgemm(const Call& call) {
  const CodeParameters pa = read_parameters(call.graph, call.node, 1, 2);
  const CodeParameters pb = read_parameters(call.graph, call.node, 4, 5);
  const float alpha = call.node.attr_float("alpha", 1.0f);
  // A per-channel scale runs along n: the rows of b when it is transposed.
  const int64_t inner = call.node.attr_int("transB", 0) != 0 ? call.in(3).shape[1] : 1;
  Activation acc = make_activation(call.output_shape(),
                                   gemm_product(call, centre(call.in(0), pa, 1), call.in(0).shape,
                                                centre(call.in(3), pb, inner), call.in(3).shape));
  if (call.has(6)) {
    acc = make_activation(call.output_shape(), broadcast(acc, call.in(6), call.output_shape(),
                                                         [](float p, float q) { return p + q; }));
  }
  std::vector<float> y(*acc.data);
  if (call.has(7)) {
    requantize(call, alpha * pa.scale[0], pb.scale, 1, y);
  } else {
    for (size_t i = 0; i < y.size(); ++i)
      y[i] *= alpha * pa.scale[0] * pb.scale[i % pb.scale.size()];
  }
  return make_activation(call.output_shape(), std::move(y));
}

Activation run_qlinear_add(const Call& call) {
  const CodeSignature signature = code_signature(call.node);
  const Activation a = dequantize_operand(call, signature.inputs[0]);
  const Activation b = dequantize_operand(call, signature.inputs[1]);
  return quantize_output(
      call, broadcast(a, b, call.output_shape(), [](float p, float q) { return p + q; }));
}

Activation run_qlinear_mul(const Call& call) {
  const CodeSignature signature = code_signature(call.node);
  const Activation a = dequantize_operand(call, signature.inputs[0]);
  const Activation b = dequantize_operand(call, signature.inputs[1]);
  return quantize_output(
      call, broadcast(a, b, call.output_shape(), [](float p, float q) { return p * q; }));
}

Activation run_qlinear_unary(const Call& call) {
  std::vector<float> y = *dequantize_operand(call, code_signature(call.node).inputs[0]).data;
  const float slope = call.node.attr_float("alpha", 0.01f);
  const bool is_sigmoid = call.node.op == "QLinearSigmoid";
  for (float& v : y) v = is_sigmoid ? 1 / (1 + std::exp(-v)) : v < 0 ? v * slope : v;
  return quantize_output(call, std::move(y));
}

Activation run_qlinear_reduce_mean(const Call& call) {
  const Activation x = dequantize_operand(call, code_signature(call.node).inputs[0]);
  return quantize_output(call, *run_reduce({call.graph, call.node, {&x}}).data);
}

Activation run_qlinear_average_pool(const Call& call) {
  const bool global = call.node.op == "QLinearGlobalAveragePool";
  const Activation x = dequantize_operand(call, code_signature(call.node).inputs[0]);
  return quantize_output(call, average(call, x, call.output_shape(), global));
}

Activation run_qlinear_concat(const Call& call) {
  std::vector<Activation> reals;
  for (const CodeOperand& operand : code_signature(call.node).inputs)
    reals.push_back(dequantize_operand(call, operand));
  std::vector<const Activation*> inputs;
  for (const Activation& real : reals) inputs.push_back(&real);
  const size_t axis = wrap_axis(call.node.attr_int("axis", 1), call.output_shape().size());
  return quantize_output(call, concatenate(inputs, axis, call.output_shape()));
}

Activation run_qlinear_where(const Call& call) {
  const CodeSignature signature = code_signature(call.node);
  const Activation x = dequantize_operand(call, signature.inputs[0]);
  const Activation y = dequantize_operand(call, signature.inputs[1]);
  return quantize_output(call, choose(call.in(0), x, y, call.output_shape()));
}

Activation run_qlinear_softmax(const Call& call) {
  const Activation x = dequantize_operand(call, code_signature(call.node).inputs[0]);
  const Activation y = run_softmax({call.graph, call.node, {&x}});
  return quantize_output(call, *y.data);
}

}  // namespace qsim
