#include "compiler/onnx/window.h"

#include <algorithm>

#include "hw/spec/error.h"

namespace qsim {
namespace {

// Products of two of these stay within int64.
constexpr int64_t kMaxParameter = 1 << 20;

void check_range(const std::vector<int64_t>& list, const char* name, int64_t low) {
  for (int64_t number : list) {
    if (number >= low && number <= kMaxParameter) continue;
    throw Error(std::string(name) + " = " + std::to_string(number) + " is outside [" +
                std::to_string(low) + ", " + std::to_string(kMaxParameter) + "]");
  }
}

std::vector<int64_t> read_list(const Node& node, const char* name, size_t count, int64_t low,
                               int64_t fallback) {
  std::vector<int64_t> list = node.attr_ints(name, std::vector<int64_t>(count, fallback));
  if (list.size() != count) {
    throw Error(std::string(name) + " = " + std::to_string(list.size()) + " numbers is not " +
                std::to_string(count));
  }
  check_range(list, name, low);
  return list;
}

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// SAME: the output has ceil(input / stride) positions; an odd number of pads puts the extra one at
// the end (SAME_UPPER) or at the beginning (SAME_LOWER).
void pad_same(SlidingWindow& window, size_t i, int64_t input, bool is_upper) {
  const int64_t output = divide_up(input, window.stride[i]);
  const int64_t total =
      std::max<int64_t>((output - 1) * window.stride[i] + window.extent(i) - input, 0);
  window.pad_begin[i] = is_upper ? total / 2 : total - total / 2;
  window.pad_end[i] = total - window.pad_begin[i];
}

int64_t count_outputs(const SlidingWindow& window, size_t i, int64_t input, bool is_ceil) {
  const int64_t room = input + window.pad_begin[i] + window.pad_end[i] - window.extent(i);
  if (room < 0) {
    throw Error("kernel extent = " + std::to_string(window.extent(i)) +
                " is larger than the padded input, " + std::to_string(room + window.extent(i)));
  }
  const int64_t stride = window.stride[i];
  int64_t count = (is_ceil ? divide_up(room, stride) : room / stride) + 1;
  // A window that would see nothing but what lies behind the input is dropped.
  if (is_ceil && (count - 1) * stride >= input + window.pad_begin[i]) --count;
  return count;
}

}  // namespace

namespace {

// All but the output.
SlidingWindow read_attributes(const Node& node, const Shape& input, std::vector<int64_t> kernel) {
  const size_t count = kernel.size();
  if (input.size() != count + 2) {
    throw Error("kernel_shape = " + std::to_string(count) + " numbers is not " +
                std::to_string(static_cast<int64_t>(input.size()) - 2));
  }
  SlidingWindow window;
  check_range(kernel, "kernel_shape", 1);
  window.kernel = std::move(kernel);
  window.stride = read_list(node, "strides", count, 1, 1);
  window.dilation = read_list(node, "dilations", count, 1, 1);
  const std::vector<int64_t> pads = read_list(node, "pads", 2 * count, 0, 0);
  window.pad_begin.assign(pads.begin(), pads.begin() + static_cast<int64_t>(count));
  window.pad_end.assign(pads.begin() + static_cast<int64_t>(count), pads.end());
  return window;
}

// Whether the pads follow from the sizes.
bool is_padded_same(const std::string& auto_pad) {
  const bool is_same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (!is_same && auto_pad != "NOTSET" && auto_pad != "VALID") {
    throw Error("auto_pad = " + auto_pad + " is not NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  }
  return is_same;
}

}  // namespace

namespace {

bool has_pads(const SlidingWindow& window) {
  const auto is_set = [](const std::vector<int64_t>& pads) {
    return std::any_of(pads.begin(), pads.end(), [](int64_t pad) { return pad != 0; });
  };
  return is_set(window.pad_begin) || is_set(window.pad_end);
}

}  // namespace

SlidingWindow read_window(const Node& node, const Shape& input, std::vector<int64_t> kernel) {
  SlidingWindow window = read_attributes(node, input, std::move(kernel));
  const size_t count = window.kernel.size();
  const std::string auto_pad = node.attr_string("auto_pad", "NOTSET");
  const bool is_same = is_padded_same(auto_pad);
  const bool is_ceil = node.attr_int("ceil_mode", 0) != 0 && !is_same;
  const SlidingWindow given = window;
  for (size_t i = 0; i < count; ++i) {
    if (is_same) pad_same(window, i, input[i + 2], auto_pad == "SAME_UPPER");
    if (auto_pad == "VALID") window.pad_begin[i] = window.pad_end[i] = 0;
    window.output.push_back(count_outputs(window, i, input[i + 2], is_ceil));
  }
  if (has_pads(given) && (window.pad_begin != given.pad_begin || window.pad_end != given.pad_end)) {
    throw Error("auto_pad = " + auto_pad + " contradicts the pads that are given as well");
  }
  return window;
}

SlidingWindow read_transposed_window(const Node& node, const Shape& input,
                                     std::vector<int64_t> kernel) {
  SlidingWindow window = read_attributes(node, input, std::move(kernel));
  const size_t count = window.kernel.size();
  const std::string auto_pad = node.attr_string("auto_pad", "NOTSET");
  const bool is_same = is_padded_same(auto_pad);
  const std::vector<int64_t> more = read_list(node, "output_padding", count, 0, 0);
  const bool has_shape = node.attributes.count("output_shape") != 0;
  const std::vector<int64_t> shape = read_list(node, "output_shape", count, 1, 1);
  if (has_pads(window) && auto_pad != "NOTSET" && !has_shape) {  // output_shape comes before pads
    throw Error("auto_pad = " + auto_pad + " contradicts the pads that are given as well");
  }
  for (size_t i = 0; i < count; ++i) {
    const int64_t whole = window.stride[i] * (input[i + 2] - 1) + more[i] + window.extent(i);
    int64_t output = whole;
    if (auto_pad == "NOTSET") output -= window.pad_begin[i] + window.pad_end[i];
    if (is_same) output = input[i + 2] * window.stride[i];
    if (has_shape) output = shape[i];
    if (output < 1 || output > INT32_MAX) {
      throw Error("output size = " + std::to_string(output) + " is outside [1, 2147483647]");
    }
    if ((is_same || has_shape) && whole - output > kMaxParameter) {
      throw Error("output size = " + std::to_string(output) + " takes pads of " +
                  std::to_string(whole - output) + ", which is outside [0, " +
                  std::to_string(kMaxParameter) + "]");
    }
    window.output.push_back(output);
  }
  return window;
}

}  // namespace qsim
