// rtl: VVectorLane qsim_vector_lane Chunks=3 Requant=0
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "VVectorLane.h"
#include "hw/spec/arithmetic.h"
#include "tests/rtl/bench.h"
#include "tests/rtl/port_bytes.h"

namespace qsim::rtl {
namespace {

constexpr size_t kChunks = 3;

struct Operand {
  size_t chunk = 0;
  bool first = false, last = false, pad = false;
  int32_t code = 0, weight = 0;
};

// Words of a parameter block: bias, multiplier, shift, weight zero point of the lane's channels.
using Parameters = std::array<std::array<int32_t, kChunks>, 4>;

// What a lane is given in each cycle, by the cycle T of an operand's read; and what must come out.
struct Script {
  std::map<int64_t, Operand> reads;
  std::map<int64_t, std::pair<size_t, std::array<int32_t, kChunks>>> captures;  // word and values
  std::map<int64_t, int32_t> codes;
  uint64_t wraps = 0;
};

constexpr int32_t kZero = -7, kZeroDst = 3;

// Of a chunk's channel, the same for each tap.
struct Channel {
  int32_t code, weight, weight_zero;
};

class VectorLaneTest : public ::testing::TestWithParam<int> {
 protected:
  int32_t pick(int32_t low, int32_t high) {
    return std::uniform_int_distribution<int32_t>(low, high)(random_);
  }

  // A depthwise block of one pixel: its parameters come while the block before, whose last read was
  // in cycle `start`, is in the pipeline. Returns the cycle of its own last read. All is drawn but
  // for the `channels`.
  int64_t add_block(Script& script, int64_t start, int taps,
                    const std::optional<std::array<Channel, kChunks>>& channels = {}) {
    Parameters words;
    for (size_t c = 0; c < kChunks; ++c) {
      const bool extreme = pick(0, 1) == 0;
      words[0][c] = extreme ? (pick(0, 1) == 0 ? INT32_MIN : INT32_MAX) : pick(-9999, 9999);
      words[1][c] = pick(1 << 23, (1 << 24) - 1);
      words[2][c] = extreme ? pick(40, 62) : pick(28, 36);
      words[3][c] = channels ? (*channels)[c].weight_zero : pick(-128, 127);
    }
    for (size_t k = 0; k < 4; ++k)
      script.captures[start + 2 + static_cast<int64_t>(k)] = {k, words[k]};
    std::array<int32_t, kChunks> sums{};
    int64_t cycle = start + 4;
    for (int tap = 0; tap < taps; ++tap) {
      for (size_t c = 0; c < kChunks; ++c) {
        cycle += pick(1, 2);
        Operand operand{
            c, tap == 0, tap == taps - 1, pick(0, 3) == 0, pick(-128, 127), pick(-128, 127)};
        if (channels) {
          operand.pad = false;
          operand.code = (*channels)[c].code;
          operand.weight = (*channels)[c].weight;
        }
        script.reads[cycle] = operand;
        if (!operand.pad) {
          sums[c] = wrap_add(sums[c], (operand.code - kZero) * (operand.weight - words[3][c]),
                             script.wraps);
        }
        if (!operand.last) continue;
        const int32_t acc = wrap_add(sums[c], words[0][c], script.wraps);
        script.codes[cycle + 8] =
            requantize(RequantMode::kRne, acc, {words[1][c], words[2][c]}, kZeroDst, -100, 100);
      }
    }
    return cycle;
  }

  std::mt19937 random_{static_cast<uint32_t>(GetParam())};
};

const Operand* read_at(const Script& script, int64_t cycle) {
  const auto found = script.reads.find(cycle);
  return found == script.reads.end() ? nullptr : &found->second;
}

void drive(VVectorLane& lane, const Script& script, int64_t now) {
  const auto captured = script.captures.find(now);
  lane.capture_i = 0;
  if (captured != script.captures.end()) {
    lane.capture_i = static_cast<uint8_t>(1u << captured->second.first);
    std::vector<uint8_t> bytes;
    for (int32_t value : captured->second.second) {
      for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<uint8_t>(value >> 8 * i));
    }
    set_bytes(lane.parameters_i, bytes);
  }
  const Operand* second = read_at(script, now - 2);
  const Operand* third = read_at(script, now - 3);
  lane.operand_i = static_cast<uint8_t>((third ? 2 : 0) | (second ? 1 : 0));
  if (second) {
    lane.code_i = static_cast<uint8_t>(second->code);
    lane.weight_i = static_cast<uint8_t>(second->weight);
    lane.pad_i = second->pad;
    lane.chunk_2_i = static_cast<uint8_t>(second->chunk);
  }
  if (third) {
    lane.first_i = third->first;
    lane.last_i = third->last;
    lane.chunk_3_i = static_cast<uint8_t>(third->chunk);
  }
  lane.result_i = 0;
  for (int n = 0; n < 4; ++n) {
    const Operand* result = read_at(script, now - 4 - n);
    if (result && result->last) lane.result_i |= static_cast<uint8_t>(1u << n);
  }
}

void run(const Script& script, int64_t end, int seed) {
  Bench<VVectorLane> bench(seed);
  bench->requant_i = bench->max_i = 0;
  bench->depthwise_i = bench->own_i = bench->enable_i = 1;
  bench->plain_i = bench->plain_late_i = 0;
  bench->zero_i = static_cast<uint8_t>(kZero);
  bench->zero_dst_i = static_cast<uint8_t>(kZeroDst);
  bench->low_i = static_cast<uint8_t>(-100);
  bench->high_i = 100;
  uint64_t wraps = 0;
  for (; bench.cycle() <= end + 8; bench.tick()) {
    const int64_t now = bench.cycle();
    drive(bench.dut(), script, now);
    bench.settle();
    if (read_at(script, now - 4)) wraps += (bench->wraps_o & 1u) + (bench->wraps_o >> 1);
    const auto code = script.codes.find(now);
    if (code == script.codes.end()) continue;
    ASSERT_EQ(static_cast<int8_t>(bench->code_o), code->second) << "cycle " << now;
  }
  EXPECT_EQ(wraps, script.wraps);
  EXPECT_GT(wraps, 0u);
}

// Blocks behind one another without a bubble: each sum, bias and multiplier is its own block's.
TEST_P(VectorLaneTest, DepthwiseBlocksBackToBack) {
  Script script;
  int64_t end = 0;
  for (int block = 0; block < 200; ++block) end = add_block(script, end, pick(1, 5));
  run(script, end, GetParam());
}

// The largest window has room for sums that leave int32 upwards and downwards, before the bias is
// added, and for one that nearly does.
TEST_P(VectorLaneTest, DepthwiseSumsWrapInTheLargestWindow) {
  Script script;
  const std::array<Channel, kChunks> channels = {Channel{127, 127, -128}, Channel{127, -128, 127},
                                                 Channel{-128, 127, -128}};
  const int64_t end = add_block(script, 0, 255 * 255, channels);
  EXPECT_GE(script.wraps, 2u);
  run(script, end, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Seeds, VectorLaneTest, ::testing::Values(1, 2));

}  // namespace
}  // namespace qsim::rtl
