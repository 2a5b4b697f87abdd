// Shape functions, by family. Each checks a node's inputs as far as its shape and the meaning of
// the operator depend on them, and sets the output's type and shape. Operator semantics:
// https://onnx.ai/onnx/operators, and for com.microsoft the contrib operator documentation of
// onnxruntime.
#pragma once

#include "compiler/onnx/node_view.h"

namespace qsim {

// infer_window.cpp
void infer_conv(NodeView& view);
void infer_conv_transpose(NodeView& view);
void infer_qlinear_conv(NodeView& view);
void infer_conv_integer(NodeView& view);
void infer_max_pool(NodeView& view);
void infer_average_pool(NodeView& view);
void infer_global_pool(NodeView& view);  // average and maximum
void infer_qlinear_average_pool(NodeView& view);
void infer_qlinear_global_average_pool(NodeView& view);

// infer_matmul.cpp
void infer_gemm(NodeView& view);
void infer_matmul(NodeView& view);
void infer_qlinear_matmul(NodeView& view);
void infer_matmul_integer(NodeView& view);
void infer_qgemm(NodeView& view);

// infer_elementwise.cpp
void infer_arithmetic(NodeView& view);  // Add, Sub, Mul, Div
void infer_sum(NodeView& view);         // Max and Min as well
void infer_relu(NodeView& view);
void infer_unary(NodeView& view);  // compiler/graph_unary.h
void infer_prelu(NodeView& view);
void infer_pow(NodeView& view);
void infer_clip(NodeView& view);
void infer_softmax(NodeView& view);  // LogSoftmax as well
void infer_batch_normalization(NodeView& view);
void infer_reduce(NodeView& view);  // ReduceMean, ReduceMax, ReduceSum
void infer_arg_max(NodeView& view);
void infer_lrn(NodeView& view);
void infer_same(NodeView& view);  // Identity
void infer_dropout(NodeView& view);
void infer_cast(NodeView& view);

// infer_layout.cpp
void infer_flatten(NodeView& view);
void infer_reshape(NodeView& view);
void infer_transpose(NodeView& view);
void infer_squeeze(NodeView& view);
void infer_unsqueeze(NodeView& view);
void infer_concat(NodeView& view);
void infer_pad(NodeView& view);

// infer_shape_chain.cpp
void infer_shape(NodeView& view);
void infer_constant(NodeView& view);
void infer_constant_of_shape(NodeView& view);

// infer_select.cpp
void infer_gather(NodeView& view);
void infer_slice(NodeView& view);
void infer_expand(NodeView& view);
void infer_depth_to_space(NodeView& view);
void infer_space_to_depth(NodeView& view);
void infer_resize(NodeView& view);  // Upsample as well
void infer_where(NodeView& view);
void infer_split(NodeView& view);  // checks only: see split.h

// Sizes of Split's parts, checked.
std::vector<int64_t> split_sizes(const NodeView& view);

// infer_quantize.cpp
void infer_quantize_linear(NodeView& view);
void infer_dequantize_linear(NodeView& view);
void infer_dynamic_quantize_linear(NodeView& view);  // one part: see split.h
void infer_qlinear_add(NodeView& view);              // QLinearMul as well
void infer_qlinear_unary(NodeView& view);
void infer_qlinear_reduce_mean(NodeView& view);
void infer_qlinear_softmax(NodeView& view);
void infer_qlinear_concat(NodeView& view);
void infer_qlinear_where(NodeView& view);

// Checks a scale and its zero point (which may be left out): constant, float32,
// finite and positive, of one element or, when `channels` > 1 allows it, one per channel. The zero
// point must have the scale's number of elements and the type `codes`, which is returned.
DataType check_quantization(const NodeView& view, size_t scale, size_t zero_point, DataType codes,
                            int64_t channels = 1);

// Checks the zero points `activation` and `weight` of inputs 0 and 1, each of which may be left
// out: that of input 0 has one element, constant or not; the weights' is constant, with one element
// or one per channel.
void check_zero_points(const NodeView& view, size_t activation, size_t weight, int64_t channels);

// The same for an output that may have another type than input 0: the zero point's.
DataType check_output_quantization(const NodeView& view, size_t scale, size_t zero_point);

}  // namespace qsim
