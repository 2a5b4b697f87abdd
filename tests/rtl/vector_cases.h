// Random vector instructions that keep to the rules of docs/reference/isa.md, and the memories that
// they work on.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "hw/spec/isa.h"
#include "hw/spec/packing.h"
#include "tests/rtl/vector_reference.h"

namespace qsim::rtl {

class VectorCases {
 public:
  VectorCases(const VectorMachine& machine, uint32_t seed) : machine_(machine), random_(seed) {
    memories.act.resize(static_cast<size_t>(machine.act_bytes));
    memories.param.resize(static_cast<size_t>(machine.param_bytes));
    memories.acc.resize(static_cast<size_t>(machine.acc_words * machine.cols));
    for (uint8_t& byte : memories.act) byte = static_cast<uint8_t>(random_());
    for (uint8_t& byte : memories.param) byte = static_cast<uint8_t>(random_());
    for (uint32_t& acc : memories.acc) acc = static_cast<uint32_t>(accumulator());
  }

  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  int32_t pick32(int64_t low, int64_t high) { return static_cast<int32_t>(pick(low, high)); }
  int32_t code(int32_t pack = 0) {
    return pick32(lowest_code(bits_of_pack(pack)), highest_code(bits_of_pack(pack)));
  }
  // Of any size, the extremes included.
  int32_t accumulator() {
    const auto any = static_cast<int32_t>(random_());
    return pick(0, 15) == 0 ? (any < 0 ? INT32_MIN : INT32_MAX) : any >> pick(0, 20);
  }

  // Reads the first half of the activation buffer and writes the second; its parameters are put
  // into memories.param, behind those of earlier instructions. False when they have no room.
  bool next(Vector& op);

  VectorMemories memories;

 private:
  void set_geometry(Vector& op, int64_t channels);
  void set_numbers(Vector& op);
  bool set_parameters(Vector& op);
  void put_word(int64_t address, int64_t value) {
    for (int64_t i = 0; i < 4; ++i) {
      memories.param[static_cast<size_t>(address + i)] = static_cast<uint8_t>(value >> 8 * i);
    }
  }
  // A pitch for so many codes: a multiple of a word.
  int64_t pitch(int64_t channels, int32_t pack) { return pitch(packed_bytes(channels, pack)); }
  int64_t pitch(int64_t bytes) {
    return ((bytes + machine_.rows - 1) / machine_.rows + pick(0, 1)) * machine_.rows;
  }

