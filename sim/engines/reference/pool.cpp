// Max and average pooling (A22, A23). Taps outside the map are skipped.
#include <algorithm>
#include <array>

#include "hw/spec/arithmetic_clones.h"
#include "hw/spec/arithmetic_rows.h"
#include "sim/engines/reference/step.h"

namespace qsim::reference {
namespace {

// The taps of one window along one axis that lie inside [low, high).
struct Span {
  int64_t first, count;  // coordinate of the first tap inside; how many
};

Span taps_inside(int64_t start, int64_t kernel, int64_t dilation, int64_t low, int64_t high) {
  const int64_t skipped = start >= low ? 0 : (low - start + dilation - 1) / dilation;
  const int64_t end = start >= high ? 0 : (high - start + dilation - 1) / dilation;
  return {start + skipped * dilation, std::max<int64_t>(0, std::min(kernel, end) - skipped)};
}

struct PoolWindow {
  Span y, x;
  int64_t padded_taps;  // inside the padded map
};

PoolWindow window_at(const StepContext& context, int64_t y, int64_t x) {
  const Window& w = context.layer.window;
  const NetTensor& in = context.input();
  const int64_t y0 = y * w.stride_h - w.pad_top, x0 = x * w.stride_w - w.pad_left;
  const auto count = [](int64_t start, int64_t kernel, int64_t dilation, int64_t low,
                        int64_t high) {
    return taps_inside(start, kernel, dilation, low, high).count;
  };
  return {taps_inside(y0, w.kh, w.dilation_h, 0, in.h),
          taps_inside(x0, w.kw, w.dilation_w, 0, in.w),
          count(y0, w.kh, w.dilation_h, -w.pad_top, in.h + w.pad_bottom) *
              count(x0, w.kw, w.dilation_w, -w.pad_left, in.w + w.pad_right)};
}

// Calls visit(codes of the tap, c of them) for every tap inside the map.
template <typename Visit>
void for_each_tap(const StepContext& context, const int8_t* image, const PoolWindow& window,
                  const Visit& visit) {
  const NetTensor& in = context.input();
  for (int64_t i = 0; i < window.y.count; ++i) {
    const int64_t y = window.y.first + i * context.layer.window.dilation_h;
    for (int64_t j = 0; j < window.x.count; ++j) {
      const int64_t x = window.x.first + j * context.layer.window.dilation_w;
      visit(image + (y * in.w + x) * in.c);
    }
  }
}

// Calls pixel(image's codes, window, output codes) for every output pixel.
template <typename Pixel>
void for_each_pixel(const StepContext& context, const Tensor& input, Tensor& output,
                    const Pixel& pixel) {
  const NetTensor& from = context.input();
  const NetTensor& to = context.output();
  const int64_t image_size = int64_t{1} * from.h * from.w * from.c;
  const int64_t rows = input.shape[0] * to.h;
  for (int64_t row = 0; row < rows; ++row) {
    const int8_t* image = input.data<int8_t>() + row / to.h * image_size;
    int8_t* result = output.data<int8_t>() + row * to.w * to.c;
    for (int64_t x = 0; x < to.w; ++x) {
      pixel(image, window_at(context, row % to.h, x), result + x * to.c);
    }
  }
}

// Of one window inside the map.
struct Taps {
  const int8_t* first;
  int64_t rows, row_step, columns, column_step;
};

constexpr int64_t kBlock = 64;  // channels at once: registers of every instruction set

// Starting at the lower bound is clamping from below.
QSIM_CLONES void max_block(const Taps& taps, int64_t channel, int8_t lo, int8_t hi,
                           int8_t* __restrict result) {
  std::array<int8_t, kBlock> best;
  best.fill(lo);
  for (int64_t i = 0; i < taps.rows; ++i) {
    for (int64_t j = 0; j < taps.columns; ++j) {
      const int8_t* codes = taps.first + i * taps.row_step + j * taps.column_step + channel;
      for (size_t k = 0; k < kBlock; ++k) best[k] = codes[k] > best[k] ? codes[k] : best[k];
    }
  }
  for (size_t k = 0; k < kBlock; ++k)
    result[channel + static_cast<int64_t>(k)] = best[k] > hi ? hi : best[k];
}

// Channels from `channel` on, fewer than a block.
QSIM_CLONES void max_rest(const Taps& taps, int64_t channel, int64_t channels, int8_t lo, int8_t hi,
                          int8_t* __restrict result) {
  std::fill(result + channel, result + channels, lo);
  for (int64_t i = 0; i < taps.rows; ++i) {
    for (int64_t j = 0; j < taps.columns; ++j) {
      const int8_t* codes = taps.first + i * taps.row_step + j * taps.column_step;
      for (int64_t c = channel; c < channels; ++c)
        result[c] = codes[c] > result[c] ? codes[c] : result[c];
    }
  }
  for (int64_t c = channel; c < channels; ++c) result[c] = result[c] > hi ? hi : result[c];
}

void max_pool(const StepContext& context, const Tensor& input, Tensor& output) {
  const int64_t channels = context.input().c;
  const auto lo = static_cast<int8_t>(context.layer.clamp_low);
  const auto hi = static_cast<int8_t>(context.layer.clamp_high);
  const Window& w = context.layer.window;
  const int64_t line = int64_t{context.input().w} * channels;
  for_each_pixel(context, input, output,
                 [&](const int8_t* image, const PoolWindow& window, int8_t* result) {
                   const Taps taps = {image + window.y.first * line + window.x.first * channels,
                                      window.y.count, w.dilation_h * line, window.x.count,
                                      w.dilation_w * channels};
                   int64_t c = 0;
                   for (; c + kBlock <= channels; c += kBlock) max_block(taps, c, lo, hi, result);
                   max_rest(taps, c, channels, lo, hi, result);
                 });
}

void average_pool(const StepContext& context, const Tensor& input, Tensor& output) {
  const Layer& layer = context.layer;
  const Quantization from = context.input().quant, to = context.output().quant;
  const auto channels = static_cast<size_t>(context.input().c);
  std::vector<int32_t> sums(channels);
  for_each_pixel(context, input, output,
                 [&](const int8_t* image, const PoolWindow& window, int8_t* result) {
                   const int64_t inside = window.y.count * window.x.count;
                   const int64_t taps = layer.count_include_pad ? window.padded_taps : inside;
                   const auto bias = static_cast<int32_t>(-from.zero_point * inside);
                   sums.assign(channels, bias);
                   int32_t* sum = sums.data();
                   for_each_tap(context, image, window, [&](const int8_t* codes) {
                     for (size_t c = 0; c < channels; ++c) sum[c] += codes[c];
                   });
                   const int64_t divisor = layer.is_sum ? 1 : taps;
                   const RequantParams params =
                       taps > 0 ? derive_average(from.scale, to.scale, divisor) : RequantParams{};
                   average_row(sum, params, channels, to.zero_point, layer.clamp_low,
                               layer.clamp_high, result);
                 });
}

}  // namespace

Step prepare_max_pool(const StepContext& context) {
  return [context](const std::vector<const Tensor*>& inputs, Tensor& output, Workspace&) {
    max_pool(context, *inputs[0], output);
    return uint64_t{0};
  };
}

Step prepare_average_pool(const StepContext& context) {
  // Refuses now what it would refuse for the largest window.
  derive_average(
      context.input().quant.scale, context.output().quant.scale,
      context.layer.is_sum ? 1 : int64_t{context.layer.window.kh} * context.layer.window.kw);
  return [context](const std::vector<const Tensor*>& inputs, Tensor& output, Workspace&) {
    average_pool(context, *inputs[0], output);
    return uint64_t{0};
  };
}

}  // namespace qsim::reference
