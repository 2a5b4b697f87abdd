#include "sim/engines/reference/padded_input.h"

#include <algorithm>
#include <cstring>

#include "hw/spec/arithmetic_clones.h"

namespace qsim::reference {
namespace {

void copy_codes(const int8_t* from, int64_t count, int64_t repeat, uint8_t* to) {
  if (repeat == 1) {
    for (int64_t i = 0; i < count; ++i) to[i] = static_cast<uint8_t>(from[i] ^ 0x80);
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    std::memset(to + i * repeat, static_cast<uint8_t>(from[i] ^ 0x80), static_cast<size_t>(repeat));
  }
}

QSIM_CLONES void widen_codes(const int8_t* __restrict from, int64_t count,
                             uint16_t* __restrict to) {
  for (int64_t i = 0; i < count; ++i) to[i] = static_cast<uint8_t>(from[i] ^ 0x80);
}

int64_t extent(int64_t out, int64_t stride, int64_t kernel, int64_t dilation) {
  return (out - 1) * stride + (kernel - 1) * dilation + 1;
}

// Writes the padded maps of all images to `line`; copy(codes, count, to) copies some of the input.
template <typename Code, typename Copy>
void pad(const StepContext& context, const PaddedShape& padded, const Tensor& input, Code* line,
         const Copy& copy) {
  const NetTensor& from = context.input();
  const Window& window = context.layer.window;
  const int64_t images = input.shape[0], row_codes = padded.w * padded.c;
  const auto fill = static_cast<Code>(from.quant.zero_point + 128);
  const int64_t columns =
      std::clamp<int64_t>(padded.w - window.pad_left, 0, from.w);  // of the input that are used
  const int64_t left = std::min<int64_t>(window.pad_left, padded.w);
  for (int64_t row = 0; row < images * padded.h; ++row, line += row_codes) {
    const int64_t image = row / padded.h, y = row % padded.h - window.pad_top;
    if (y < 0 || y >= from.h) {
      std::fill(line, line + row_codes, fill);
      continue;
    }
    const int8_t* source = input.data<int8_t>() + (image * from.h + y) * from.w * from.c;
    std::fill(line, line + left * padded.c, fill);
    copy(source, columns * from.c, line + left * padded.c);
    std::fill(line + (left + columns) * padded.c, line + row_codes, fill);
  }
}

}  // namespace

PaddedShape padded_shape(const StepContext& context, int64_t repeat) {
  const NetTensor& to = context.output();
  const Window& window = context.layer.window;
  return {extent(to.h, window.stride_h, window.kh, window.dilation_h),
          extent(to.w, window.stride_w, window.kw, window.dilation_w), context.input().c * repeat};
}

PaddedInput pad_input(const StepContext& context, const Tensor& input, int64_t repeat,
                      int64_t slack, Workspace& workspace) {
  const PaddedShape shape = padded_shape(context, repeat);
  const int64_t codes = input.shape[0] * shape.h * shape.w * shape.c;
  uint8_t* padded = grown(workspace.padded, codes + slack);
  pad(context, shape, input, padded, [repeat](const int8_t* from, int64_t count, uint8_t* to) {
    copy_codes(from, count, repeat, to);
  });
  return {padded, shape.h, shape.w, shape.c};
}

WidePaddedInput pad_input_wide(const StepContext& context, const Tensor& input,
                               Workspace& workspace) {
  const PaddedShape shape = padded_shape(context, 1);
  const int64_t codes = input.shape[0] * shape.h * shape.w * shape.c;
  uint16_t* padded = grown(workspace.wide_padded, codes + 1);
  pad(context, shape, input, padded, widen_codes);
  return {padded, shape.h, shape.w, shape.c};
}

}  // namespace qsim::reference
