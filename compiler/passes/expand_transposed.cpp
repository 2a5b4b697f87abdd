#include <algorithm>
#include <numeric>

#include "compiler/passes/rewrites.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

constexpr double kMost = 1 << 20, kMostWeights = 1 << 28;

// One spatial dimension of the convolution. Output pixel s * q + r is the sum over taps k of
// weight k times input pixel q + (r + pad - k * dilation) / s, where that is whole.
struct Axis {
  int64_t first = 0, step = 1, taps = 1;  // input pixels first, first + step, ... for q = 0
  int64_t pad_begin = 0, pad_end = 0;
  int64_t positions = 1;  // values of q that it computes; those beyond the output are dropped
};

Axis axis_of(int64_t kernel, int64_t stride, int64_t dilation, int64_t pad, int64_t in,
             int64_t out) {
  const auto offset = [&](int64_t k) {  // falls with k
    const int64_t at = k * dilation - pad;
    return -(at >= 0 ? at / stride : (at - stride + 1) / stride);  // of the one r that it meets
  };
  // A convolution's pads are not negative: its window reaches back to pixel q at least.
  const int64_t first = std::min<int64_t>(offset(kernel - 1), 0), last = std::max(offset(0), first);
  int64_t step = 0;
  for (int64_t k = 0; k < kernel; ++k) step = std::gcd(step, offset(k) - first);
  Axis axis;
  axis.first = first;
  axis.step = std::max<int64_t>(step, 1);
  axis.taps = (last - first) / axis.step + 1;
  axis.pad_begin = -first;
  const int64_t wanted = (out + stride - 1) / stride;
  axis.pad_end = std::max<int64_t>(wanted - 1 + last - (in - 1), 0);
  axis.positions = in + axis.pad_end - last;
  return axis;
}

// Element of [N, M * phases, h, w] for every element of `out`, [N, M, (H,) W].
std::vector<int32_t> interleaved(const Shape& out, const Window& w, int64_t height, int64_t width) {
  constexpr double kMostMoved = 1 << 26;
  const double from = static_cast<double>(out[0] * out[1] * w.stride_h * w.stride_w) *
                      static_cast<double>(height) * static_cast<double>(width);
  if (from > kMostMoved || element_count(out) > static_cast<int64_t>(kMostMoved))
    throw Error("moving more than 2^26 elements on the host is not supported");
  const int64_t out_h = out.size() == 4 ? out[2] : 1, out_w = out.back();
  std::vector<int32_t> sources;
  sources.reserve(static_cast<size_t>(element_count(out)));
  for (int64_t plane = 0; plane < out[0] * out[1]; ++plane) {
    for (int64_t y = 0; y < out_h; ++y) {
      for (int64_t x = 0; x < out_w; ++x) {
        const int64_t channel = (plane * w.stride_h + y % w.stride_h) * w.stride_w + x % w.stride_w;
        sources.push_back(
            static_cast<int32_t>((channel * height + y / w.stride_h) * width + x / w.stride_w));
      }
    }
  }
  return sources;
}

// Makes `op` the convolution; what it computes besides a Select that must follow, if any.
std::optional<Op> expand(Flow& flow, Op& op) {
  const Window w = op.window.window;
  const Shape in = flow.edge(op.inputs[0]).shape, out = flow.edge(op.output).shape;
  const bool is_image = in.size() == 4;
  const Axis y = axis_of(w.kh, w.stride_h, w.dilation_h, w.pad_top, is_image ? in[2] : 1,
                         is_image ? out[2] : 1);
  const Axis x = axis_of(w.kw, w.stride_w, w.dilation_w, w.pad_left, in.back(), out.back());
  const Transposed transposed{w, static_cast<int32_t>(y.first), static_cast<int32_t>(x.first)};
  const auto real = [](int64_t number) { return static_cast<double>(number); };
  const double channels = real(out[1]) * real(transposed.phases()),
               taps = real(y.taps) * real(x.taps), depth = real(in[1] / op.groups);
  const bool is_sane =
      channels <= kMost && taps <= kMost && channels * taps * depth <= kMostWeights;
  if (!is_sane || real(std::max({y.pad_begin, y.pad_end, x.pad_begin, x.pad_end})) > kMost) {
    throw Error(
        "as a convolution it would have more than 2^20 channels, taps or pixels of padding, "
        "or 2^28 weights, which is not supported");
  }
  Shape shape = {out[0], out[1] * transposed.phases()};
  if (is_image) shape.push_back(y.positions);
  shape.push_back(x.positions);

  op.kind = OpKind::kConv;
  op.transposed = transposed;
  const auto narrow = [](int64_t number) { return static_cast<int32_t>(number); };
  op.window.window = {.kh = narrow(y.taps),
                      .kw = narrow(x.taps),
                      .dilation_h = narrow(y.step),
                      .dilation_w = narrow(x.step),
                      .pad_top = narrow(y.pad_begin),
                      .pad_left = narrow(x.pad_begin),
                      .pad_bottom = narrow(y.pad_end),
                      .pad_right = narrow(x.pad_end)};
  if (shape == out) return std::nullopt;
  Op select{};
  select.kind = OpKind::kSelect;
  select.name = op.name + "/interleave";
  select.sources = interleaved(out, w, y.positions, x.positions);
  select.output = op.output;
  Edge phases = flow.edge(op.output);
  phases.name += ":phases";
  phases.shape = shape;
  op.output = flow.add_edge(phases);
  select.inputs = {op.output};
  return select;
}

