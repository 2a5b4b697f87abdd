#include "sim/engines/reference/padded_input.h"

#include <algorithm>
#include <cstring>

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

int64_t extent(int64_t out, int64_t stride, int64_t kernel, int64_t dilation) {
  return (out - 1) * stride + (kernel - 1) * dilation + 1;
}

}  // namespace

PaddedInput pad_input(const StepContext& context, const Tensor& input, int64_t repeat,
                      int64_t slack, Workspace& workspace) {
  const NetTensor& from = context.input();
  const NetTensor& to = context.output();
  const Window& window = context.layer.window;
  PaddedInput padded;
  padded.h = extent(to.h, window.stride_h, window.kh, window.dilation_h);
  padded.w = extent(to.w, window.stride_w, window.kw, window.dilation_w);
  padded.c = from.c * repeat;
  const int64_t images = input.shape[0], row_bytes = padded.w * padded.c;
  const auto fill = static_cast<uint8_t>(from.quant.zero_point + 128);
  uint8_t* line = grown(workspace.padded, images * padded.h * row_bytes + slack);
  padded.codes = line;
  const int64_t columns =
      std::clamp<int64_t>(padded.w - window.pad_left, 0, from.w);  // of the input that are used
  const int64_t left = std::min<int64_t>(window.pad_left, padded.w);
  for (int64_t row = 0; row < images * padded.h; ++row, line += row_bytes) {
    const int64_t image = row / padded.h, y = row % padded.h - window.pad_top;
    if (y < 0 || y >= from.h) {
      std::memset(line, fill, static_cast<size_t>(row_bytes));
      continue;
    }
    const int8_t* source = input.data<int8_t>() + (image * from.h + y) * from.w * from.c;
    uint8_t* after = line + (left + columns) * padded.c;
    std::memset(line, fill, static_cast<size_t>(left * padded.c));
    copy_codes(source, columns * from.c, repeat, line + left * padded.c);
    std::memset(after, fill, static_cast<size_t>(line + row_bytes - after));
  }
  return padded;
}

}  // namespace qsim::reference
