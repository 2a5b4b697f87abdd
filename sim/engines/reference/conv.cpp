// Convolution as a matrix product: rows of gathered windows times packed weights.
#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>
#include <numeric>

#include "hw/spec/arithmetic_rows.h"
#include "sim/engines/reference/channels.h"
#include "sim/engines/reference/gemm.h"
#include "sim/engines/reference/padded_input.h"

namespace qsim::reference {
namespace {

// Rows of one tile: its gathered windows should stay in a level-2 cache.
constexpr int64_t kTileBytes = 256 * 1024;

class ConvStep {
 public:
  explicit ConvStep(const StepContext& context);
  uint64_t run(const Tensor& input, Tensor& output);  // by several threads at once

 private:
  struct Workspace {
    std::vector<uint8_t> windows;
    std::vector<int32_t> sums, adjusted_bias;
    Gemm::Workspace gemm;
  };
  struct Tile {
    int64_t first_row, rows, group;
    Gemm::Product product;
  };

  void prepare_offsets();
  std::vector<Tile> make_tiles(int64_t rows);
  void gather(const PaddedInput& padded, const Tile& tile, uint8_t* windows) const;
  uint64_t run_tile(const PaddedInput& padded, const Tile& tile, Workspace& workspace,
                    int8_t* out) const;
  uint64_t count_wraps(const uint8_t* windows, const Tile& tile) const;

