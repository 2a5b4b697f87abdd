// Matrix products. The right side is weights; products of two activations are not supported yet.
#include "compiler/onnx/infer.h"

namespace qsim {
namespace {

constexpr auto kFloat = DataType::kFloat;
constexpr auto kInt8 = DataType::kInt8;
constexpr auto kUint8 = DataType::kUint8;

// numpy.matmul: a vector is a row on the left and a column on the right, and leaves no dimension;
// all but the last two dimensions broadcast.
Shape matmul_shape(const NodeView& view, size_t left, size_t right) {
  Shape a = view.shape(left);
  Shape b = view.shape(right);
  if (a.empty() || b.empty()) {
    view.fail(view.name_of_input(a.empty() ? left : right) + ": shape = scalar is not a matrix");
  }
  const bool is_row = a.size() == 1;
  const bool is_column = b.size() == 1;
  if (is_row) a.insert(a.begin(), 1);
  if (is_column) b.push_back(1);
  if (a.back() != b[b.size() - 2]) {
    view.fail("operand shapes = " + to_text(view.shape(left)) + " and " +
              to_text(view.shape(right)) + " do not multiply");
  }
  Shape shape = broadcast(view, Shape(a.begin(), a.end() - 2), Shape(b.begin(), b.end() - 2));
  if (!is_row) shape.push_back(a[a.size() - 2]);
  if (!is_column) shape.push_back(b.back());
  return shape;
}

// Inputs `left` and `right` are matrices, transposed on request; input `addend` broadcasts to the
// product.
Shape gemm_shape(const NodeView& view, size_t left, size_t right, size_t addend) {
  view.require_rank(left, 2);
  view.require_rank(right, 2);
  Shape a = view.shape(left);
  Shape b = view.shape(right);
  if (view.node().attr_int("transA", 0) != 0) std::swap(a[0], a[1]);
  if (view.node().attr_int("transB", 0) != 0) std::swap(b[0], b[1]);
  if (a[1] != b[0]) {
    view.fail("operand shapes = " + to_text(a) + " and " + to_text(b) +
              " (transposed as asked) do not multiply");
  }
  view.require_frozen(right, "weights");
  const Shape shape = {a[0], b[1]};
  if (view.has(addend)) {
    view.require_frozen(addend, "bias");
    if (broadcast(view, shape, view.shape(addend)) != shape) {
      view.fail(view.name_of_input(addend) + ": shape = " + to_text(view.shape(addend)) +
                " does not broadcast to " + to_text(shape));
    }
  }
  return shape;
}

}  // namespace

void infer_gemm(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  view.require_type(1, kFloat);
  if (view.has(2)) view.require_type(2, kFloat);
  view.set_output(kFloat, gemm_shape(view, 0, 1, 2));
}

void infer_matmul(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  view.require_type(1, kFloat);
  const Shape shape = matmul_shape(view, 0, 1);
  if (!view.is_frozen(1)) {
    view.unsupported(view.is_frozen(0) ? "with weights on the left" : "of two activations");
  }
  view.set_output(kFloat, shape);
}

// Inputs: a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point.
void infer_qlinear_matmul(NodeView& view) {
  view.require_supported_type(0, {kUint8, kInt8});
  view.require_supported_type(3, {kUint8, kInt8});
  const Shape shape = matmul_shape(view, 0, 3);
  view.require_frozen(3, "weights");
  check_quantization(view, 1, 2, view.type(0));
  check_quantization(view, 4, 5, view.type(3), view.shape(3).back());
  view.set_output(check_output_quantization(view, 6, 7), shape);
}

// Inputs: a, b, a_zero_point, b_zero_point.
void infer_matmul_integer(NodeView& view) {
  view.require_supported_type(0, {kUint8, kInt8});
  view.require_supported_type(1, {kUint8, kInt8});
  const Shape shape = matmul_shape(view, 0, 1);
  view.require_frozen(1, "weights");
  check_zero_points(view, 2, 3, view.shape(1).back());
  view.set_output(DataType::kInt32, shape);
}

// Inputs: a, a_scale, a_zero_point, b, b_scale, b_zero_point, c, y_scale, y_zero_point. Without
// y_scale the output is float.
void infer_qgemm(NodeView& view) {
  view.require_supported_type(0, {kUint8, kInt8});
  view.require_supported_type(3, {kUint8, kInt8});
  if (view.has(6)) view.require_type(6, DataType::kInt32);
  const Shape shape = gemm_shape(view, 0, 3, 6);
  check_quantization(view, 1, 2, view.type(0));
  check_quantization(view, 4, 5, view.type(3), shape[1]);
  view.set_output(view.has(7) ? check_output_quantization(view, 7, 8) : kFloat, shape);
}

}  // namespace qsim
