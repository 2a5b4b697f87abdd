// What a vector instruction does and when, written from docs/reference/isa.md and rule T15 for
// benches of the vector unit: every access to a memory port with its cycle, and the bytes of the
// memories.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "hw/spec/arithmetic.h"
#include "hw/spec/isa.h"
#include "hw/spec/packing.h"

namespace qsim::rtl {

struct VectorMachine {
  int64_t rows, cols, lanes;
  RequantMode mode;
  int64_t act_bytes, param_bytes, acc_words;
  int32_t modes = 0;  // greatest pack
  int64_t chunk() const { return std::min({lanes, rows, cols}); }
};

struct VectorMemories {
  std::vector<uint8_t> act, param;
  std::vector<uint32_t> acc;  // cols a word
  bool operator==(const VectorMemories&) const = default;
};

struct Access {
  int64_t cycle, address, bytes;
  bool operator==(const Access&) const = default;
};

struct VectorTrace {
  std::vector<Access> act_reads, acc_reads, param_reads, writes;
  std::vector<int64_t> done;
  int64_t acc_words_read = 0, act_words_read = 0, act_words_written = 0, lane_ops = 0, wraps = 0;
};

class VectorReference {
 public:
  VectorReference(const VectorMachine& machine, VectorMemories filled)
      : memories(std::move(filled)), machine_(machine) {}

  // Returns busy_until of an instruction that issues in cycle `issue`.
  int64_t execute(const Vector& op, int64_t issue);

  VectorMemories memories;
  VectorTrace trace;

 private:
  struct Block {
    int64_t number, start, channels, offset, parameters;
  };
  int64_t words(int64_t address, int64_t bytes) const {
    return (address % machine_.rows + bytes - 1) / machine_.rows + 1;
  }
  int64_t chunks(int64_t channels) const {
    return (channels + machine_.chunk() - 1) / machine_.chunk();
  }
  int64_t run_block(const Vector& op, const Block& block);
  void pixel(const Vector& op, const Block& block, int64_t index);
  void read_operand(int64_t address, int32_t pack, int64_t channels, int64_t end);
  int32_t parameter(const Block& block, int64_t word, int64_t lane) const;
  int32_t finish(const Vector& op, const Block& block, int64_t lane, int64_t sum);
  int64_t add_wrapping(int64_t sum, int64_t term);
  // Of a pixel at `address`.
  int8_t code(int64_t address, int64_t channel, int32_t pack) const {
    return code_at(reinterpret_cast<const int8_t*>(memories.act.data()) + address, channel, pack);
  }