// The tap of the kConvTranspose that tap `tap` of the convolution is for phase r; -1: none.
int64_t tap_of(int64_t tap, int64_t r, int64_t first, int64_t step, int64_t kernel, int64_t stride,
               int64_t dilation, int64_t pad) {
  const int64_t at = r + pad - (first + tap * step) * stride;
  return at < 0 || at % dilation != 0 || at / dilation >= kernel ? -1 : at / dilation;
}

}  // namespace

void expand_transposed(Flow& flow, Problems& problems) {
  std::vector<Op> ops;
  for (Op& op : flow.ops) {
    std::optional<Op> select;
    if (op.kind == OpKind::kConvTranspose) {
      try {
        select = expand(flow, op);
      } catch (const Error& error) {
        problems.add("node " + op.name + " (ConvTranspose)", error.what());
      }
    }
    ops.push_back(std::move(op));
    if (select) ops.push_back(std::move(*select));
  }
  flow.ops = std::move(ops);
}

Operand transposed_weight(const Op& op) {
  const Operand& from = op.weight;
  const Window &w = op.transposed->window, &conv = op.window.window;
  const bool is_image = from.shape.size() == 4;
  const int64_t per_group = from.shape[1], channels = per_group * op.groups,
                depth = from.shape[0] / op.groups, phases = op.transposed->phases();
  Operand to = from;
  to.is_clipped = false;
  to.shape = {channels * phases, depth};
  if (is_image) to.shape.push_back(conv.kh);
  to.shape.push_back(conv.kw);
  to.strides.assign(to.shape.size(), 1);
  for (size_t d = to.shape.size() - 1; d-- > 0;)
    to.strides[d] = to.strides[d + 1] * to.shape[d + 1];
  const auto channel_of = [&](int64_t o) {  // in `from`
    return from.axis < 0 ? size_t{0} : static_cast<size_t>(o / phases % per_group);
  };
  if (from.axis >= 0) {
    to.axis = 0;
    to.scale.clear();
    to.zero_point.clear();
    for (int64_t o = 0; o < channels * phases; ++o) {
      to.scale.push_back(from.scale[channel_of(o)]);
      to.zero_point.push_back(from.zero_point[channel_of(o)]);
    }
  }
  const std::vector<double> stored = stored_elements(from);
  auto tensor = std::make_shared<Tensor>(from.is_codes ? from.type() : DataType::kFloat, to.shape);
  int64_t at = 0;
  const auto put = [&](double value) {
    if (from.is_codes) {
      tensor->bytes[static_cast<size_t>(at++)] = static_cast<uint8_t>(static_cast<int32_t>(value));
    } else {
      tensor->data<float>()[at++] = static_cast<float>(value);
    }
  };
  for (int64_t o = 0; o < channels * phases; ++o) {
    const int64_t m = o / phases, row = o % phases / w.stride_w, column = o % w.stride_w;
    const double zero = from.is_codes ? from.zero_point[channel_of(o)] : 0;
    for (int64_t i = 0; i < depth; ++i) {
      const int64_t plane =
          (m / per_group * depth + i) * from.strides[0] + m % per_group * from.strides[1];
      for (int64_t y = 0; y < conv.kh; ++y) {
        const int64_t ky = tap_of(y, row, op.transposed->first_h, conv.dilation_h, w.kh, w.stride_h,
                                  w.dilation_h, w.pad_top);
        for (int64_t x = 0; x < conv.kw; ++x) {
          const int64_t kx = tap_of(x, column, op.transposed->first_w, conv.dilation_w, w.kw,
                                    w.stride_w, w.dilation_w, w.pad_left);
          const bool exists = ky >= 0 && kx >= 0;
          put(!exists ? zero
                      : stored[static_cast<size_t>(plane + (is_image ? ky * from.strides[2] : 0) +
                                                   kx * from.strides.back())]);
        }
      }
    }
  }
  to.owned = std::move(tensor);
  return to;
}

}  // namespace qsim
