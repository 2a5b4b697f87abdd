#include "sim/systemc/vector_functions.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "hw/spec/arithmetic_rows.h"
#include "hw/spec/packing.h"

namespace qsim::model {
namespace {

constexpr size_t kMaxChannels = 256;
using Sums = std::array<int32_t, kMaxChannels>;

// Reads the channels of one block of an operand, wherever its codes lie, as one code a byte.
class Operand {
 public:
  Operand(const int8_t* activations, const VectorBlock& block, int32_t pack)
      : activations_(activations), channels_(block.channels), pack_(pack) {}

  // Valid until the next call.
  const int8_t* at(int64_t byte) {
    if (pack_ == 0) return activations_ + byte;
    unpack_codes(activations_ + byte, channels_, pack_, codes_.data());
    return codes_.data();
  }

 private:
  const int8_t* activations_;
  int64_t channels_;
  int32_t pack_;
  std::array<int8_t, kMaxChannels> codes_;
};

int64_t count_wraps(const int32_t* acc, const int32_t* bias, int64_t n) {
  uint32_t wraps = 0;
  for (int64_t i = 0; i < n; ++i) {
    const auto a = static_cast<uint32_t>(acc[i]);
    const auto b = static_cast<uint32_t>(bias[i]);
    const uint32_t total = a + b;
    wraps += ((a ^ total) & (b ^ total)) >> 31;
  }
  return wraps;
}

void requantize_pixels(const VectorRun& run, const VectorBlock& block,
                       const BlockParameters& parameters, const int32_t* accumulators,
                       int64_t first, int64_t count, int8_t* codes, int64_t& wraps) {
  const Vector& op = run.op;
  const int64_t cols = run.arch->array.cols;
  // Full blocks have no gaps between pixels, in neither operand.
  const int64_t at_once = block.channels == cols ? BlockParameters::kRepeats : 1;
  for (int64_t done = 0; done < count; done += at_once) {
    const int64_t lanes = std::min(at_once, count - done) * block.channels;
    const int32_t* acc = accumulators + run.acc_word(block.number, first + done) * cols;
    wraps += count_wraps(acc, parameters.bias(), lanes);
    requantize_row(run.arch->vector.requant, acc, parameters.bias(), parameters.multiplier(),
                   parameters.shift(), static_cast<size_t>(lanes), op.zero_dst, op.clamp_low,
                   op.clamp_high, codes + done * block.channels);
  }
}

void add_pixels(const VectorRun& run, const VectorBlock& block, const int8_t* activations,
                int64_t first, int64_t count, int8_t* codes) {
  const Vector& op = run.op;
  const AddParams params{op.multiplier, op.multiplier2, op.shift};
  Operand src(activations, block, op.src_pack), src2(activations, block, op.src2_pack);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t y = (first + i) / op.out_w;
    const int64_t x = (first + i) % op.out_w;
    add_row(src.at(run.src_byte(block.number, y, x)), op.zero_src,
            src2.at(run.src2_byte(block.number, first + i)), op.zero_src2, params,
            static_cast<size_t>(block.channels), op.zero_dst, op.clamp_low, op.clamp_high,
            codes + i * block.channels);
  }
}

void max_pixel(const VectorRun& run, const VectorBlock& block, const int8_t* activations,
               int64_t pixel, int8_t* codes) {
  const int64_t channels = block.channels;
  std::memset(codes, -128, static_cast<size_t>(channels));
  Operand src(activations, block, run.op.src_pack);
  for_each_tap(run, block, pixel, [&](int64_t, int64_t byte) {
    const int8_t* source = src.at(byte);
    for (int64_t j = 0; j < channels; ++j) codes[j] = std::max(codes[j], source[j]);
  });
  const auto low = static_cast<int8_t>(run.op.clamp_low);
  const auto high = static_cast<int8_t>(run.op.clamp_high);
  for (int64_t j = 0; j < channels; ++j) codes[j] = std::min(std::max(codes[j], low), high);
}

// Averages, and rescaling as an average over one tap: padding adds nothing to the sum.
void average_pixel(const VectorRun& run, const VectorBlock& block, const int8_t* activations,
                   int64_t pixel, int8_t* codes) {
  const Vector& op = run.op;
  Sums sums;
  std::fill_n(sums.begin(), block.channels, 0);
  Operand src(activations, block, op.src_pack);
  for_each_tap(run, block, pixel, [&](int64_t, int64_t byte) {
    const int8_t* source = src.at(byte);
    for (int64_t j = 0; j < block.channels; ++j)
      sums[static_cast<size_t>(j)] += source[j] - op.zero_src;
  });
  average_row(sums.data(), {op.multiplier, op.shift}, static_cast<size_t>(block.channels),
              op.zero_dst, op.clamp_low, op.clamp_high, codes);
}

void depthwise_pixel(const VectorRun& run, const VectorBlock& block,
                     const BlockParameters& parameters, const int8_t* activations, int64_t pixel,
                     int8_t* codes, int64_t& wraps) {
  const Vector& op = run.op;
  Sums sums;
  std::fill_n(sums.begin(), block.channels, 0);
  const int32_t* zero = parameters.weight_zero();
  // 255 * 255 a tap: sums of fewer than 33026 taps cannot wrap, so the bias alone can make them.
  const bool may_wrap = run.taps > 33025;
  Operand src(activations, block, op.src_pack);
  for_each_tap(run, block, pixel, [&](int64_t tap, int64_t byte) {
    const int8_t* source = src.at(byte);
    const int8_t* weights = parameters.weights(tap);
    for (int64_t j = 0; j < block.channels; ++j) {
      int32_t& sum = sums[static_cast<size_t>(j)];
      const int32_t product = (source[j] - op.zero_src) * (weights[j] - zero[j]);
      if (may_wrap) wraps += __builtin_add_overflow_p(sum, product, int32_t{0}) ? 1 : 0;
      sum = static_cast<int32_t>(static_cast<uint32_t>(sum) + static_cast<uint32_t>(product));
    }
  });
  wraps += count_wraps(sums.data(), parameters.bias(), block.channels);
  requantize_row(run.arch->vector.requant, sums.data(), parameters.bias(), parameters.multiplier(),
                 parameters.shift(), static_cast<size_t>(block.channels), op.zero_dst, op.clamp_low,
                 op.clamp_high, codes);
}

}  // namespace

