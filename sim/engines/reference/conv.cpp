// Convolution as a matrix product: rows of gathered windows times packed weights.
#include <algorithm>
#include <cstring>
#include <deque>
#include <memory>

#include "hw/spec/arithmetic_clones.h"
#include "sim/engines/reference/channels.h"
#include "sim/engines/reference/gemm.h"
#include "sim/engines/reference/padded_input.h"

namespace qsim::reference {
namespace {

// A tile's windows and accumulators together: should stay in a level-2 cache.
constexpr int64_t kTileBytes = 256 * 1024;

// Neighbouring windows of one output line: bytes that lie together in memory are a piece.
struct Windows {
  int64_t count, step;         // windows, and bytes from one to the next
  int64_t lines, line_step;    // of a window
  int64_t pieces, piece_step;  // of a line
  int64_t piece_bytes;
};

// Pieces are copied whole blocks at a time, which no call is needed for: what lies behind a piece
// is overwritten by the next one, and behind the last one there is slack.
constexpr int64_t kCopyBlock = 64;

QSIM_CLONES void gather_windows(const uint8_t* from, const Windows& w, uint8_t* to) {
  for (int64_t x = 0; x < w.count; ++x, from += w.step) {
    for (int64_t line = 0; line < w.lines; ++line) {
      for (int64_t piece = 0; piece < w.pieces; ++piece) {
        const uint8_t* source = from + line * w.line_step + piece * w.piece_step;
        for (int64_t i = 0; i < w.piece_bytes; i += kCopyBlock) {
          std::memcpy(to + i, source + i, kCopyBlock);
        }
        to += w.piece_bytes;
      }
    }
  }
}

// sums[row][j] -= zeros[j] * (sum of the row's window), modulo 2^32.
QSIM_CLONES void subtract_zeros(const uint8_t* __restrict windows, int64_t rows, int64_t k,
                                const uint32_t* __restrict zeros, int64_t n,
                                uint32_t* __restrict sums) {
  for (int64_t row = 0; row < rows; ++row) {
    const uint8_t* window = windows + row * k;
    uint32_t sum = 0;
    for (int64_t first = 0; first < k; first += 256) {
      uint16_t part = 0;  // of 256 codes: below 2^16
      for (int64_t i = first; i < std::min(k, first + 256); ++i) part += window[i];
      sum += part;
    }
    for (int64_t j = 0; j < n; ++j) sums[row * n + j] -= zeros[j] * sum;
  }
}

class ConvStep {
 public:
  explicit ConvStep(const StepContext& context);
  // By several threads at once.
  uint64_t run(const Tensor& input, Tensor& output, Workspace& workspace);

 private:
  struct Tile {
    int64_t first_row, rows, group;
    Gemm::Product product;
  };

  std::vector<Tile> make_tiles(int64_t rows);
  void gather(const PaddedInput& padded, const Tile& tile, uint8_t* windows) const;
  uint64_t run_tile(const PaddedInput& padded, const Tile& tile, Workspace& workspace,
                    int8_t* out) const;
  uint64_t count_wraps(const uint8_t* windows, const Tile& tile) const;

