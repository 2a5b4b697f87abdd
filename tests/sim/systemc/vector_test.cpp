// Vector instructions: every function against the obvious loops over the whole activation buffer,
// the cycles of T15, and the exact cycle in which operands are read and codes written.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "tests/sim/systemc/tiny_program.h"

namespace qsim::test {
namespace {

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

// docs/reference/isa.md, "Vector", line by line.
int32_t result_code(const Arch& arch, const Vector& op, const Memories& from, int64_t b, int64_t y,
                    int64_t x, int64_t j) {
  const int64_t cols = arch.array.cols;
  const int64_t taps = int64_t{op.kh} * op.kw;
  const bool depthwise = VectorFunction(op.function) == VectorFunction::kDepthwise;
  const int64_t block = op.param + b * (16 * cols + (depthwise ? 4 * cols * ((taps + 3) / 4) : 0));
  const RequantParams channel{from.param_word(block + 4 * (cols + j)),
                              from.param_word(block + 4 * (2 * cols + j))};
  const auto finish = [&](int64_t acc) {
    acc += from.param_word(block + 4 * j);
    return requantize(arch.vector.requant, static_cast<int32_t>(acc), channel, op.zero_dst,
                      op.clamp_low, op.clamp_high);
  };
  const auto act = [&](int64_t byte) { return from.act[static_cast<size_t>(byte)]; };
  const int64_t lane = b * cols + j;
  if (VectorFunction(op.function) == VectorFunction::kRequant) {
    const int64_t word = op.src + (b * op.out_h + y) * op.out_w + x;
    return finish(from.acc[static_cast<size_t>(word * cols + j)]);
  }
  if (VectorFunction(op.function) == VectorFunction::kAdd) {
    return add_codes(
        act(op.src + y * op.src_row_pitch + x * op.src_pixel_pitch + lane), op.zero_src,
        act(op.src2 + y * op.src2_row_pitch + x * op.src2_pixel_pitch + lane), op.zero_src2,
        {op.multiplier, op.multiplier2, op.shift}, op.zero_dst, op.clamp_low, op.clamp_high);
  }
  int64_t sum = 0;
  int32_t largest = -128;
  for (int64_t tap = 0; tap < taps; ++tap) {
    const int64_t sy = op.y0 + y * op.stride_h + tap / op.kw * op.dilation_h;
    const int64_t sx = op.x0 + x * op.stride_w + tap % op.kw * op.dilation_w;
    if (sy < 0 || sy >= op.in_h || sx < 0 || sx >= op.in_w) continue;
    const int32_t code = act(op.src + sy * op.src_row_pitch + sx * op.src_pixel_pitch + lane);
    largest = std::max(largest, code);
    const auto weight = static_cast<int8_t>(
        depthwise ? from.param[static_cast<size_t>(block + 16 * cols + tap * cols + j)] : 1);
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
    tiny.array(rows, cols);
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

  void expect_values(const Vector& op, const std::string& what) {
    std::vector<int8_t> expected = from.act;
    for (int64_t b = 0; b < op.blocks; ++b) {
      const int64_t channels = b == op.blocks - 1 ? op.last_channels : tiny.arch().array.cols;
      for (int64_t y = 0; y < op.out_h; ++y) {
        for (int64_t x = 0; x < op.out_w; ++x) {
          for (int64_t j = 0; j < channels; ++j) {
            const int64_t byte = op.dst + y * op.dst_row_pitch + x * op.dst_pixel_pitch +
                                 b * tiny.arch().array.cols + j;
            expected[static_cast<size_t>(byte)] =
                static_cast<int8_t>(result_code(tiny.arch(), op, from, b, y, x, j));
          }
        }
      }
    }
    const RunResult result = run(op);
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(static_cast<int8_t>(result.outputs[0].bytes[i]), expected[i])
          << what << ", byte " << i;
    }
  }

  TinyProgram tiny;
  Memories from;
};

// 3x4 pixels of three blocks, the last one short, from a 5x6 source.
Vector window_op(VectorFunction function, int32_t rows, int32_t cols) {
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

Vector pooling_op(VectorFunction function, int32_t rows, int32_t cols) {
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

constexpr std::pair<int32_t, int32_t> kArrays[] = {{4, 4}, {16, 16}, {5, 7}, {8, 3}, {4, 16}};

TEST(SystemcVector, RequantGivesCodesInEveryMode) {
  for (const RequantMode mode : kRequantModes) {
    for (const auto& [rows, cols] : kArrays) {
      VectorBench bench(rows, cols, 16);
      bench.tiny.arch().vector.requant = mode;
      bench.randomize(1);
      bench.set_parameters(16 * cols, 3);
      Vector op = window_op(VectorFunction::kRequant, rows, cols);
      op.src = 7;
      bench.expect_values(op, name_of(mode));
    }
  }
}

TEST(SystemcVector, AddAndRescaleGiveCodes) {
  for (const auto& [rows, cols] : kArrays) {
    VectorBench bench(rows, cols, 16);
    bench.randomize(2);
    bench.expect_values(window_op(VectorFunction::kAdd, rows, cols), "add");
    Vector rescale = window_op(VectorFunction::kRescale, rows, cols);
    rescale.y0 = 3;  // reaches over the lower edge
    bench.expect_values(rescale, "rescale");
  }
}

TEST(SystemcVector, PoolsGiveCodes) {
  for (const auto& [rows, cols] : kArrays) {
    VectorBench bench(rows, cols, 16);
    bench.randomize(3);
    bench.expect_values(pooling_op(VectorFunction::kMaxPool, rows, cols), "max pool");
    bench.expect_values(pooling_op(VectorFunction::kAveragePool, rows, cols), "average pool");
    Vector nothing = pooling_op(VectorFunction::kMaxPool, rows, cols);
    nothing.y0 = -20;
    bench.expect_values(nothing, "max pool of padding");
  }
}

TEST(SystemcVector, DepthwiseGivesCodesInEveryMode) {
  for (const RequantMode mode : kRequantModes) {
    for (const auto& [rows, cols] : kArrays) {
      VectorBench bench(rows, cols, 16);
      bench.tiny.arch().vector.requant = mode;
      bench.randomize(4);
      bench.set_parameters(16 * cols + 8 * cols, 3);
      bench.expect_values(pooling_op(VectorFunction::kDepthwise, rows, cols), name_of(mode));
    }
  }
}

TEST(SystemcVector, InPlaceAndOverItsOwnSourceAreExact) {
  VectorBench bench(4, 4, 4);
  bench.randomize(5);
  Vector op = window_op(VectorFunction::kRescale, 4, 4);
  op.src_pixel_pitch = op.dst_pixel_pitch;
  op.src_row_pitch = op.dst_row_pitch;
  op.src = op.dst;
  bench.expect_values(op, "in place");
  // A row of 20 pixels at one cycle each: pixel p is read in cycle p + 1 of the row and written in
  // cycle p + 9. Written 8 pixels ahead it is read again in the very cycle, as it was; 9 pixels
  // ahead, as it is now.
  op = vector(VectorFunction::kRescale, 20, 4, 4);
  op.multiplier = 1 << 23;
  op.shift = 23;
  op.zero_dst = 1;
  const auto code_after = [&](int32_t ahead, size_t pixel) {
    op.dst = ahead * 4;
    return static_cast<int8_t>(
        bench.run(op).outputs[0].bytes[static_cast<size_t>(op.dst) + pixel * 4]);
  };
  EXPECT_EQ(code_after(8, 8), std::min(bench.from.act[8 * 4] + 1, 127));
  EXPECT_EQ(code_after(9, 9), std::min(bench.from.act[0] + 2, 127));
}

TEST(SystemcVector, CountsWrapsOfTheBias) {
  VectorBench bench(4, 4, 4);
  bench.set_parameters(64, 1);
  const int32_t one = 1;
  std::memcpy(bench.from.param.data(), &one, 4);
  bench.from.acc[0] = INT32_MAX;
  bench.from.acc[4] = INT32_MAX - 1;
  const RunResult run = bench.run(vector(VectorFunction::kRequant, 2, 1, 4));
  EXPECT_EQ(run.counters.accumulator_wraps, 1);
}

// What T15's table says of an instruction with two blocks of 8 and 5 channels on rows of 4.
struct Cost {
  VectorFunction function;
  int32_t lanes, dst, src;
  int64_t first_block, second_block;  // cycles per pixel
};

TEST(SystemcVector, CyclesFollowPassesAndWords) {
  const Cost costs[] = {
      {VectorFunction::kRequant, 8, 0, 0, 2, 2},  // two words written; one pass
      {VectorFunction::kRequant, 2, 0, 0, 4, 3},  // passes
      {VectorFunction::kRequant, 8, 3, 0, 3, 2},  // bytes 3 to 10: three words; 11 to 15: two
      {VectorFunction::kAdd, 8, 0, 0, 4, 4},      // 2 + 2 words read
      {VectorFunction::kAdd, 2, 0, 0, 8, 6},      // passes for each operand
      {VectorFunction::kRescale, 8, 0, 1, 3, 2},  // bytes 1 to 8, 9 to 13
      {VectorFunction::kRescale, 8, 3, 0, 3, 2},
      {VectorFunction::kMaxPool, 8, 0, 0, 12, 12},  // six taps of two words
      {VectorFunction::kAveragePool, 4, 0, 1, 18, 12},
      {VectorFunction::kDepthwise, 1, 0, 0, 48, 30},
  };
  for (const Cost& cost : costs) {
    TinyProgram tiny;
    tiny.array(4, 8);
    tiny.arch().vector.lanes = cost.lanes;
    Vector op = vector(cost.function, 5, 5, 4);
    op.blocks = 2;
    op.dst = cost.dst + 4096;
    op.src = cost.src;
    op.src2 = 2048;
    op.dst_pixel_pitch = op.src_pixel_pitch = op.src2_pixel_pitch = 16;
    op.dst_row_pitch = op.src_row_pitch = op.src2_row_pitch = 80;
    const bool window = cost.function == VectorFunction::kMaxPool ||
                        cost.function == VectorFunction::kAveragePool ||
                        cost.function == VectorFunction::kDepthwise;
    if (window) {
      op.kh = 2;
      op.kw = 3;
    }
    const RunResult run = tiny.add(op).run();
    EXPECT_EQ(run.timing[0].busy_until, 3 + 4 + 5 * cost.first_block + 4 + 5 * cost.second_block)
        << name_of(cost.function) << " lanes " << cost.lanes << " dst " << cost.dst;
    EXPECT_EQ(run.timing[0].done, run.timing[0].busy_until + 8);
    const int64_t operands = cost.function == VectorFunction::kAdd ? 2 : window ? 6 : 1;
    EXPECT_EQ(run.counters.vector_lane_ops, 5 * operands * (8 + 5));
  }
}

TEST(SystemcVector, CountersCountWords) {
  TinyProgram tiny;
  tiny.array(4, 8);
  Vector op = vector(VectorFunction::kMaxPool, 5, 8, 4);
  op.dst = 4096 + 1;
  op.dst_pixel_pitch = op.src_pixel_pitch = 16;
  op.src = 2;
  op.kw = 3;
  EXPECT_EQ(tiny.add(op).run().counters.act_reads_vector, 5 * 3 * 3);
  EXPECT_EQ(tiny.run().counters.act_writes_vector, 5 * 3);
  TinyProgram requant;
  requant.add(vector(VectorFunction::kRequant, 5, 16, 16));
  EXPECT_EQ(requant.run().counters.acc_reads_vector, 5);
  EXPECT_EQ(requant.run().counters.act_reads_vector, 0);
}

TEST(SystemcVector, OperandsAreReadAndCodesWrittenInTheirCycle) {
  VectorBench bench(4, 4, 2);
  bench.set_parameters(64, 1);
  for (int64_t j = 0; j < 4; ++j) {  // identity, bias 0
    const int32_t words[] = {0, 1 << 23, 23, 0};
    for (int64_t w = 0; w < 4; ++w) {
      std::memcpy(bench.from.param.data() + 4 * (w * 4 + j), words + w, 4);
    }
  }
  Vector op = vector(VectorFunction::kRequant, 3, 4, 4);  // two passes a pixel
  op.dst = 4096;
  const int64_t issue = bench.run(op).timing[kVector].issue;
  const auto code = [&](int64_t cycle, Poke::Target target, int64_t byte, uint8_t value,
                        int64_t pixel) {
    SystemcOptions options;
    options.pokes = {{cycle, target, byte, value}};
    return static_cast<int8_t>(
        bench.run(op, options).outputs[0].bytes[static_cast<size_t>(op.dst + pixel * 4)]);
  };
  // Parameters in the block's first cycle, operands in the first of a pixel's cycles.
  EXPECT_EQ(code(issue, Poke::Target::kParam, 0, 9, 0), 9);
  EXPECT_EQ(code(issue + 1, Poke::Target::kParam, 0, 9, 0), 0);
  for (const int64_t pixel : {0, 2}) {
    const int64_t read = issue + 4 + pixel * 2 + 1;
    EXPECT_EQ(code(read - 1, Poke::Target::kAccumulator, pixel * 16, 9, pixel), 9);
    EXPECT_EQ(code(read, Poke::Target::kAccumulator, pixel * 16, 9, pixel), 0);
    const int64_t written = issue + 4 + (pixel + 1) * 2 + 8;
    EXPECT_EQ(code(written - 1, Poke::Target::kActivation, op.dst + pixel * 4, 9, pixel), 0);
    EXPECT_EQ(code(written, Poke::Target::kActivation, op.dst + pixel * 4, 9, pixel), 9);
  }
}

TEST(SystemcVector, DrainWaitsForTheUnitToRunEmpty) {
  Vector second = vector(VectorFunction::kMaxPool, 1, 16, 16);
  second.dst = 1024;
  TinyProgram tiny;
  tiny.add(vector(VectorFunction::kMaxPool, 1, 16, 16)).add(second);
  const std::string hazard = failure(tiny);
  EXPECT_NE(hazard.find("hazard: instruction 1 (vector, layer layer0) reads byte 0"),
            std::string::npos)
      << hazard;
  std::get<Vector>(tiny.program().instructions[1].op).drain = 1;
  const RunResult run = tiny.run();
  EXPECT_EQ(run.timing[1].issue, run.timing[0].retire + 1);
}

}  // namespace
}  // namespace qsim::test
