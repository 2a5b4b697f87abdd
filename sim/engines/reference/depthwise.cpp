// Unrolled over taps, GCC 12 leaves the loop over channels scalar.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3", "no-loop-unroll-and-jam")
#endif

// Convolution with one input channel per group: no matrix product, but a sum over taps for many
// channels at once. A channel multiplier is met by repeating the input's channels.
#include <algorithm>
#include <array>
#include <memory>

#include "hw/spec/arithmetic_clones.h"
#include "sim/engines/reference/channels.h"
#include "sim/engines/reference/padded_input.h"

namespace qsim::reference {
namespace {

constexpr int64_t kBlock = 64;  // channels summed at once: registers of every instruction set

// sums[j] = sum over taps t of codes[offsets[t] + j] * weights[t * pitch + j] modulo 2^32, j < n.
QSIM_CLONES void sum_taps(const uint8_t* __restrict codes, const int64_t* __restrict offsets,
                          const int16_t* __restrict weights, int64_t taps, int64_t pitch, int64_t n,
                          int32_t* __restrict sums) {
  int64_t first = 0;
  for (; first + kBlock <= n; first += kBlock) {
    std::array<int32_t, kBlock> block{};
    for (int64_t t = 0; t < taps; ++t) {
      const uint8_t* code = codes + offsets[t] + first;
      const int16_t* weight = weights + t * pitch + first;
      for (size_t j = 0; j < kBlock; ++j) block[j] += code[j] * weight[j];
    }
    std::copy(block.begin(), block.end(), sums + first);
  }
  std::fill(sums + first, sums + n, 0);
  for (int64_t t = 0; t < taps; ++t) {
    const uint8_t* code = codes + offsets[t];
    const int16_t* weight = weights + t * pitch;
    for (int64_t j = first; j < n; ++j) sums[j] += code[j] * weight[j];
  }
}

class DepthwiseStep {
 public:
  explicit DepthwiseStep(const StepContext& context);
  uint64_t run(const Tensor& input, Tensor& output, Workspace& workspace) const;

 private:
  std::vector<int64_t> tap_offsets(const PaddedInput& padded) const;
  uint64_t count_wraps(const uint8_t* codes, const std::vector<int64_t>& offsets) const;

  StepContext context_;
  int64_t taps_;
  int64_t channel_count_;
  Channels channels_;
  std::vector<int16_t> weights_;  // [tap][channel], zero point subtracted: 9 bits
};

DepthwiseStep::DepthwiseStep(const StepContext& context)
    : context_(context),
      taps_(int64_t{context.layer.window.kh} * context.layer.window.kw),
      channel_count_(context.output().c),
      channels_(make_channels(context, 0, context.output().c)) {
  for (int64_t t = 0; t < taps_; ++t) {
    for (int64_t o = 0; o < channel_count_; ++o) {
      weights_.push_back(
          static_cast<int16_t>(context.layer.weights[static_cast<size_t>(o * taps_ + t)] -
                               context.layer.weight_zero_point[static_cast<size_t>(o)]));
    }
  }
}

std::vector<int64_t> DepthwiseStep::tap_offsets(const PaddedInput& padded) const {
  const Window& window = context_.layer.window;
  std::vector<int64_t> offsets;
  for (int64_t ky = 0; ky < window.kh; ++ky) {
    for (int64_t kx = 0; kx < window.kw; ++kx) {
      offsets.push_back((ky * window.dilation_h * padded.w + kx * window.dilation_w) * padded.c);
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
             weights_[static_cast<size_t>(t * channel_count_ + o)];
    }
    wraps += leaves_int32(sum) ? 1 : 0;
  }
  return wraps;
}

uint64_t DepthwiseStep::run(const Tensor& input, Tensor& output, Workspace& workspace) const {
  const NetTensor& to = context_.output();
  const Window& window = context_.layer.window;
  const PaddedInput padded =
      pad_input(context_, input, channel_count_ / context_.input().c, 0, workspace);
  const std::vector<int64_t> offsets = tap_offsets(padded);
  const int64_t rows = input.shape[0] * to.h;
  uint64_t wraps = 0;
  int32_t* sums = grown(workspace.sums, channel_count_);
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t line = row / to.h * padded.h + row % to.h * window.stride_h;
    const uint8_t* codes = padded.codes + line * padded.w * padded.c;
    int8_t* result = output.data<int8_t>() + row * to.w * channel_count_;
    for (int64_t x = 0; x < to.w; ++x) {
      sum_taps(codes, offsets.data(), weights_.data(), taps_, channel_count_, channel_count_, sums);
      channels_.rows.run(sums, 1, result + x * channel_count_, channel_count_);
      if (!channels_.can_wrap.empty()) wraps += count_wraps(codes, offsets);
      codes += window.stride_w * padded.c;
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