  VectorMachine machine_;
  std::mt19937 random_;
  int64_t param_used_ = 0;
};

inline bool VectorCases::next(Vector& op) {
  const int64_t half = machine_.act_bytes / 2;
  while (true) {
    op = {};
    op.function = pick32(0, 5);
    op.blocks = pick32(1, 3);
    op.last_channels = pick32(1, machine_.cols);
    const int64_t channels = (op.blocks - 1) * machine_.cols + op.last_channels;
    op.dst_pack = pick32(0, machine_.modes), op.src_pack = pick32(0, machine_.modes);
    op.src2_pack = pick32(0, machine_.modes), op.weight_pack = pick32(0, machine_.modes);
    set_geometry(op, channels);
    const int64_t src_end = op.src + (op.in_h - 1) * int64_t{op.src_row_pitch} +
                            (op.in_w - 1) * int64_t{op.src_pixel_pitch} +
                            packed_bytes(channels, op.src_pack);
    const int64_t src2_end = op.src2 + (op.out_h - 1) * int64_t{op.src2_row_pitch} +
                             (op.out_w - 1) * int64_t{op.src2_pixel_pitch} +
                             packed_bytes(channels, op.src2_pack);
    const int64_t dst_end = op.dst + (op.out_h - 1) * int64_t{op.dst_row_pitch} +
                            (op.out_w - 1) * int64_t{op.dst_pixel_pitch} +
                            packed_bytes(channels, op.dst_pack);
    const bool requant = VectorFunction(op.function) == VectorFunction::kRequant;
    const int64_t words = int64_t{op.blocks} * op.out_h * op.out_w;
    if (!requant && (src_end > half || src2_end > half)) continue;
    if (requant && words > machine_.acc_words) continue;
    if (dst_end > machine_.act_bytes) continue;
    if (requant) op.src = pick32(0, machine_.acc_words - words);
    break;
  }
  set_numbers(op);
  return set_parameters(op);
}

inline void VectorCases::set_geometry(Vector& op, int64_t channels) {
  const auto function = VectorFunction(op.function);
  const bool window = function == VectorFunction::kMaxPool ||
                      function == VectorFunction::kAveragePool ||
                      function == VectorFunction::kDepthwise;
  const bool shifts = window || function == VectorFunction::kRescale;
  op.out_h = pick32(1, 4), op.out_w = pick32(1, 4);
  op.kh = window ? pick32(1, machine_.modes > 0 ? 5 : 3) : 1;
  op.kw = window ? pick32(1, machine_.modes > 0 ? 5 : 4) : 1;
  op.in_h = shifts ? pick32(1, 5) : op.out_h, op.in_w = shifts ? pick32(1, 5) : op.out_w;
  op.stride_h = shifts ? pick32(0, 3) : 1, op.stride_w = shifts ? pick32(0, 3) : 1;
  op.dilation_h = window ? pick32(0, 3) : 1, op.dilation_w = window ? pick32(0, 3) : 1;
  op.y0 = shifts ? pick32(-3, 2) : 0, op.x0 = shifts ? pick32(-3, 2) : 0;
  op.src = pick32(0, 40), op.src2 = pick32(0, 40);
  op.src_pixel_pitch = static_cast<int32_t>(pitch(channels, op.src_pack));
  op.src_row_pitch = static_cast<int32_t>(pitch(op.src_pixel_pitch * op.in_w));
  op.src2_pixel_pitch = static_cast<int32_t>(pitch(channels, op.src2_pack));
  op.src2_row_pitch = static_cast<int32_t>(pitch(op.src2_pixel_pitch * op.out_w));
  op.dst = static_cast<int32_t>(machine_.act_bytes / 2 + pick(0, 40));
  op.dst_pixel_pitch = static_cast<int32_t>(pitch(channels, op.dst_pack));
  op.dst_row_pitch = static_cast<int32_t>(pitch(op.dst_pixel_pitch * op.out_w));
}

inline void VectorCases::set_numbers(Vector& op) {
  op.zero_src = code(op.src_pack), op.zero_src2 = code(op.src2_pack);
  op.zero_dst = code(op.dst_pack);
  op.clamp_low = code(op.dst_pack), op.clamp_high = code(op.dst_pack);
  if (op.clamp_low > op.clamp_high) std::swap(op.clamp_low, op.clamp_high);
  if (VectorFunction(op.function) == VectorFunction::kAdd) {
    op.multiplier = pick32(0, (1 << 22) - 1), op.multiplier2 = pick32(1 << 21, (1 << 22) - 1);
    op.shift = pick(0, 7) == 0 ? pick32(0, 62) : pick32(18, 26);
  } else {
    op.multiplier = pick32(1 << 23, (1 << 24) - 1);
    op.shift = pick(0, 7) == 0 ? pick32(0, 62) : pick32(20, 28);
  }
}

inline bool VectorCases::set_parameters(Vector& op) {
  const auto function = VectorFunction(op.function);
  if (function != VectorFunction::kRequant && function != VectorFunction::kDepthwise) return true;
  const int64_t word = 4 * machine_.cols;
  const bool depthwise = function == VectorFunction::kDepthwise;
  const int64_t word_taps = 4 * codes_per_byte(op.weight_pack);
  const int64_t block = word * (4 + (depthwise ? (op.kh * op.kw + word_taps - 1) / word_taps : 0));
  op.param = static_cast<int32_t>(param_used_ + pick(0, 5));
  param_used_ = op.param + op.blocks * block;
  if (param_used_ > machine_.param_bytes) return false;
  const auto [low, high, usual, least] = [&]() -> std::array<int64_t, 4> {
    switch (machine_.mode) {
      case RequantMode::kTflite:
      case RequantMode::kTflite1:
        return {1 << 30, INT32_MAX, 35, 1};
      case RequantMode::kPot:
        return {1, 1, 5, -8};
      case RequantMode::kM16:
        return {1 << 15, (1 << 16) - 1, 20, 0};
      default:
        return {1 << 23, (1 << 24) - 1, 28, 0};
    }
  }();
  for (int64_t b = 0; b < op.blocks; ++b) {
    for (int64_t j = 0; j < machine_.cols; ++j) {
      const int64_t lane = op.param + b * block + 4 * j;
      put_word(lane, accumulator());
      put_word(lane + word, pick(low, high));
      put_word(lane + 2 * word, pick(0, 7) == 0 ? pick(least, 62) : usual + pick(0, 12));
      put_word(lane + 3 * word, code(op.weight_pack));
    }
  }
  return true;
}

}  // namespace qsim::rtl
