// A bench for one matmul: operands loaded, the instruction run, its sums given back as codes.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <utility>
#include <vector>

#include "tests/sim/systemc/tiny_program.h"

namespace qsim::test {

// Identity requantization of one block: code = clamp(acc) in rne mode.
inline std::vector<uint8_t> identity_parameters(int32_t cols) {
  std::vector<int32_t> words(static_cast<size_t>(4 * cols), 0);
  for (int32_t j = 0; j < cols; ++j) {
    words[static_cast<size_t>(cols + j)] = 1 << 23;
    words[static_cast<size_t>(2 * cols + j)] = 23;
  }
  std::vector<uint8_t> bytes(words.size() * 4);
  std::memcpy(bytes.data(), words.data(), bytes.size());
  return bytes;
}

// Loads activations (data from offset 0, to byte 0), weights (to word 0) and identity parameters,
// runs the matmul once all is there, and returns the codes of its accumulators, pixel by pixel.
class MatmulBench {
 public:
  MatmulBench(int32_t rows, int32_t cols, Dataflow dataflow) : rows_(rows), cols_(cols) {
    tiny.array(rows, cols, dataflow);
    tiny.arch().sync.token_depth = 8;
  }

  RunResult run(const Matmul& op, const std::vector<int8_t>& activations,
                const std::vector<int8_t>& weights, SystemcOptions options = {}) {
    std::vector<uint8_t> data(activations.begin(), activations.end());
    const auto weights_at = static_cast<int64_t>(data.size());
    data.insert(data.end(), weights.begin(), weights.end());
    const auto parameters_at = static_cast<int64_t>(data.size());
    const std::vector<uint8_t> parameters = identity_parameters(cols_);
    data.insert(data.end(), parameters.begin(), parameters.end());
    const int32_t pixels = op.out_h * op.out_w;
    Vector requant = vector(VectorFunction::kRequant, pixels, cols_, rows_);
    requant.src = op.acc;
    requant.dst = 8192;
    const int32_t bytes = requant.dst_pixel_pitch * pixels;
    tiny.program().instructions.clear();
    tiny.program().info.clear();
    tiny.data(data).result(bytes);
    tiny.add(load(BufferId::kActivation, 0, kData, static_cast<int32_t>(activations.size())))
        .add(load(BufferId::kParam, 0, kData + parameters_at,
                  static_cast<int32_t>(parameters.size())))
        .add(load(BufferId::kWeight, 0, kData + weights_at, static_cast<int32_t>(weights.size())),
             0, kComputeBit)
        .add(op, kLoadBit, kVectorBit)
        .add(requant, kComputeBit, kStoreBit)
        .add(store(requant.dst, kResult, bytes), kVectorBit);
    pitch = requant.dst_pixel_pitch;
    return tiny.run(std::move(options));
  }

  TinyProgram tiny;
  int32_t pitch = 0;
  static constexpr size_t kMatmul = 3;

 private:
  int32_t rows_, cols_;
};

// A window over every edge of a 6x5 source, two of three words a pixel; 12 pixels, 12 tiles.
inline Matmul window_over_edges() {
  Matmul op;
  op.in_h = 6;
  op.in_w = 5;
  op.cblocks = 2;
  op.act_pixel_pitch = 3;  // a block that is not used
  op.act_row_pitch = 16;
  op.act = 1;
  op.y0 = -1;
  op.x0 = -2;
  op.out_h = 3;
  op.out_w = 4;
  op.stride_h = 2;
  op.stride_w = 1;
  op.kh = 2;
  op.kw = 3;
  op.dilation_h = 1;
  op.dilation_w = 2;
  op.acc = 5;
  return op;
}

inline int8_t code_of(const RunResult& run, int64_t byte) {
  return static_cast<int8_t>(run.outputs[0].bytes[static_cast<size_t>(byte)]);
}

}  // namespace qsim::test