  VectorMachine machine_;
};

inline int64_t VectorReference::execute(const Vector& op, int64_t issue) {
  const int64_t taps = int64_t{op.kh} * op.kw;
  const bool depthwise = VectorFunction(op.function) == VectorFunction::kDepthwise;
  const int64_t word_taps = 4 * codes_per_byte(op.weight_pack);
  const int64_t parameter_words = 4 + (depthwise ? (taps + word_taps - 1) / word_taps : 0);
  int64_t cycle = issue;
  for (int64_t b = 0; b < op.blocks; ++b) {
    const int64_t channels = b == op.blocks - 1 ? op.last_channels : machine_.cols;
    cycle = run_block(op, {b, cycle, channels, b * machine_.cols,
                           op.param + b * parameter_words * 4 * machine_.cols});
  }
  trace.done.push_back(cycle + 8);
  return cycle;
}

inline int64_t VectorReference::run_block(const Vector& op, const Block& block) {
  const auto function = VectorFunction(op.function);
  const int64_t n = block.channels, taps = int64_t{op.kh} * op.kw;
  const int64_t word_bytes = 4 * machine_.cols;
  if (function == VectorFunction::kRequant || function == VectorFunction::kDepthwise) {
    for (int64_t k = 0; k < 4; ++k) {
      trace.param_reads.push_back(
          {block.start + 1 + k, block.parameters + k * word_bytes, word_bytes});
    }
  }
  const int64_t passes = chunks(n), word_taps = 4 * codes_per_byte(op.weight_pack);
  const auto first_byte = [&](int64_t pixel, int32_t pack) {
    return pixel + (block.offset >> pack);
  };
  const auto touched = [&](int64_t address, int32_t pack) {
    return words(first_byte(address, pack), packed_bytes(n, pack));
  };
  const int64_t src_words = touched(op.src, op.src_pack);
  const int64_t src2_words = touched(op.src2, op.src2_pack);
  const int64_t dst_words = touched(op.dst, op.dst_pack);
  const int64_t src_cost = std::max(passes, src_words), src2_cost = std::max(passes, src2_words);
  const bool add = function == VectorFunction::kAdd;
  const bool requant = function == VectorFunction::kRequant;
  const bool window = !add && !requant && function != VectorFunction::kRescale;
  const int64_t operands = add ? 2 : window ? taps : 1;
  const int64_t busy = requant ? passes : add ? src_cost + src2_cost : operands * src_cost;
  const int64_t cost = std::max(busy, dst_words);
  int64_t end = block.start + 4;
  for (int64_t p = 0; p < int64_t{op.out_h} * op.out_w; ++p) {
    end += cost;
    const int64_t y = p / op.out_w, x = p % op.out_w;
    // An operand's chunks are read in the last of its cycles.
    if (requant) {
      const int64_t word = op.src + block.number * op.out_h * op.out_w + p;
      trace.acc_reads.push_back({end - chunks(n) + 1, word, word_bytes});
      ++trace.acc_words_read;
    } else if (add) {
      const int64_t src = op.src + y * op.src_row_pitch + x * op.src_pixel_pitch;
      const int64_t src2 = op.src2 + y * op.src2_row_pitch + x * op.src2_pixel_pitch;
      read_operand(first_byte(src, op.src_pack), op.src_pack, n, end - src2_cost);
      read_operand(first_byte(src2, op.src2_pack), op.src2_pack, n, end);
      trace.act_words_read += src_words + src2_words;
    } else {
      for (int64_t t = 0; t < operands; ++t) {
        const int64_t sy = op.y0 + y * op.stride_h + t / op.kw * op.dilation_h;
        const int64_t sx = op.x0 + x * op.stride_w + t % op.kw * op.dilation_w;
        const bool inside = sy >= 0 && sy < op.in_h && sx >= 0 && sx < op.in_w;
        const int64_t address = op.src + sy * op.src_row_pitch + sx * op.src_pixel_pitch;
        const int64_t last = end - (operands - 1 - t) * src_cost;
        if (inside) read_operand(first_byte(address, op.src_pack), op.src_pack, n, last);
        if (function == VectorFunction::kDepthwise && t % word_taps == 0) {
          trace.param_reads.push_back({last - chunks(n) + 1,
                                       block.parameters + (4 + t / word_taps) * word_bytes,
                                       word_bytes});
        }
      }
      trace.act_words_read += operands * src_words;
    }
    trace.act_words_written += dst_words;
    trace.lane_ops += operands * n;
    const int64_t dst =
        first_byte(op.dst + y * op.dst_row_pitch + x * op.dst_pixel_pitch, op.dst_pack);
    for (int64_t c = 0; c < chunks(n); ++c) {
      const int64_t first = c * machine_.chunk();
      trace.writes.push_back({end + 8 - (chunks(n) - 1 - c), dst + (first >> op.dst_pack),
                              packed_bytes(std::min(n - first, machine_.chunk()), op.dst_pack)});
    }
    pixel(op, block, p);
  }
  return end;
}

inline void VectorReference::read_operand(int64_t address, int32_t pack, int64_t channels,
                                          int64_t end) {
  const int64_t n = chunks(channels);
  for (int64_t c = 0; c < n; ++c) {
    trace.act_reads.push_back(
        {end - (n - 1 - c), address + (c * machine_.chunk() >> pack), machine_.chunk()});
  }
}

inline int32_t VectorReference::parameter(const Block& block, int64_t word, int64_t lane) const {
  uint32_t value = 0;
  for (int64_t i = 3; i >= 0; --i) {
    const int64_t byte = block.parameters + (word * machine_.cols + lane) * 4 + i;
    value = value << 8 | memories.param[static_cast<size_t>(byte)];
  }
  return static_cast<int32_t>(value);
}

inline int64_t VectorReference::add_wrapping(int64_t sum, int64_t term) {
  const int64_t exact = sum + term;
  const auto wrapped = static_cast<int32_t>(static_cast<uint32_t>(exact));
  if (wrapped != exact) ++trace.wraps;
  return wrapped;
}

// Bias and the machine's rounding.
inline int32_t VectorReference::finish(const Vector& op, const Block& block, int64_t lane,
                                       int64_t sum) {
  const auto acc = static_cast<int32_t>(add_wrapping(sum, parameter(block, 0, lane)));
  return requantize(machine_.mode, acc, {parameter(block, 1, lane), parameter(block, 2, lane)},
                    op.zero_dst, op.clamp_low, op.clamp_high);
}

inline void VectorReference::pixel(const Vector& op, const Block& block, int64_t index) {
  const auto function = VectorFunction(op.function);
  const int64_t y = index / op.out_w, x = index % op.out_w;
  const RequantParams params{op.multiplier, op.shift};
  std::vector<int8_t> codes;
  for (int64_t j = 0; j < block.channels; ++j) {
    const int64_t lane = block.offset + j;
    int64_t sum = 0;
    int32_t result = 0, largest = -128;
    for (int64_t t = 0; t < int64_t{op.kh} * op.kw; ++t) {
      const int64_t sy = op.y0 + y * op.stride_h + t / op.kw * op.dilation_h;
      const int64_t sx = op.x0 + x * op.stride_w + t % op.kw * op.dilation_w;
      if (function == VectorFunction::kRequant) break;
      if (sy < 0 || sy >= op.in_h || sx < 0 || sx >= op.in_w) continue;
      const int32_t value =
          code(op.src + sy * op.src_row_pitch + sx * op.src_pixel_pitch, lane, op.src_pack);
      largest = std::max(largest, value);
      int64_t weight = 1;
      if (function == VectorFunction::kDepthwise) {
        const int64_t n = codes_per_byte(op.weight_pack);
        const int64_t byte = block.parameters + (16 + t / n) * machine_.cols + j;
        const auto taps = static_cast<int8_t>(memories.param[static_cast<size_t>(byte)]);
        weight = code_at(&taps, t % n, op.weight_pack) - parameter(block, 3, j);
      }
      sum = add_wrapping(sum, (value - op.zero_src) * weight);
    }
    switch (function) {
      case VectorFunction::kRequant: {
        const int64_t word = op.src + block.number * op.out_h * op.out_w + index;
        result = finish(
            op, block, j,
            static_cast<int32_t>(memories.acc[static_cast<size_t>(word * machine_.cols + j)]));
        break;
      }
      case VectorFunction::kAdd:
        result = add_codes(
            code(op.src + y * op.src_row_pitch + x * op.src_pixel_pitch, lane, op.src_pack),
            op.zero_src,
            code(op.src2 + y * op.src2_row_pitch + x * op.src2_pixel_pitch, lane, op.src2_pack),
            op.zero_src2, {op.multiplier, op.multiplier2, op.shift}, op.zero_dst, op.clamp_low,
            op.clamp_high);
        break;
      case VectorFunction::kMaxPool:
        result = std::clamp(largest, op.clamp_low, op.clamp_high);
        break;
      case VectorFunction::kDepthwise:
        result = finish(op, block, j, sum);
        break;
      case VectorFunction::kAveragePool:
      case VectorFunction::kRescale:
        result = average_code(static_cast<int32_t>(sum), params, op.zero_dst, op.clamp_low,
                              op.clamp_high);
        break;
    }
    codes.push_back(static_cast<int8_t>(result));
  }
  const int64_t dst =
      op.dst + y * op.dst_row_pitch + x * op.dst_pixel_pitch + (block.offset >> op.dst_pack);
  pack_codes(codes.data(), block.channels, op.dst_pack,
             reinterpret_cast<int8_t*>(memories.act.data()) + dst);
}

}  // namespace qsim::rtl
