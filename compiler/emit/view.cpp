#include "compiler/emit/view.h"

#include <algorithm>

#include "compiler/plan/containers.h"

namespace qsim {
namespace {

// Channel words that the groups of output channels [first, last] read.
struct WordRange {
  int32_t first, count;
};

WordRange input_words(const LayerView& view, int32_t block) {
  if (view.packed) return {0, view.packed_blocks()};
  const int32_t groups = view.layer.groups, lanes = view.word_lanes();
  const int32_t group_in = view.in_c / groups, group_out = view.out_c / groups;
  const int32_t first = block * view.arch.array.cols;
  const int32_t last = first + view.block_channels(block) - 1;
  const int32_t low = first / group_out * group_in / lanes;
  const int32_t high = ((last / group_out + 1) * group_in - 1) / lanes;
  return {low, high - low + 1};
}

}  // namespace

LayerView::LayerView(const IntegerNetwork& net, LayerId layer_id, const Arch& machine,
                     const Plan& plan, bool packed_input)
    : network(net),
      arch(machine),
      id(layer_id),
      layer(net.layers[static_cast<size_t>(layer_id)]),
      packed(packed_input),
      window(layer.window),
      in_pack(plan.tensors[static_cast<size_t>(layer.inputs[0])].pack),
      out_pack(plan.tensors[static_cast<size_t>(layer.output)].pack),
      weight_pack(plan.layers[static_cast<size_t>(layer_id)].weight_pack) {
  const NetTensor& in = net.tensor(layer.inputs[0]);
  const NetTensor& out = net.tensor(layer.output);
  images = in.n, in_h = in.h, in_w = in.w, in_c = in.c;
  out_h = out.h, out_w = out.w, out_c = out.c;
  if (in_h == 1 && in_w == 1 && out_h == 1 && out_w == 1 && window.kh == 1 && window.kw == 1) {
    in_w = out_w = images;
    images = 1;
    window = Window{};
  }
  blocks = static_cast<int32_t>(ceil_div(out_c, arch.array.cols));
  if (layer.op == LayerOp::kConv && array_weight_bits(layer) > 8) passes = 2;
}

int32_t LayerView::block_channels(int32_t block) const {
  return std::min(arch.array.cols, out_c - block * arch.array.cols);
}

int32_t LayerView::packed_blocks() const {
  return static_cast<int32_t>(ceil_div(packed_elements(), word_lanes()));
}

int64_t LayerView::max_box_tiles() const { return arch.weight_words() / tile_words() / 2; }

std::vector<ReductionBox> LayerView::boxes(int32_t block, int64_t max_tiles) const {
  const WordRange words = input_words(*this, block);
  const int32_t kh = packed ? 1 : window.kh, kw = packed ? 1 : window.kw;
  // Cut along channels only when one tap is too large, along x only when one row of taps is.
  const int32_t c_step = static_cast<int32_t>(std::min<int64_t>(words.count, max_tiles));
  const int32_t x_step = static_cast<int32_t>(std::clamp<int64_t>(max_tiles / words.count, 1, kw));
  const int32_t y_step =
      static_cast<int32_t>(std::clamp<int64_t>(max_tiles / (int64_t{words.count} * kw), 1, kh));
  std::vector<ReductionBox> result;
  for (int32_t pass = 0; pass < passes; ++pass) {
    for (int32_t ky = 0; ky < kh; ky += y_step) {
      for (int32_t kx = 0; kx < kw; kx += x_step) {
        for (int32_t c = 0; c < words.count; c += c_step) {
          result.push_back({ky, std::min(y_step, kh - ky), kx, std::min(x_step, kw - kx),
                            words.first + c, std::min(c_step, words.count - c), pass});
        }
      }
    }
  }
  return result;
}

int64_t LayerView::useful_macs(int32_t block, const ReductionBox& box) const {
  if (box.pass > 0) return 0;
  const int64_t lanes = word_lanes();
  const int64_t low = box.cblock * lanes, high = (box.cblock + box.cblocks) * lanes;
  if (packed) return block_channels(block) * (std::min<int64_t>(high, packed_elements()) - low);
  if (layer.groups == 1) {
    const int64_t channels = std::max<int64_t>(0, std::min<int64_t>(high, in_c) - low);
    return block_channels(block) * channels * box.kh * box.kw;
  }
  const int64_t group_in = in_c / layer.groups, group_out = out_c / layer.groups;
  int64_t channels = 0;
  for (int32_t j = 0; j < block_channels(block); ++j) {
    const int64_t group = (int64_t{block} * arch.array.cols + j) / group_out;
    channels += std::max<int64_t>(
        0, std::min(high, (group + 1) * group_in) - std::max(low, group * group_in));
  }
  return channels * box.kh * box.kw;
}

int64_t LayerView::param_block_bytes() const {
  const int64_t cols = arch.array.cols;
  const bool depthwise = layer.is_depthwise(network.tensors);
  const int64_t word_taps = int64_t{4} * codes_per_byte(weight_pack);
  return 16 * cols + (depthwise ? 4 * cols * ceil_div(window.kh * window.kw, word_taps) : 0);
}

std::vector<OutTile> tiles_of(const LayerView& view, const LayerPlan& plan) {
  std::vector<OutTile> tiles;
  tiles.reserve(static_cast<size_t>(view.out_tiles(plan)));
  for (int32_t n = 0; n < view.images; ++n) {
    for (int32_t y = 0; y < view.out_h; y += plan.tile_h) {
      for (int32_t x = 0; x < view.out_w; x += plan.tile_w) {
        tiles.push_back({n, y, x, std::min(plan.tile_h, view.out_h - y),
                         std::min(plan.tile_w, view.out_w - x)});
      }
    }
  }
  return tiles;
}

SourceRegion source_region(const LayerView& view, const OutTile& tile) {
  const Window& w = view.window;
  const auto clip = [](int32_t first, int32_t count, int32_t stride, int32_t pad, int32_t taps,
                       int32_t dilation, int32_t size, int32_t& low, int32_t& extent,
                       int32_t& step) {
    if (taps == 1 && stride > 1 && pad == 0 && (first + count - 1) * stride < size) {
      low = first * stride;
      extent = count;
      step = stride;
      return;
    }
    const int32_t begin = first * stride - pad;
    const int32_t end = (first + count - 1) * stride - pad + (taps - 1) * dilation;
    low = std::clamp(begin, 0, size - 1);
    extent = std::clamp(end, low, size - 1) - low + 1;
  };
  SourceRegion region;
  clip(tile.y, tile.h, w.stride_h, w.pad_top, w.kh, w.dilation_h, view.in_h, region.y, region.h,
       region.step_h);
  clip(tile.x, tile.w, w.stride_w, w.pad_left, w.kw, w.dilation_w, view.in_w, region.x, region.w,
       region.step_w);
  return region;
}

}  // namespace qsim
