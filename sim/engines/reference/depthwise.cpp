// Unrolled over taps, GCC 12 leaves the loop over channels scalar.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3", "no-loop-unroll-and-jam")
#endif

// Convolution with one input channel per group: no matrix product, but a sum over taps for many
// channels of a whole output row at once. A channel multiplier is met by repeating the input's
// channels.
#include <algorithm>
#include <array>
#include <memory>
#include <numeric>

#include "hw/spec/arithmetic_clones.h"
#include "sim/engines/reference/channels.h"
#include "sim/engines/reference/padded_input.h"

namespace qsim::reference {
namespace {

constexpr int64_t kBlock = 64;  // elements summed at once: registers of every instruction set

// sums[j] = sum over taps t of codes[offsets[t] + j] * weights[t * period + j % period] modulo
// 2^32, j < n rounded up to whole blocks; `period` is a multiple of the block.
QSIM_CLONES void sum_taps(const uint8_t* __restrict codes, const int64_t* __restrict offsets,
                          const int16_t* __restrict weights, int64_t taps, int64_t period,
                          int64_t n, int32_t* __restrict sums) {
  int64_t phase = 0;
  for (int64_t first = 0; first < n; first += kBlock) {
    std::array<int32_t, kBlock> block{};
    for (int64_t t = 0; t < taps; ++t) {
      const uint8_t* code = codes + offsets[t] + first;
      const int16_t* weight = weights + t * period + phase;
      // As int16, so that compilers find the widening product.
      for (size_t j = 0; j < kBlock; ++j) block[j] += static_cast<int16_t>(code[j]) * weight[j];
    }
    std::copy(block.begin(), block.end(), sums + first);
    phase = phase + kBlock == period ? 0 : phase + kBlock;
  }
}

class DepthwiseStep {
 public:
  explicit DepthwiseStep(const StepContext& context);
  uint64_t run(const Tensor& input, Tensor& output, Workspace& workspace) const;

 private:
  // Columns of a padded line in the order 0, s, 2s, ..., 1, s + 1, ...: what neighbouring outputs
  // read with one tap is then contiguous for every stride s.
  int64_t position_of(int64_t column, int64_t width) const;
  const uint8_t* sort_columns(const PaddedInput& padded, int64_t lines, Workspace& workspace) const;
  std::vector<int64_t> tap_offsets(const PaddedInput& padded) const;
  uint64_t count_wraps(const uint8_t* codes, const std::vector<int64_t>& offsets) const;

  StepContext context_;
  int64_t taps_;
  int64_t channel_count_;
  Channels channels_;
  int64_t period_;                // channels of several pixels that make whole blocks
  std::vector<int16_t> weights_;  // [tap][period], zero point subtracted: 9 bits
};

DepthwiseStep::DepthwiseStep(const StepContext& context)
    : context_(context),
      taps_(int64_t{context.layer.window.kh} * context.layer.window.kw),
      channel_count_(context.output().c),
      channels_(make_channels(context, 0, context.output().c)),
      period_(std::lcm(channel_count_, kBlock)) {
  for (int64_t t = 0; t < taps_; ++t) {
    for (int64_t i = 0; i < period_; ++i) {
      const int64_t o = i % channel_count_;
      weights_.push_back(
          static_cast<int16_t>(context.layer.weights[static_cast<size_t>(o * taps_ + t)] -
                               context.layer.weight_zero_point[static_cast<size_t>(o)]));
    }
  }
}

int64_t DepthwiseStep::position_of(int64_t column, int64_t width) const {
  const int64_t stride = context_.layer.window.stride_w, phase = column % stride;
  const int64_t longer = width % stride;  // phases with one more column than width / stride
  return phase * (width / stride) + std::min(phase, longer) + column / stride;
}

const uint8_t* DepthwiseStep::sort_columns(const PaddedInput& padded, int64_t lines,
                                           Workspace& workspace) const {
  const int64_t line_bytes = padded.w * padded.c;
  uint8_t* sorted = grown(workspace.windows, lines * line_bytes + kBlock);
  std::vector<int64_t> places;
  for (int64_t x = 0; x < padded.w; ++x) places.push_back(position_of(x, padded.w) * padded.c);
  for (int64_t line = 0; line < lines; ++line) {
    const uint8_t* from = padded.codes + line * line_bytes;
    for (const int64_t place : places) {
      std::copy(from, from + padded.c, sorted + line * line_bytes + place);
      from += padded.c;
    }
  }
  return sorted;
}

std::vector<int64_t> DepthwiseStep::tap_offsets(const PaddedInput& padded) const {
  const Window& window = context_.layer.window;
  std::vector<int64_t> offsets;
  for (int64_t ky = 0; ky < window.kh; ++ky) {
    for (int64_t kx = 0; kx < window.kw; ++kx) {
      offsets.push_back(
          (ky * window.dilation_h * padded.w + position_of(kx * window.dilation_w, padded.w)) *
          padded.c);
    }
  }
  return offsets;
}

uint64_t DepthwiseStep::count_wraps(const uint8_t* codes,
                                    const std::vector<int64_t>& offsets) const {
  const int32_t zero = context_.input().quant.zero_point + 128;
  uint64_t wraps = 0;
  for (int32_t o : channels_.can_wrap) {
    int64_t sum = context_.layer.bias[static_cast<size_t>(o)];
    for (int64_t t = 0; t < taps_; ++t) {
      sum += (codes[offsets[static_cast<size_t>(t)] + o] - zero) *
             weights_[static_cast<size_t>(t * period_ + o)];
    }
    wraps += leaves_int32(sum) ? 1 : 0;
  }
  return wraps;
}

uint64_t DepthwiseStep::run(const Tensor& input, Tensor& output, Workspace& workspace) const {
  const NetTensor& to = context_.output();
  const Window& window = context_.layer.window;
  const PaddedInput padded =
      pad_input(context_, input, channel_count_ / context_.input().c, kBlock, workspace);
  const uint8_t* columns = window.stride_w == 1
                               ? padded.codes
                               : sort_columns(padded, input.shape[0] * padded.h, workspace);
  const std::vector<int64_t> offsets = tap_offsets(padded);
  const int64_t rows = input.shape[0] * to.h, row_codes = to.w * channel_count_;
  uint64_t wraps = 0;
  int32_t* sums = grown(workspace.sums, row_codes + kBlock);
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t line = row / to.h * padded.h + row % to.h * window.stride_h;
    const uint8_t* codes = columns + line * padded.w * padded.c;
    sum_taps(codes, offsets.data(), weights_.data(), taps_, period_, row_codes, sums);
    channels_.rows.run(sums, to.w, output.data<int8_t>() + row * row_codes, channel_count_);
    for (int64_t x = 0; x < to.w && !channels_.can_wrap.empty(); ++x) {
      wraps += count_wraps(codes + x * channel_count_, offsets);
    }
  }
  return wraps;
}

}  // namespace

Step prepare_depthwise(const StepContext& context) {
  auto step = std::make_shared<const DepthwiseStep>(context);
  return [step](const std::vector<const Tensor*>& inputs, Tensor& output, Workspace& workspace) {
    return step->run(*inputs[0], output, workspace);
  };
}

}  // namespace qsim::reference
