// Convolution and pooling.
#include <algorithm>
#include <limits>

#include "compiler/float/gemm.h"
#include "compiler/float/kernels.h"
#include "compiler/float/window.h"

namespace qsim {
namespace {

struct Plane {
  int64_t h, w;
};
Plane plane_of(const Shape& shape) { return {shape.size() == 4 ? shape[2] : 1, shape.back()}; }

// First and one past the last output column whose tap at `offset` (kernel column times dilation,
// minus the left pad) falls inside [0, in).
struct Span {
  int64_t first, last;
};
Span valid_span(int64_t offset, int64_t stride, int64_t in, int64_t out) {
  const int64_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
  const int64_t last = offset >= in ? 0 : (in - 1 - offset) / stride + 1;
  return {std::min(first, out), std::clamp(last, std::min(first, out), out)};
}

struct ConvShape {
  Window window;
  Plane in, out;
};

// One row of the im2col matrix: the input that tap (ky, kx) of one channel sees, per output pixel
// of rows first_y to end_y - 1.
void gather_row(const ConvShape& s, const float* channel, int64_t ky, int64_t kx, int64_t first_y,
                int64_t end_y, float* row) {
  const Window& w = s.window;
  const Span columns = valid_span(kx * w.dilation_w - w.pad_left, w.stride_w, s.in.w, s.out.w);
  for (int64_t y = first_y; y < end_y; ++y, row += s.out.w) {
    const int64_t iy = y * w.stride_h + ky * w.dilation_h - w.pad_top;
    if (iy < 0 || iy >= s.in.h) {
      std::fill_n(row, s.out.w, 0.0f);
      continue;
    }
    const float* from = channel + iy * s.in.w + kx * w.dilation_w - w.pad_left;
    std::fill_n(row, columns.first, 0.0f);
    if (w.stride_w == 1) {
      std::copy_n(from + columns.first, columns.last - columns.first, row + columns.first);
    } else {
      for (int64_t x = columns.first; x < columns.last; ++x) row[x] = from[x * w.stride_w];
    }
    std::fill(row + columns.last, row + s.out.w, 0.0f);
  }
}

bool is_pointwise(const Window& w) {
  return w.kh == 1 && w.kw == 1 && w.stride_h == 1 && w.stride_w == 1 && w.pad_top == 0 &&
         w.pad_left == 0 && w.pad_bottom == 0 && w.pad_right == 0;
}

void convolve_group(const ConvShape& s, int64_t depth, int64_t channels, const float* x,
                    const float* weights, const float* bias, float* y) {
  const int64_t taps = int64_t{s.window.kh} * s.window.kw, k = depth * taps;
  const int64_t in_pixels = s.in.h * s.in.w, out_pixels = s.out.h * s.out.w;
  if (is_pointwise(s.window)) {
    if (out_pixels == 1) return gemv(channels, k, weights, x, bias, y);
    return gemm(channels, out_pixels, k, weights, x, out_pixels, bias, y, out_pixels);
  }
  // As many output rows at a time as keep the im2col matrix in cache.
  constexpr int64_t kCacheFloats = 1 << 18;
  const int64_t block = std::clamp<int64_t>(kCacheFloats / (k * s.out.w), 1, s.out.h);
  thread_local std::vector<float> rows;
  for (int64_t first = 0; first < s.out.h; first += block) {
    const int64_t end = std::min(first + block, s.out.h), pixels = (end - first) * s.out.w;
    rows.resize(static_cast<size_t>(k * pixels));
    float* row = rows.data();
    for (int64_t i = 0; i < depth; ++i) {
      for (int64_t tap = 0; tap < taps; ++tap, row += pixels) {
        gather_row(s, x + i * in_pixels, tap / s.window.kw, tap % s.window.kw, first, end, row);
      }
    }
    if (out_pixels == 1) return gemv(channels, k, weights, rows.data(), bias, y);
    gemm(channels, pixels, k, weights, rows.data(), pixels, bias, y + first * s.out.w, out_pixels);
  }
}

// Calls reduce(out, x of one channel, first row, row count ...) for each window of each channel.
template <typename Reduce>
std::vector<float> slide(const NodeWindow& window, const Shape& in_shape, const Shape& out_shape,
                         const float* x, Reduce reduce) {
  const Plane in = plane_of(in_shape), out = plane_of(out_shape);
  const Window& w = window.window;
  std::vector<float> y(static_cast<size_t>(element_count(out_shape)));
  float* to = y.data();
  for (int64_t plane = 0; plane < in_shape[0] * in_shape[1]; ++plane, x += in.h * in.w) {
    for (int64_t oy = 0; oy < out.h; ++oy) {
      for (int64_t ox = 0; ox < out.w; ++ox) {
        *to++ = reduce(x, in, oy * w.stride_h - w.pad_top, ox * w.stride_w - w.pad_left);
      }
    }
  }
  return y;
}

}  // namespace

std::vector<float> convolve(const Call& call, const ConvOperands& o, const Shape& out_shape) {
  const Shape& in_shape = o.x.shape;
  const std::vector<int64_t> kernel(o.weight_shape.begin() + 2, o.weight_shape.end());
  const ConvShape s{resolve_window(call.node, in_shape, out_shape, kernel).window,
                    plane_of(in_shape), plane_of(out_shape)};
  const int64_t groups = call.node.attr_int("group", 1);
  const int64_t depth = in_shape[1] / groups, channels = out_shape[1] / groups;
  const int64_t k = depth * s.window.kh * s.window.kw;
  const int64_t in_pixels = s.in.h * s.in.w, out_pixels = s.out.h * s.out.w;
  std::vector<float> y(static_cast<size_t>(element_count(out_shape)));
  for (int64_t n = 0; n < in_shape[0]; ++n) {
    for (int64_t g = 0; g < groups; ++g) {
      convolve_group(s, depth, channels, o.x.begin() + (n * groups + g) * depth * in_pixels,
                     o.weights + g * channels * k, o.bias ? o.bias + g * channels : nullptr,
                     y.data() + (n * groups + g) * channels * out_pixels);
    }
  }
  return y;
}

std::vector<float> average(const Call& call, const Activation& x, const Shape& out_shape,
                           bool global) {
  const NodeWindow nw =
      global ? global_window(x.shape) : resolve_window(call.node, x.shape, out_shape, {});
  const Window w = nw.window;
  const bool include_pad = !global && call.node.attr_int("count_include_pad", 0) != 0;
  return slide(nw, x.shape, out_shape, x.begin(),
               [&](const float* p, Plane in, int64_t y0, int64_t x0) {
                 double sum = 0;
                 int64_t count = 0;
                 for (int64_t ky = 0; ky < w.kh; ++ky) {
                   for (int64_t kx = 0; kx < w.kw; ++kx) {
                     const int64_t y = y0 + ky * w.dilation_h, xx = x0 + kx * w.dilation_w;
                     const bool inside = y >= 0 && y < in.h && xx >= 0 && xx < in.w;
                     const bool padded = y < in.h + w.pad_bottom && xx < in.w + w.pad_right;
                     count += include_pad ? padded : inside;
                     if (inside) sum += p[y * in.w + xx];
                   }
                 }
                 return count == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(count));
               });
}