  StepContext context_;
  const Window& window_;
  int64_t group_inputs_, group_outputs_, k_;
  bool windows_are_input_;  // 1x1, stride 1, one group: nothing to gather
  bool any_weight_zero_;
  std::vector<uint32_t> weight_zeros_;
  int64_t tile_rows_;
  std::deque<Gemm> gemms_;          // one per group
  std::vector<Channels> channels_;  // one per group
};

ConvStep::ConvStep(const StepContext& context)
    : context_(context),
      window_(context_.layer.window),
      group_inputs_(context.input().c / context.layer.groups),
      group_outputs_(context.output().c / context.layer.groups),
      k_(int64_t{window_.kh} * window_.kw * group_inputs_),
      windows_are_input_(window_.kh == 1 && window_.kw == 1 && window_.stride_h == 1 &&
                         window_.stride_w == 1 && context.layer.groups == 1) {
  const std::vector<int32_t>& zeros = context.layer.weight_zero_point;
  weight_zeros_.assign(zeros.begin(), zeros.end());
  any_weight_zero_ =
      std::any_of(zeros.begin(), zeros.end(), [](int32_t zero) { return zero != 0; });
  tile_rows_ = std::clamp<int64_t>(kTileBytes / (k_ + 4 * group_outputs_) / 64 * 64, 64, 1024);
  for (int64_t g = 0; g < context.layer.groups; ++g) {
    const int64_t first = g * group_outputs_;
    gemms_.emplace_back(context.layer.weights.data() + first * k_, group_outputs_, k_,
                        context.path);
    channels_.push_back(make_channels(context, first, group_outputs_));
  }
}

void ConvStep::gather(const PaddedInput& padded, const Tile& tile, uint8_t* windows) const {
  const int64_t out_h = context_.output().h, out_w = context_.output().w;
  const bool whole_lines = window_.dilation_w == 1 && context_.layer.groups == 1;
  const int64_t line_bytes = padded.w * padded.c, end = tile.first_row + tile.rows;
  Windows run{.count = 0,
              .step = window_.stride_w * padded.c,
              .lines = window_.kh,
              .line_step = window_.dilation_h * line_bytes,
              .pieces = whole_lines ? 1 : window_.kw,
              .piece_step = window_.dilation_w * padded.c,
              .piece_bytes = whole_lines ? window_.kw * padded.c : group_inputs_};
  for (int64_t row = tile.first_row; row < end; row += run.count) {
    const int64_t x = row % out_w, y = row / out_w % out_h, image = row / out_w / out_h;
    run.count = std::min(out_w - x, end - row);
    const int64_t line = image * padded.h + y * window_.stride_h;
    gather_windows(padded.codes + line * line_bytes + x * run.step + tile.group * group_inputs_,
                   run, windows + (row - tile.first_row) * k_);
  }
}

uint64_t ConvStep::count_wraps(const uint8_t* windows, const Tile& tile) const {
  const int32_t zero = context_.input().quant.zero_point + 128;
  uint64_t wraps = 0;
  for (int64_t o : channels_[static_cast<size_t>(tile.group)].can_wrap) {
    const int8_t* weights = context_.layer.weights.data() + o * k_;
    const int32_t weight_zero = context_.layer.weight_zero_point[static_cast<size_t>(o)];
    for (int64_t row = 0; row < tile.rows; ++row) {
      int64_t sum = context_.layer.bias[static_cast<size_t>(o)];
      for (int64_t i = 0; i < k_; ++i) {
        sum += (windows[row * k_ + i] - zero) * (weights[i] - weight_zero);
      }
      wraps += leaves_int32(sum) ? 1 : 0;
    }
  }
  return wraps;
}

uint64_t ConvStep::run_tile(const PaddedInput& padded, const Tile& tile, Workspace& workspace,
                            int8_t* out) const {
  const auto group = static_cast<size_t>(tile.group);
  const uint8_t* windows = padded.codes + tile.first_row * k_;
  if (!windows_are_input_) {
    uint8_t* gathered = grown(workspace.windows, tile.product.touched_rows * k_ + kCopyBlock);
    gather(padded, tile, gathered);
    windows = gathered;
  }
  int32_t* sums = grown(workspace.sums, tile.product.touched_rows * group_outputs_);
  gemms_[group].run(tile.product, windows, sums, workspace);
  if (any_weight_zero_) {  // u * w was summed; u * (w - zw) is wanted
    subtract_zeros(windows, tile.rows, k_,
                   weight_zeros_.data() + static_cast<size_t>(tile.group * group_outputs_),
                   group_outputs_, reinterpret_cast<uint32_t*>(sums));
  }
  const int64_t pitch = context_.output().c;
  channels_[group].rows.run(sums, tile.rows,
                            out + tile.first_row * pitch + tile.group * group_outputs_, pitch);
  return channels_[group].can_wrap.empty() ? 0 : count_wraps(windows, tile);
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

uint64_t ConvStep::run(const Tensor& input, Tensor& output, Workspace& workspace) {
  const std::vector<Tile> tiles = make_tiles(output.size() / context_.output().c);
  // The last tile's product may read rows beyond the input.
  const int64_t slack = windows_are_input_ ? tiles.back().product.touched_rows * k_ : kCopyBlock;
  const PaddedInput padded = pad_input(context_, input, 1, slack, workspace);
  uint64_t wraps = 0;
  for (const Tile& tile : tiles) {
    wraps += run_tile(padded, tile, workspace, output.data<int8_t>());
  }
  return wraps;
}

}  // namespace

Step prepare_conv(const StepContext& context) {
  const GemmPath path = context.path == GemmPath::kAuto ? best_gemm_path() : context.path;
  if (path == GemmPath::kInt16) return prepare_window_conv(context);
  auto step = std::make_shared<ConvStep>(context);
  return [step](const std::vector<const Tensor*>& inputs, Tensor& output, Workspace& workspace) {
    return step->run(*inputs[0], output, workspace);
  };
}

}  // namespace qsim::reference
