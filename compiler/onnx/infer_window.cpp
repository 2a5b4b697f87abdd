// Convolution and pooling.
#include "compiler/onnx/infer.h"
#include "compiler/onnx/window.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

constexpr auto kFloat = DataType::kFloat;
constexpr auto kInt8 = DataType::kInt8;
constexpr auto kUint8 = DataType::kUint8;

SlidingWindow window_of(const NodeView& view, const std::vector<int64_t>& kernel) {
  try {
    return read_window(view.node(), view.shape(0), kernel);
  } catch (const Error& error) {
    view.fail(error.what());
  }
}

void require_spatial(const NodeView& view) {
  const size_t rank = view.shape(0).size();
  if (rank < 3) {
    view.fail(view.name_of_input(0) + ": shape = " + to_text(view.shape(0)) +
              " is not [N, C, spatial...]");
  }
  if (rank > 4) view.unsupported("with " + std::to_string(rank - 2) + " spatial dimensions");
}

Shape output_shape(int64_t batch, int64_t channels, const SlidingWindow& window) {
  Shape shape = {batch, channels};
  shape.insert(shape.end(), window.output.begin(), window.output.end());
  return shape;
}

void require_kernel_shape(const NodeView& view, const std::vector<int64_t>& of_weights) {
  if (view.node().attr_ints("kernel_shape", of_weights) == of_weights) return;
  view.fail("kernel_shape = " + to_text(view.node().attr_ints("kernel_shape")) +
            " is not the weights' " + to_text(of_weights));
}

// Input 0 is the image, input `weight` the kernel [M, C / group, spatial...], `bias` has M
// elements.
Shape conv_shape(const NodeView& view, size_t weight, size_t bias) {
  require_spatial(view);
  const Shape& input = view.shape(0);
  const Shape& kernel = view.shape(weight);
  view.require_rank(weight, input.size());
  view.require_frozen(weight, "weights");
  const int64_t group = view.node().attr_int("group", 1);
  if (group < 1 || group > input[1] || input[1] % group != 0 || kernel[0] % group != 0) {
    view.fail("group = " + std::to_string(group) + " does not divide the " +
              std::to_string(input[1]) + " input and " + std::to_string(kernel[0]) +
              " output channels");
  }
  if (kernel[1] != input[1] / group || kernel[0] == 0) {
    view.fail(view.name_of_input(weight) + ": shape = " + to_text(kernel) + " does not fit " +
              std::to_string(input[1]) + " input channels in " + std::to_string(group) + " groups");
  }
  const std::vector<int64_t> size(kernel.begin() + 2, kernel.end());
  require_kernel_shape(view, size);
  if (view.has(bias)) {
    view.require_shape(bias, {kernel[0]});
    view.require_frozen(bias, "bias");
  }
  return output_shape(input[0], kernel[0], window_of(view, size));
}

Shape pool_shape(const NodeView& view) {
  require_spatial(view);
  const Shape& input = view.shape(0);
  if (!view.node().attributes.contains("kernel_shape")) view.fail("kernel_shape = (none)");
  const SlidingWindow window = window_of(view, view.node().attr_ints("kernel_shape"));
  for (size_t i = 0; i < window.kernel.size(); ++i) {
    const int64_t pad = std::max(window.pad_begin[i], window.pad_end[i]);
    if (pad < window.extent(i)) continue;
    view.fail("pads = " + std::to_string(pad) + " is not smaller than the kernel extent " +
              std::to_string(window.extent(i)));
  }
  return output_shape(input[0], input[1], window);
}

Shape global_shape(const NodeView& view) {
  require_spatial(view);
  Shape shape(view.shape(0).size(), 1);
  shape[0] = view.shape(0)[0];
  shape[1] = view.shape(0)[1];
  return shape;
}

// Inputs: x, x_scale, x_zero_point, y_scale, y_zero_point.
DataType check_qlinear_pool(const NodeView& view) {
  view.require_supported_type(0, {kUint8, kInt8});
  if (view.node().attr_int("channels_last", 0) != 0) view.unsupported("with channels_last = 1");
  check_quantization(view, 1, 2, view.type(0));
  return check_quantization(view, 3, 4, view.type(0));
}

}  // namespace

void infer_conv(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  view.require_type(1, kFloat);
  if (view.has(2)) view.require_type(2, kFloat);
  view.set_output(kFloat, conv_shape(view, 1, 2));
}

// Input 1 is [C, M / group, spatial...].
void infer_conv_transpose(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  view.require_type(1, kFloat);
  if (view.has(2)) view.require_type(2, kFloat);
  require_spatial(view);
  const Shape& input = view.shape(0);
  const Shape& kernel = view.shape(1);
  view.require_rank(1, input.size());
  view.require_frozen(1, "weights");
  const int64_t group = view.node().attr_int("group", 1);
  if (group < 1 || group > input[1] || input[1] % group != 0) {
    view.fail("group = " + std::to_string(group) + " does not divide the " +
              std::to_string(input[1]) + " input channels");
  }
  if (kernel[0] != input[1] || kernel[1] == 0 || kernel[1] > INT32_MAX / group) {
    view.fail(view.name_of_input(1) + ": shape = " + to_text(kernel) + " does not fit " +
              std::to_string(input[1]) + " input channels in " + std::to_string(group) + " groups");
  }
  const std::vector<int64_t> size(kernel.begin() + 2, kernel.end());
  require_kernel_shape(view, size);
  const int64_t channels = kernel[1] * group;
  if (view.has(2)) {
    view.require_shape(2, {channels});
    view.require_frozen(2, "bias");
  }
  SlidingWindow window;
  try {
    window = read_transposed_window(view.node(), input, size);
  } catch (const Error& error) {
    view.fail(error.what());
  }
  view.set_output(kFloat, output_shape(input[0], channels, window));
}

// Inputs: x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, bias.
void infer_qlinear_conv(NodeView& view) {
  view.require_supported_type(0, {kUint8, kInt8});
  view.require_supported_type(3, {kUint8, kInt8});
  if (view.has(8)) view.require_type(8, DataType::kInt32);
  const Shape shape = conv_shape(view, 3, 8);
  check_quantization(view, 1, 2, view.type(0));
  check_quantization(view, 4, 5, view.type(3), shape[1]);
  view.set_output(check_output_quantization(view, 6, 7), shape);
}

// Inputs: x, w, x_zero_point, w_zero_point.
void infer_conv_integer(NodeView& view) {
  view.require_supported_type(0, {kUint8, kInt8});
  view.require_supported_type(1, {kUint8, kInt8});
  constexpr size_t kNoBias = 4;
  const Shape shape = conv_shape(view, 1, kNoBias);
  check_zero_points(view, 2, 3, shape[1]);
  view.set_output(DataType::kInt32, shape);
}

void infer_max_pool(NodeView& view) {
  view.require_supported_type(0, {kFloat, kUint8, kInt8});
  view.set_output(view.type(0), pool_shape(view));
}

void infer_average_pool(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  view.set_output(kFloat, pool_shape(view));
}

void infer_global_pool(NodeView& view) {
  view.require_supported_type(0, {kFloat});
  view.set_output(kFloat, global_shape(view));
}

void infer_qlinear_average_pool(NodeView& view) {
  const DataType type = check_qlinear_pool(view);
  view.set_output(type, pool_shape(view));
}

void infer_qlinear_global_average_pool(NodeView& view) {
  const DataType type = check_qlinear_pool(view);
  view.set_output(type, global_shape(view));
}

}  // namespace qsim
