#include "compiler/onnx/op_table.h"

#include <limits>

#include "compiler/onnx/fold.h"
#include "compiler/onnx/infer.h"

namespace qsim {
namespace {

constexpr size_t kAny = std::numeric_limits<size_t>::max();
constexpr const char* kMs = "com.microsoft";
constexpr OpsetRange kAll = {kMinOpset, kMaxOpset};
constexpr const char* kConvAttributes =
    "auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I";
constexpr const char* kConvTransposeAttributes =
    "auto_pad:s dilations:I group:i kernel_shape:I output_padding:I output_shape:I pads:I "
    "strides:I";
constexpr const char* kMaxPoolAttributes =
    "auto_pad:s ceil_mode:i dilations:I kernel_shape:I pads:I storage_order:i strides:I";
constexpr const char* kAveragePoolAttributes =
    "auto_pad:s ceil_mode:i count_include_pad:i dilations:I kernel_shape:I pads:I strides:I";
constexpr const char* kQLinearPoolAttributes =
    "auto_pad:s ceil_mode:i channels_last:i count_include_pad:i kernel_shape:I pads:I strides:I";
constexpr const char* kNormAttributes = "epsilon:f is_test:i momentum:f spatial:i training_mode:i";
constexpr const char* kReduceAttributes = "axes:I keepdims:i noop_with_empty_axes:i";
constexpr const char* kResizeAttributes =
    "antialias:i axes:I coordinate_transformation_mode:s cubic_coeff_a:f exclude_outside:i "
    "extrapolation_value:f keep_aspect_ratio_policy:s mode:s nearest_mode:s";
constexpr const char* kQuantizeAttributes =
    "axis:i saturate:i block_size:i output_dtype:i precision:i";
constexpr const char* kConstantAttributes =
    "value:t value_float:f value_floats:F value_int:i value_ints:I";

using enum FoldRule;

// clang-format off
constexpr Operator kOperators[] = {
  {"Abs", "", kAll, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"Add", "", kAll, kVectorUnit | kNeighbour | kHost | kFolded,
   2, 2, "", infer_arithmetic, kIfConstant, fold_arithmetic},
  {"ArgMax", "", kAll, kHost,
   1, 1, "axis:i keepdims:i select_last_index:i", infer_arg_max},
  {"AveragePool", "", kAll, kVectorUnit, 1, 1, kAveragePoolAttributes, infer_average_pool},
  {"BatchNormalization", "", kAll, kNeighbour | kVectorUnit,
   5, 5, kNormAttributes, infer_batch_normalization},
  {"Cast", "", kAll, kView | kFolded,
   1, 1, "to:i saturate:i round_mode:s", infer_cast, kIfConstant, fold_cast},
  {"Celu", "", {12, kMaxOpset}, kHost | kFolded,
   1, 1, "alpha:f", infer_unary, kIfConstant, fold_unary},
  {"Clip", "", kAll, kNeighbour | kVectorUnit, 1, 3, "min:f max:f", infer_clip},
  {"Concat", "", kAll, kVectorUnit | kHost | kFolded,
   1, kAny, "axis:i", infer_concat, kIfConstant, fold_concat},
  {"Constant", "", kAll, kFolded,
   0, 0, kConstantAttributes, infer_constant, kAlways, fold_constant},
  {"ConstantOfShape", "", {9, kMaxOpset}, kFolded,
   1, 1, "value:t", infer_constant_of_shape, kMustFold, fold_constant_of_shape},
  {"Conv", "", kAll, kArray | kVectorUnit, 2, 3, kConvAttributes, infer_conv},
  {"ConvInteger", "", {10, kMaxOpset}, kArray | kVectorUnit,
   2, 4, kConvAttributes, infer_conv_integer},
  {"ConvTranspose", "", kAll, kArray | kHost, 2, 3, kConvTransposeAttributes, infer_conv_transpose},
  {"DepthToSpace", "", kAll, kHost | kView | kFolded,
   1, 1, "blocksize:i mode:s", infer_depth_to_space, kIfConstant, fold_select},
  {"DequantizeLinear", "", {10, kMaxOpset}, kNeighbour | kHost,
   2, 3, kQuantizeAttributes, infer_dequantize_linear},
  {"Div", "", kAll, kVectorUnit | kNeighbour | kHost | kFolded,
   2, 2, "", infer_arithmetic, kIfConstant, fold_arithmetic},
  {"Dropout", "", kAll, kView | kFolded,
   1, 3, "is_test:i ratio:f seed:i", infer_dropout, kIfConstant, fold_view},
  {"DynamicQuantizeLinear", "", {11, kMaxOpset}, kNeighbour | kVectorUnit | kHost,
   1, 1, "output:i", infer_dynamic_quantize_linear},
  {"Elu", "", kAll, kHost | kFolded,
   1, 1, "alpha:f", infer_unary, kIfConstant, fold_unary},
  {"Erf", "", {9, kMaxOpset}, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"Exp", "", kAll, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"Expand", "", {8, kMaxOpset}, kHost | kView | kFolded,
   2, 2, "", infer_expand, kIfConstant, fold_select},
  {"Flatten", "", kAll, kView | kFolded, 1, 1, "axis:i", infer_flatten, kIfConstant, fold_view},
  {"Gather", "", kAll, kHost | kView | kFolded,
   2, 2, "axis:i", infer_gather, kIfConstant, fold_gather},
  {"Gelu", "", {20, kMaxOpset}, kHost | kFolded,
   1, 1, "approximate:s", infer_unary, kIfConstant, fold_unary},
  {"Gemm", "", kAll, kArray, 2, 3, "alpha:f beta:f broadcast:i transA:i transB:i", infer_gemm},
  {"GlobalAveragePool", "", kAll, kVectorUnit, 1, 1, "", infer_global_pool},
  {"GlobalMaxPool", "", kAll, kVectorUnit, 1, 1, "", infer_global_pool},
  {"HardSigmoid", "", kAll, kHost | kFolded,
   1, 1, "alpha:f beta:f", infer_unary, kIfConstant, fold_unary},
  {"HardSwish", "", {14, kMaxOpset}, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"Identity", "", kAll, kView | kFolded, 1, 1, "", infer_same, kIfConstant, fold_view},
  {"LRN", "", kAll, kHost, 1, 1, "alpha:f beta:f bias:f size:i", infer_lrn},
  {"LeakyRelu", "", kAll, kHost | kFolded,
   1, 1, "alpha:f", infer_unary, kIfConstant, fold_unary},
  {"Log", "", kAll, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"LogSoftmax", "", kAll, kHost, 1, 1, "axis:i", infer_softmax},
  {"MatMul", "", kAll, kArray, 2, 2, "", infer_matmul},
  {"MatMulInteger", "", {10, kMaxOpset}, kArray, 2, 4, "", infer_matmul_integer},
  {"Max", "", kAll, kNeighbour | kVectorUnit, 1, kAny, "", infer_sum},
  {"MaxPool", "", kAll, kVectorUnit, 1, 1, kMaxPoolAttributes, infer_max_pool},
  {"Min", "", kAll, kNeighbour | kVectorUnit, 1, kAny, "", infer_sum},
  {"Mish", "", {18, kMaxOpset}, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"Mul", "", kAll, kVectorUnit | kNeighbour | kHost | kFolded,
   2, 2, "", infer_arithmetic, kIfConstant, fold_arithmetic},
  {"Neg", "", kAll, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"PRelu", "", {7, kMaxOpset}, kHost,
   2, 2, "", infer_prelu},
  {"Pad", "", kAll, kNeighbour | kVectorUnit | kHost, 1, 4, "mode:s pads:I value:f", infer_pad},
  {"Pow", "", kAll, kHost | kFolded,
   2, 2, "", infer_pow, kIfConstant, fold_pow},
  {"QLinearConv", "", {10, kMaxOpset}, kArray | kVectorUnit,
   8, 9, kConvAttributes, infer_qlinear_conv},
  {"QLinearMatMul", "", {10, kMaxOpset}, kArray, 8, 8, "", infer_qlinear_matmul},
  {"QuantizeLinear", "", {10, kMaxOpset}, kNeighbour | kVectorUnit | kHost,
   2, 3, kQuantizeAttributes, infer_quantize_linear},
  {"Reciprocal", "", kAll, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"ReduceMax", "", kAll, kVectorUnit, 1, 2, kReduceAttributes, infer_reduce},
  {"ReduceMean", "", kAll, kVectorUnit, 1, 2, kReduceAttributes, infer_reduce},
  {"ReduceSum", "", kAll, kVectorUnit, 1, 2, kReduceAttributes, infer_reduce},
  {"Relu", "", kAll, kNeighbour | kVectorUnit, 1, 1, "", infer_relu},
  {"Reshape", "", kAll, kView | kFolded,
   2, 2, "allowzero:i", infer_reshape, kIfConstant, fold_view},
  {"Resize", "", {10, kMaxOpset}, kHost | kView | kFolded,
   2, 4, kResizeAttributes, infer_resize, kIfConstant, fold_select},
  {"Selu", "", kAll, kHost | kFolded,
   1, 1, "alpha:f gamma:f", infer_unary, kIfConstant, fold_unary},
  {"Shape", "", kAll, kFolded, 1, 1, "start:i end:i", infer_shape, kAlways, fold_shape},
  {"Sigmoid", "", kAll, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"Slice", "", kAll, kHost | kView | kFolded,
   1, 5, "axes:I ends:I starts:I", infer_slice, kIfConstant, fold_slice},
  {"Softmax", "", kAll, kHost, 1, 1, "axis:i", infer_softmax},
  {"Softplus", "", kAll, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"Softsign", "", kAll, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"SpaceToDepth", "", kAll, kHost | kView | kFolded,
   1, 1, "blocksize:i", infer_space_to_depth, kIfConstant, fold_select},
  {"Split", "", kAll, kHost | kView | kFolded,
   1, 2, "axis:i num_outputs:i split:I", infer_split, kIfConstant},
  {"Sqrt", "", kAll, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"Squeeze", "", kAll, kView | kFolded, 1, 2, "axes:I", infer_squeeze, kIfConstant, fold_view},
  {"Sub", "", kAll, kVectorUnit | kNeighbour | kHost | kFolded,
   2, 2, "", infer_arithmetic, kIfConstant, fold_arithmetic},
  {"Sum", "", kAll, kVectorUnit | kNeighbour | kHost, 1, kAny, "", infer_sum},
  {"Swish", "", {24, kMaxOpset}, kHost | kFolded,
   1, 1, "alpha:f", infer_unary, kIfConstant, fold_unary},
  {"Tanh", "", kAll, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"ThresholdedRelu", "", {10, kMaxOpset}, kHost | kFolded,
   1, 1, "alpha:f", infer_unary, kIfConstant, fold_unary},
  {"Transpose", "", kAll, kView | kHost | kFolded,
   1, 1, "perm:I", infer_transpose, kIfConstant, fold_transpose},
  {"Unsqueeze", "", kAll, kView | kFolded, 1, 2, "axes:I", infer_unsqueeze, kIfConstant, fold_view},
  {"Upsample", "", {7, 9}, kHost | kView | kFolded,
   1, 2, "mode:s scales:F", infer_resize, kIfConstant, fold_select},
  {"Where", "", {9, kMaxOpset}, kHost | kVectorUnit | kFolded,
   3, 3, "", infer_where, kIfConstant, fold_where},

  {"DequantizeLinear", kMs, {1, 1}, kNeighbour | kHost,
   2, 3, kQuantizeAttributes, infer_dequantize_linear},
  {"Gelu", kMs, {1, 1}, kHost | kFolded,
   1, 1, "", infer_unary, kIfConstant, fold_unary},
  {"QGemm", kMs, {1, 1}, kArray, 6, 9, "alpha:f transA:i transB:i", infer_qgemm},
  {"QLinearAdd", kMs, {1, 1}, kVectorUnit, 7, 8, "", infer_qlinear_add},
  {"QLinearAveragePool", kMs, {1, 1}, kVectorUnit,
   4, 5, kQLinearPoolAttributes, infer_qlinear_average_pool},
  {"QLinearConcat", kMs, {1, 1}, kVectorUnit | kHost, 5, kAny, "axis:i", infer_qlinear_concat},
  {"QLinearGlobalAveragePool", kMs, {1, 1}, kVectorUnit,
   4, 5, "channels_last:i", infer_qlinear_global_average_pool},
  {"QLinearLeakyRelu", kMs, {1, 1}, kHost, 4, 5, "alpha:f", infer_qlinear_unary},
  {"QLinearMul", kMs, {1, 1}, kVectorUnit | kHost, 7, 8, "", infer_qlinear_add},
  {"QLinearReduceMean", kMs, {1, 1}, kVectorUnit,
   4, 5, "axes:I keepdims:i", infer_qlinear_reduce_mean},
  {"QLinearSigmoid", kMs, {1, 1}, kHost, 4, 5, "", infer_qlinear_unary},
  {"QLinearSoftmax", kMs, {1, 1}, kHost, 4, 5, "axis:i opset:i", infer_qlinear_softmax},
  {"QLinearWhere", kMs, {1, 1}, kHost | kVectorUnit, 9, 9, "", infer_qlinear_where},
  {"QuantizeLinear", kMs, {1, 1}, kNeighbour | kVectorUnit | kHost,
   2, 3, kQuantizeAttributes, infer_quantize_linear},
  {"QuickGelu", kMs, {1, 1}, kHost | kFolded,
   1, 1, "alpha:f", infer_unary, kIfConstant, fold_unary},
};
// clang-format on

// The letter of `name` in "name:type ..."; 0 when it is not there.
char attribute_type(std::string_view attributes, std::string_view name) {
  while (!attributes.empty()) {
    const size_t end = attributes.find(' ');
    const std::string_view entry = attributes.substr(0, end);
    if (entry.substr(0, entry.size() - 2) == name) return entry.back();
    attributes = end == std::string_view::npos ? "" : attributes.substr(end + 1);
  }
  return 0;
}

constexpr char kLetters[] = "ifsIFt";  // order of the alternatives of Attribute
constexpr const char* kTypeNames[] = {"int", "float", "string", "ints", "floats", "tensor"};

}  // namespace

std::span<const Operator> all_operators() { return kOperators; }

const Operator* find_operator(std::string_view domain, std::string_view name) {
  for (const Operator& row : kOperators) {
    if (name == row.name && domain == row.domain) return &row;
  }
  return nullptr;
}

void check_signature(const Operator& row, const NodeView& view) {
  const int opset = view.node().opset;
  if (opset < row.opsets.first || opset > row.opsets.last) {
    view.fail("opset = " + std::to_string(opset) + " is outside [" +
              std::to_string(row.opsets.first) + ", " + std::to_string(row.opsets.last) +
              "], the versions that have it");
  }
  const size_t count = view.input_count();
  if (count < row.min_inputs || count > row.max_inputs) {
    view.fail("inputs = " + std::to_string(count) + " is outside [" +
              std::to_string(row.min_inputs) + ", " +
              (row.max_inputs == kAny ? "any" : std::to_string(row.max_inputs)) + "]");
  }
  for (const auto& [name, value] : view.node().attributes) {
    const char expected = attribute_type(row.attributes, name);
    if (expected == 0) view.unsupported("with attribute " + printable(name));
    const char found = kLetters[value.index()];
    if (found != expected) {
      const size_t wanted = std::string_view(kLetters).find(expected);
      view.fail("attribute " + name + ": type = " + kTypeNames[value.index()] + " is not " +
                kTypeNames[wanted]);
    }
  }
}

}  // namespace qsim
