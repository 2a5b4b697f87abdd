// ConvTranspose, as its definition says: every input pixel is added to the output through every
// tap.
#include <algorithm>

#include "compiler/float/kernels.h"
#include "compiler/float/window.h"

namespace qsim {

Activation run_conv_transpose(const Call& call) {
  const Activation &x = call.in(0), &weights = call.in(1);
  const Shape &in = x.shape, &out = call.output_shape();
  const bool is_image = in.size() == 4;
  const int64_t in_h = is_image ? in[2] : 1, in_w = in.back();
  const int64_t out_h = is_image ? out[2] : 1, out_w = out.back();
  const Window w =
      resolve_transposed(call.node, in, out, {weights.shape.begin() + 2, weights.shape.end()});
  const int64_t groups = call.node.attr_int("group", 1);
  const int64_t depth = in[1] / groups, channels = out[1] / groups;
  std::vector<float> y(static_cast<size_t>(element_count(out)));
  if (call.has(2)) {
    const int64_t pixels = out_h * out_w;
    for (int64_t i = 0; i < in[0] * out[1]; ++i)
      std::fill_n(y.data() + i * pixels, pixels, call.in(2).begin()[i % out[1]]);
  }
  // The output row that input row iy reaches by tap ky; null when it has none.
  const auto row_of = [&](float* plane, int64_t iy, int64_t ky) {
    const int64_t oy = iy * w.stride_h + ky * w.dilation_h - w.pad_top;
    return oy < 0 || oy >= out_h ? nullptr : plane + oy * out_w;
  };
  const auto add_row = [&](const float* from, float tap, int64_t kx, float* to) {
    for (int64_t ix = 0; ix < in_w; ++ix) {
      const int64_t ox = ix * w.stride_w + kx * w.dilation_w - w.pad_left;
      if (ox >= 0 && ox < out_w) to[ox] += from[ix] * tap;
    }
  };
  for (int64_t n = 0; n < in[0]; ++n) {
    for (int64_t i = 0; i < in[1]; ++i) {
      const float* plane = x.begin() + (n * in[1] + i) * in_h * in_w;
      const float* taps = weights.begin() + i * channels * w.kh * w.kw;
      for (int64_t o = 0; o < channels; ++o) {
        float* to = y.data() + (n * out[1] + i / depth * channels + o) * out_h * out_w;
        for (int64_t ky = 0; ky < w.kh; ++ky) {
          for (int64_t kx = 0; kx < w.kw; ++kx, ++taps) {
            for (int64_t iy = 0; iy < in_h; ++iy) {
              float* row = row_of(to, iy, ky);
              if (row != nullptr) add_row(plane + iy * in_w, *taps, kx, row);
            }
          }
        }
      }
    }
  }
  return make_activation(out, std::move(y));
}

}  // namespace qsim
