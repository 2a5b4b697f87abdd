// A bench for one vector instruction: all memories filled by the test, the whole activation buffer
// given back, and what it should hold by the obvious loops.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "hw/spec/arithmetic.h"
#include "sim/engines/analytic/engine.h"
#include "tests/sim/systemc/tiny_program.h"
#include "tests/support/engines.h"
#include "tests/support/slow_packing.h"

namespace qsim::test {

constexpr int32_t kActBytes = 16000;
constexpr size_t kVector = 2;  // index of the instruction under test

// The machine's memories as plain arrays.
struct Memories {
  std::vector<int8_t> act = std::vector<int8_t>(kActBytes);
  std::vector<uint8_t> param = std::vector<uint8_t>(8192);
  std::vector<int32_t> acc;

  int32_t param_word(int64_t byte) const {
    int32_t word = 0;
    std::memcpy(&word, param.data() + byte, 4);
    return word;
  }
};

// Bytes from one parameter block to the next.
inline int64_t parameter_stride(const Arch& arch, const Vector& op) {
  const int64_t cols = arch.array.cols, n = int64_t{1} << op.weight_pack;
  const bool depthwise = VectorFunction(op.function) == VectorFunction::kDepthwise;
  const int64_t taps = int64_t{op.kh} * op.kw;
  return 16 * cols + (depthwise ? 4 * cols * ((taps + 4 * n - 1) / (4 * n)) : 0);
}

// docs/reference/isa.md, "Vector", line by line.
inline int32_t result_code(const Arch& arch, const Vector& op, const Memories& from, int64_t b,
                           int64_t y, int64_t x, int64_t j) {
  const int64_t cols = arch.array.cols;
  const int64_t taps = int64_t{op.kh} * op.kw;
  const bool depthwise = VectorFunction(op.function) == VectorFunction::kDepthwise;
  const int64_t block = op.param + b * parameter_stride(arch, op);
  const RequantParams channel{from.param_word(block + 4 * (cols + j)),
                              from.param_word(block + 4 * (2 * cols + j))};
  const auto finish = [&](int64_t acc) {
    acc += from.param_word(block + 4 * j);
    return requantize(arch.vector.requant, static_cast<int32_t>(acc), channel, op.zero_dst,
                      op.clamp_low, op.clamp_high);
  };
  const auto act = [&](int64_t pixel, int32_t pack) {
    return slow_code(from.act.data() + pixel, b * cols + j, pack);
  };
  if (VectorFunction(op.function) == VectorFunction::kRequant) {
    const int64_t word = op.src + (b * op.out_h + y) * op.out_w + x;
    return finish(from.acc[static_cast<size_t>(word * cols + j)]);
  }
  if (VectorFunction(op.function) == VectorFunction::kAdd) {
    return add_codes(
        act(op.src + y * op.src_row_pitch + x * op.src_pixel_pitch, op.src_pack), op.zero_src,
        act(op.src2 + y * op.src2_row_pitch + x * op.src2_pixel_pitch, op.src2_pack), op.zero_src2,
        {op.multiplier, op.multiplier2, op.shift}, op.zero_dst, op.clamp_low, op.clamp_high);
  }
  int64_t sum = 0;
  int32_t largest = -128;
  for (int64_t tap = 0; tap < taps; ++tap) {
    const int64_t sy = op.y0 + y * op.stride_h + tap / op.kw * op.dilation_h;
    const int64_t sx = op.x0 + x * op.stride_w + tap % op.kw * op.dilation_w;
    if (sy < 0 || sy >= op.in_h || sx < 0 || sx >= op.in_w) continue;
    const int32_t code = act(op.src + sy * op.src_row_pitch + sx * op.src_pixel_pitch, op.src_pack);
    largest = std::max(largest, code);
    const int64_t n = int64_t{1} << op.weight_pack;
    const auto* weights = reinterpret_cast<const int8_t*>(from.param.data()) + block + 16 * cols;
    const int32_t weight =
        depthwise ? slow_code(weights + tap / n * cols + j, tap % n, op.weight_pack) : 1;
    const int32_t zero = depthwise ? from.param_word(block + 4 * (3 * cols + j)) : 0;
    sum += (code - op.zero_src) * (weight - zero);
  }
  switch (VectorFunction(op.function)) {
    case VectorFunction::kMaxPool:
      return std::clamp(largest, op.clamp_low, op.clamp_high);
    case VectorFunction::kDepthwise:
      return finish(sum);
    default:
      return average_code(static_cast<int32_t>(sum), {op.multiplier, op.shift}, op.zero_dst,
                          op.clamp_low, op.clamp_high);
  }
}

class VectorBench {
 public:
  VectorBench(int32_t rows, int32_t cols, int32_t lanes) {
    tiny.array(rows, cols).pe_modes(PeModes::k842);
    tiny.arch().vector.lanes = lanes;
    tiny.arch().buffers.acc_entries = 64;
    tiny.result(kActBytes);
    from.acc.resize(static_cast<size_t>(64 * cols));
  }

  void randomize(uint32_t seed) {
    std::mt19937 random(seed);
    for (int8_t& code : from.act) code = static_cast<int8_t>(random());
    for (uint8_t& byte : from.param) byte = static_cast<uint8_t>(random());
    for (int32_t& word : from.acc) {
      word = static_cast<int32_t>(random()) >> (random() % 24);
    }
  }