void BlockParameters::read(const VectorRun& run, const uint8_t* bytes) {
  cols_ = run.arch->array.cols;
  const auto words = [&](int64_t row, std::vector<int32_t>& to) {
    to.resize(static_cast<size_t>(kRepeats * cols_));
    for (int64_t i = 0; i < kRepeats; ++i) {
      std::memcpy(to.data() + i * cols_, bytes + row * 4 * cols_, static_cast<size_t>(4 * cols_));
    }
  };
  words(0, bias_);
  words(1, multiplier_);
  words(2, shift_);
  words(3, weight_zero_);
  // A10 gives the ranges; bytes that were corrupted must not lead to undefined shifts.
  const RequantMode mode = run.arch->vector.requant;
  const bool tflite = mode == RequantMode::kTflite || mode == RequantMode::kTflite1;
  const int32_t least = mode == RequantMode::kPot ? -8 : tflite ? 1 : 0;
  for (int32_t& shift : shift_) shift = std::clamp(shift, least, 62);
  weights_.clear();
  if (run.function != VectorFunction::kDepthwise) return;
  const auto* codes = reinterpret_cast<const int8_t*>(bytes) + 16 * cols_;
  if (run.op.weight_pack == 0) {
    weights_.assign(codes, codes + run.taps * cols_);
    return;
  }
  // Tap by tap, the same code of a row of bytes.
  const int32_t per_byte = codes_per_byte(run.op.weight_pack);
  weights_.resize(static_cast<size_t>(run.taps * cols_));
  for (int64_t tap = 0; tap < run.taps; ++tap) {
    const int8_t* row = codes + tap / per_byte * cols_;
    int8_t* to = weights_.data() + tap * cols_;
    for (int64_t j = 0; j < cols_; ++j) {
      to[j] = code_at(row + j, tap % per_byte, run.op.weight_pack);
    }
  }
}

void compute_pixels(const VectorRun& run, const VectorBlock& block,
                    const BlockParameters& parameters, const int32_t* accumulators,
                    const int8_t* activations, int64_t first, int64_t count, int8_t* codes,
                    int64_t& wraps) {
  switch (run.function) {
    case VectorFunction::kRequant:
      return requantize_pixels(run, block, parameters, accumulators, first, count, codes, wraps);
    case VectorFunction::kAdd:
      return add_pixels(run, block, activations, first, count, codes);
    case VectorFunction::kMaxPool:
    case VectorFunction::kAveragePool:
    case VectorFunction::kDepthwise:
    case VectorFunction::kRescale:
      break;
  }
  for (int64_t i = 0; i < count; ++i) {
    int8_t* out = codes + i * block.channels;
    if (run.function == VectorFunction::kMaxPool) {
      max_pixel(run, block, activations, first + i, out);
    } else if (run.function == VectorFunction::kDepthwise) {
      depthwise_pixel(run, block, parameters, activations, first + i, out, wraps);
    } else {
      average_pixel(run, block, activations, first + i, out);
    }
  }
}

}  // namespace qsim::model
