#include "compiler/float/kernels.h"

#include "compiler/graph_unary.h"

namespace qsim {
namespace {

struct Row {
  std::string_view op;
  Kernel kernel;
};

constexpr Row kKernels[] = {
    {"Add", run_add},
    {"ArgMax", run_arg_max},
    {"AveragePool", run_average_pool},
    {"BatchNormalization", run_batch_normalization},
    {"Cast", run_view},  // between float types; others are folded or refused by the importer
    {"Clip", run_clip},
    {"Concat", run_concat},
    {"Conv", run_conv},
    {"ConvInteger", run_conv_integer},
    {"ConvTranspose", run_conv_transpose},
    {"DepthToSpace", run_select},
    {"DequantizeLinear", run_dequantize_linear},
    {"Div", run_div},
    {"Dropout", run_view},
    {"DynamicQuantizeLinear", run_dynamic_quantize_linear},
    {"Expand", run_select},
    {"Flatten", run_view},
    {"Gather", run_select},
    {"Gemm", run_gemm},
    {"GlobalAveragePool", run_global_average_pool},
    {"GlobalMaxPool", run_max_pool},
    {"Identity", run_view},
    {"LRN", run_lrn},
    {"LogSoftmax", run_softmax},
    {"MatMul", run_matmul},
    {"MatMulInteger", run_matmul_integer},
    {"Max", run_extreme},
    {"MaxPool", run_max_pool},
    {"Min", run_extreme},
    {"Mul", run_mul},
    {"PRelu", run_prelu},
    {"Pad", run_pad},
    {"Pow", run_pow},
    {"QGemm", run_qgemm},
    {"QLinearAdd", run_qlinear_add},
    {"QLinearAveragePool", run_qlinear_average_pool},
    {"QLinearConcat", run_qlinear_concat},
    {"QLinearConv", run_qlinear_conv},
    {"QLinearGlobalAveragePool", run_qlinear_average_pool},
    {"QLinearLeakyRelu", run_qlinear_unary},
    {"QLinearMatMul", run_qlinear_matmul},
    {"QLinearMul", run_qlinear_mul},
    {"QLinearReduceMean", run_qlinear_reduce_mean},
    {"QLinearSigmoid", run_qlinear_unary},
    {"QLinearSoftmax", run_qlinear_softmax},
    {"QLinearWhere", run_qlinear_where},
    {"QuantizeLinear", run_quantize_linear},
    {"ReduceMax", run_reduce},
    {"ReduceMean", run_reduce},
    {"ReduceSum", run_reduce},
    {"Relu", run_relu},
    {"Reshape", run_view},
    {"Resize", run_resize},
    {"Slice", run_select},
    {"Softmax", run_softmax},
    {"SpaceToDepth", run_select},
    {"Squeeze", run_view},
    {"Sub", run_sub},
    {"Sum", run_add},
    {"Transpose", run_transpose},
    {"Unsqueeze", run_view},
    {"Upsample", run_resize},
    {"Where", run_where},
};

}  // namespace

Kernel find_kernel(std::string_view op) {
  for (const Row& row : kKernels) {
    if (row.op == op) return row.kernel;
  }
  return is_unary(op) ? run_unary : nullptr;
}

Activation make_activation(Shape shape, std::vector<float> values) {
  return {std::move(shape), std::make_shared<const std::vector<float>>(std::move(values))};
}

size_t wrap_axis(int64_t axis, size_t rank) {
  return static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis);
}

std::vector<int64_t> Call::ints(const char* name, size_t i) const {
  return integer_parameter(graph, node, name, i);
}

}  // namespace qsim