  // Parameter blocks with valid multipliers and shifts for the machine's mode.
  void set_parameters(int64_t block_bytes, int64_t blocks) {
    const int64_t cols = tiny.arch().array.cols;
    std::mt19937 random(3);
    for (int64_t b = 0; b < blocks; ++b) {
      for (int64_t j = 0; j < cols; ++j) {
        const float scale = 0.0001f * static_cast<float>(1 + random() % 1000);
        const RequantParams params =
            derive_requant(tiny.arch().vector.requant, scale, 0.01f, 0.02f);
        const int32_t words[] = {static_cast<int32_t>(random() % 2001) - 1000, params.multiplier,
                                 params.shift, static_cast<int32_t>(random() % 7) - 3};
        for (int64_t w = 0; w < 4; ++w) {
          std::memcpy(from.param.data() + b * block_bytes + 4 * (w * cols + j), words + w, 4);
        }
      }
    }
  }

  // Fills all memories and runs the instruction; outputs[0] is the activation buffer afterwards.
  RunResult run(const Vector& op, SystemcOptions options = {}) {
    std::vector<uint8_t> data(from.act.begin(), from.act.end());
    data.insert(data.end(), from.param.begin(), from.param.end());
    tiny.program().instructions.clear();
    tiny.program().info.clear();
    tiny.data(data)
        .add(load(BufferId::kActivation, 0, kData, kActBytes))
        .add(load(BufferId::kParam, 0, kData + kActBytes, 8192), 0, kVectorBit)
        .add(op, kLoadBit, kStoreBit)
        .add(store(0, kResult, kActBytes), kVectorBit);
    for (size_t i = 0; i < from.acc.size() * 4; ++i) {
      const auto byte = reinterpret_cast<const uint8_t*>(from.acc.data())[i];
      options.pokes.push_back({0, Poke::Target::kAccumulator, static_cast<int64_t>(i), byte});
    }
    return tiny.run(std::move(options));
  }

  // What the activation buffer should hold afterwards.
  std::vector<int8_t> expected_bytes(const Vector& op) const {
    std::vector<int8_t> expected = from.act;
    const int64_t cols = tiny.arch().array.cols;
    const int64_t all = (op.blocks - 1) * cols + op.last_channels;
    for (int64_t b = 0; b < op.blocks; ++b) {
      const int64_t channels = b == op.blocks - 1 ? op.last_channels : cols;
      for (int64_t y = 0; y < op.out_h; ++y) {
        for (int64_t x = 0; x < op.out_w; ++x) {
          int8_t* pixel = expected.data() + op.dst + y * op.dst_row_pitch + x * op.dst_pixel_pitch;
          for (int64_t j = 0; j < channels; ++j) {
            put_slow_code(pixel, b * cols + j, op.dst_pack,
                          result_code(tiny.arch(), op, from, b, y, x, j));
          }
          if (b < op.blocks - 1) continue;
          for (int64_t i = all; i % (1 << op.dst_pack) != 0; ++i) {
            put_slow_code(pixel, i, op.dst_pack, 0);
          }
        }
      }
    }
    return expected;
  }

  // Values by the obvious loops, cycles and counters by the analytic engine.
  void expect_values(const Vector& op, const std::string& what) {
    const std::vector<int8_t> expected = expected_bytes(op);
    const RunResult result = run(op);
    const Program program = tiny.whole();
    EXPECT_EQ(timing_difference(program, run_analytic(program), result), "") << what;
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(static_cast<int8_t>(result.outputs[0].bytes[i]), expected[i])
          << what << ", byte " << i;
    }
  }

  TinyProgram tiny;
  Memories from;
};

// 3x4 pixels of three blocks, the last one short, from a 5x6 source.
inline Vector window_op(VectorFunction function, int32_t rows, int32_t cols) {
  Vector op = vector(function, 1, 1, rows);
  op.blocks = 3;
  op.last_channels = std::max(cols - 1, 1);
  const int32_t pixel = (3 * cols + rows - 1) / rows * rows;
  op.out_h = 3;
  op.out_w = 4;
  op.dst_pixel_pitch = pixel;
  op.dst_row_pitch = 4 * pixel;
  op.dst = 5;
  op.src = 8192 - 3;
  op.src_pixel_pitch = pixel + rows;
  op.src_row_pitch = 6 * op.src_pixel_pitch;
  op.src2 = 4096 + 1;
  op.src2_pixel_pitch = pixel;
  op.src2_row_pitch = 5 * pixel;
  op.in_h = 5;
  op.in_w = 6;
  op.zero_src = 4;
  op.zero_src2 = -9;
  op.zero_dst = -20;
  op.clamp_low = -100;
  op.clamp_high = 90;
  op.multiplier = 3000000;
  op.multiplier2 = 2000000;
  op.shift = 22;
  return op;
}

inline Vector pooling_op(VectorFunction function, int32_t rows, int32_t cols) {
  Vector op = window_op(function, rows, cols);
  op.kh = 3;
  op.kw = 2;
  op.stride_h = 2;
  op.dilation_w = 2;
  op.y0 = -1;
  op.x0 = -1;
  op.shift = 24;
  return op;
}

}  // namespace qsim::test