  StepContext context_;
  const Window& window_;
  int64_t group_inputs_, group_outputs_, k_;
  bool windows_are_input_;  // 1x1, stride 1, one group: nothing to gather
  int64_t tile_rows_;
  std::deque<Gemm> gemms_;  // one per group
  Channels channels_;
  std::vector<int32_t> offset_;  // per channel: bias and the zero points' constant part
  bool any_weight_zero_;
};

ConvStep::ConvStep(const StepContext& context)
    : context_(context),
      window_(context_.layer.window),
      group_inputs_(context.input().c / context.layer.groups),
      group_outputs_(context.output().c / context.layer.groups),
      k_(int64_t{window_.kh} * window_.kw * group_inputs_),
      windows_are_input_(window_.kh == 1 && window_.kw == 1 && window_.stride_h == 1 &&
                         window_.stride_w == 1 && context.layer.groups == 1),
      tile_rows_(std::clamp<int64_t>(kTileBytes / k_ / 64 * 64, 64, 1024)),
      channels_(make_channels(context)) {
  for (int64_t g = 0; g < context.layer.groups; ++g) {
    gemms_.emplace_back(context.layer.weights.data() + g * group_outputs_ * k_, group_outputs_, k_,
                        context.path);
  }
  any_weight_zero_ = std::any_of(channels_.weight_zero.begin(), channels_.weight_zero.end(),
                                 [](int32_t zero) { return zero != 0; });
  prepare_offsets();
}

// With u = x + 128 and z = zx + 128: sum (u - z)(w - zw) = sum u w - zw sum u - z sum w + K z zw.
void ConvStep::prepare_offsets() {
  const int64_t zero = context_.input().quant.zero_point + 128;
  for (int64_t o = 0; o < context_.output().c; ++o) {
    const int8_t* weights = context_.layer.weights.data() + o * k_;
    const int64_t sum = std::accumulate(weights, weights + k_, int64_t{0});
    const int64_t weight_zero = channels_.weight_zero[static_cast<size_t>(o)];
    offset_.push_back(static_cast<int32_t>(channels_.bias[static_cast<size_t>(o)] - zero * sum +
                                           k_ * zero * weight_zero));
  }
}

void ConvStep::gather(const PaddedInput& padded, const Tile& tile, uint8_t* windows) const {
  const int64_t out_h = context_.output().h, out_w = context_.output().w;
  const bool whole_lines = window_.dilation_w == 1 && context_.layer.groups == 1;
  const int64_t pieces = whole_lines ? 1 : window_.kw;
  const auto piece_bytes = static_cast<size_t>(whole_lines ? window_.kw * padded.c : group_inputs_);
  for (int64_t row = tile.first_row; row < tile.first_row + tile.rows; ++row) {
    const int64_t x = row % out_w, y = row / out_w % out_h, image = row / out_w / out_h;
    for (int64_t ky = 0; ky < window_.kh; ++ky) {
      const int64_t line = image * padded.h + y * window_.stride_h + ky * window_.dilation_h;
      const uint8_t* from = padded.codes.data() +
                            (line * padded.w + x * window_.stride_w) * padded.c +
                            tile.group * group_inputs_;
      for (int64_t piece = 0; piece < pieces; ++piece) {
        std::memcpy(windows, from + piece * window_.dilation_w * padded.c, piece_bytes);
        windows += piece_bytes;
      }
    }
  }
}

uint64_t ConvStep::count_wraps(const uint8_t* windows, const Tile& tile) const {
  const int32_t zero = context_.input().quant.zero_point + 128;
  uint64_t wraps = 0;
  for (int32_t o : channels_.can_wrap) {
    if (o / group_outputs_ != tile.group) continue;
    const int8_t* weights = context_.layer.weights.data() + o * k_;
    for (int64_t row = 0; row < tile.rows; ++row) {
      int64_t sum = channels_.bias[static_cast<size_t>(o)];
      for (int64_t i = 0; i < k_; ++i) {
        sum += (windows[row * k_ + i] - zero) *
               (weights[i] - channels_.weight_zero[static_cast<size_t>(o)]);
      }
      wraps += leaves_int32(sum) ? 1 : 0;
    }
  }
  return wraps;
}

uint64_t ConvStep::run_tile(const PaddedInput& padded, const Tile& tile, Workspace& workspace,
                            int8_t* out) const {
  const uint8_t* windows = padded.codes.data() + tile.first_row * k_;
  if (!windows_are_input_) {
    gather(padded, tile, workspace.windows.data());
    windows = workspace.windows.data();
  }
  gemms_[static_cast<size_t>(tile.group)].run(tile.product, windows, workspace.sums.data(),
                                              workspace.gemm);
  const int64_t first_channel = tile.group * group_outputs_;
  const auto n = static_cast<size_t>(group_outputs_);
  const int32_t* bias = offset_.data() + first_channel;
  for (int64_t row = 0; row < tile.rows; ++row) {
    if (any_weight_zero_) {
      const uint8_t* codes = windows + row * k_;
      const uint32_t sum = std::accumulate(codes, codes + k_, uint32_t{0});
      for (size_t j = 0; j < n; ++j) {
        const size_t o = static_cast<size_t>(first_channel) + j;
        workspace.adjusted_bias[j] =
            static_cast<int32_t>(static_cast<uint32_t>(offset_[o]) -
                                 static_cast<uint32_t>(channels_.weight_zero[o]) * sum);
      }
      bias = workspace.adjusted_bias.data();
    }
    requantize_row(context_.mode, workspace.sums.data() + row * group_outputs_, bias,
                   channels_.multiplier.data() + first_channel,
                   channels_.shift.data() + first_channel, n, context_.output().quant.zero_point,
                   context_.layer.clamp_low, context_.layer.clamp_high,
                   out + (tile.first_row + row) * context_.output().c + first_channel);
  }
  return channels_.can_wrap.empty() ? 0 : count_wraps(windows, tile);
}

std::vector<ConvStep::Tile> ConvStep::make_tiles(int64_t rows) {
  std::vector<Tile> tiles;
  for (int64_t g = 0; g < context_.layer.groups; ++g) {
    for (int64_t first = 0; first < rows; first += tile_rows_) {
      const int64_t count = std::min(tile_rows_, rows - first);
      tiles.push_back({first, count, g, gemms_[static_cast<size_t>(g)].prepare(count)});
    }
  }
  return tiles;
}

uint64_t ConvStep::run(const Tensor& input, Tensor& output) {
  const std::vector<Tile> tiles = make_tiles(output.size() / context_.output().c);
  int64_t touched_rows = 0;
  for (const Tile& tile : tiles) touched_rows = std::max(touched_rows, tile.product.touched_rows);
  const PaddedInput padded = pad_input(context_, input, 1, touched_rows * k_);
  Workspace workspace;
  if (!windows_are_input_) workspace.windows.resize(static_cast<size_t>(touched_rows * k_));
  workspace.sums.resize(static_cast<size_t>(touched_rows * group_outputs_));
  workspace.adjusted_bias.resize(static_cast<size_t>(group_outputs_));
  uint64_t wraps = 0;
  for (const Tile& tile : tiles) {
    wraps += run_tile(padded, tile, workspace, output.data<int8_t>());
  }
  return wraps;
}

}  // namespace

Step prepare_conv(const StepContext& context) {
  auto step = std::make_shared<ConvStep>(context);
  return [step](const std::vector<const Tensor*>& inputs, Tensor& output) {
    return step->run(*inputs[0], output);
  };
}

}  // namespace qsim::reference