Activation run_conv(const Call& call) {
  const ConvOperands operands{call.in(0), call.in(1).begin(), call.in(1).shape,
                              call.has(2) ? call.in(2).begin() : nullptr};
  return make_activation(call.output_shape(), convolve(call, operands, call.output_shape()));
}

Activation run_max_pool(const Call& call) {
  const Activation& x = call.in(0);
  const NodeWindow nw = call.node.op == "GlobalMaxPool"
                            ? global_window(x.shape)
                            : resolve_window(call.node, x.shape, call.output_shape(), {});
  const Window w = nw.window;
  return make_activation(call.output_shape(),
                         slide(nw, x.shape, call.output_shape(), x.begin(),
                               [&](const float* p, Plane in, int64_t y0, int64_t x0) {
                                 float best = -std::numeric_limits<float>::infinity();
                                 for (int64_t ky = 0; ky < w.kh; ++ky) {
                                   for (int64_t kx = 0; kx < w.kw; ++kx) {
                                     const int64_t y = y0 + ky * w.dilation_h,
                                                   xx = x0 + kx * w.dilation_w;
                                     if (y >= 0 && y < in.h && xx >= 0 && xx < in.w)
                                       best = std::max(best, p[y * in.w + xx]);
                                   }
                                 }
                                 return best;
                               }));
}

Activation run_average_pool(const Call& call) {
  return make_activation(call.output_shape(),
                         average(call, call.in(0), call.output_shape(), false));
}

Activation run_global_average_pool(const Call& call) {
  return make_activation(call.output_shape(), average(call, call.in(0), call.output_shape(), true));
}

}  // namespace qsim
