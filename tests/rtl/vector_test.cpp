// rtl: VVector4x4 qsim_vector Rows=4 Cols=4 Lanes=4 Requant=0 ActKib=4 ParamKib=512 AccEntries=64
// rtl: VVector4x8 qsim_vector Rows=4 Cols=8 Lanes=8 Requant=1 ActKib=4 ParamKib=4 AccEntries=256
// rtl: VVector8x6 qsim_vector Rows=8 Cols=6 Lanes=4 Requant=2 ActKib=4 ParamKib=4 AccEntries=64
// rtl: VVector3x7 qsim_vector Rows=3 Cols=7 Lanes=2 Requant=3 ActKib=4 ParamKib=4 AccEntries=100
// rtl: VVector5x2 qsim_vector Rows=5 Cols=2 Lanes=1 Requant=4 ActKib=3 ParamKib=3 AccEntries=64
// rtl: VVector8x6N qsim_vector Rows=8 Cols=6 Lanes=4 PeModes=1 Requant=0 ActKib=4 ParamKib=4
// rtl: VVector5x6N qsim_vector Rows=5 Cols=6 Lanes=2 PeModes=1 Requant=1 ActKib=3 ParamKib=4
// rtl: VVector4x8N qsim_vector Rows=4 Cols=8 Lanes=8 PeModes=2 Requant=2 ActKib=4 ParamKib=4
// rtl: VVector16x12N qsim_vector Rows=16 Cols=12 Lanes=8 PeModes=2 Requant=0 ActKib=8 ParamKib=8
// rtl: VVector11x16N qsim_vector Rows=11 Cols=16 Lanes=4 PeModes=2 Requant=5 ActKib=8 ParamKib=8
// rtl: VVector16x16 qsim_vector Rows=16 Cols=16 Lanes=16 Requant=5 ActKib=8 ParamKib=8
//
// Machines of one mode, and (N) with narrow codes: every operand of every instruction has a pack of
// its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "VVector11x16N.h"
#include "VVector16x12N.h"
#include "VVector16x16.h"
#include "VVector3x7.h"
#include "VVector4x4.h"
#include "VVector4x8.h"
#include "VVector4x8N.h"
#include "VVector5x2.h"
#include "VVector5x6N.h"
#include "VVector8x6.h"
#include "VVector8x6N.h"
#include "tests/rtl/vector_bench.h"
#include "tests/rtl/vector_cases.h"

namespace qsim::rtl {
namespace {

template <typename Dut, int64_t kRows, int64_t kCols, int64_t kLanes, RequantMode kMode,
          int64_t kActKib, int64_t kParamKib, int64_t kAccWords, int32_t kModes = 0>
struct Model {
  using Type = Dut;
  static constexpr VectorMachine kMachine = {
      kRows, kCols, kLanes, kMode, kActKib * 1024, kParamKib * 1024, kAccWords, kModes};
};

template <typename T>
class VectorTest : public ::testing::Test {};
using Models = ::testing::Types<Model<VVector4x4, 4, 4, 4, RequantMode::kRne, 4, 512, 64>,
                                Model<VVector4x8, 4, 8, 8, RequantMode::kF32, 4, 4, 256>,
                                Model<VVector8x6, 8, 6, 4, RequantMode::kTflite, 4, 4, 64>,
                                Model<VVector3x7, 3, 7, 2, RequantMode::kTflite1, 4, 4, 100>,
                                Model<VVector5x2, 5, 2, 1, RequantMode::kPot, 3, 3, 64>,
                                Model<VVector16x16, 16, 16, 16, RequantMode::kM16, 8, 8, 1024>,
                                Model<VVector8x6N, 8, 6, 4, RequantMode::kRne, 4, 4, 1024, 1>,
                                Model<VVector5x6N, 5, 6, 2, RequantMode::kF32, 3, 4, 1024, 1>,
                                Model<VVector4x8N, 4, 8, 8, RequantMode::kTflite, 4, 4, 1024, 2>,
                                Model<VVector16x12N, 16, 12, 8, RequantMode::kRne, 8, 8, 1024, 2>,
                                Model<VVector11x16N, 11, 16, 4, RequantMode::kM16, 8, 8, 1024, 2>>;
TYPED_TEST_SUITE(VectorTest, Models);

// Every access in its cycle, every byte, every counter; instructions back to back and apart.
TYPED_TEST(VectorTest, RandomInstructions) {
  for (uint32_t seed = 1; seed <= 300 && !this->HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    VectorCases cases(TypeParam::kMachine, seed);
    std::vector<Vector> ops;
    Vector op;
    while (ops.size() < 12 && cases.next(op)) ops.push_back(op);
    VectorBench<typename TypeParam::Type> bench(TypeParam::kMachine, cases.memories,
                                                static_cast<int>(seed));
    for (const Vector& next : ops) {
      SCOPED_TRACE(to_text({next, 0, 0}));
      bench.issue(next, cases.pick(0, 2) == 0 ? cases.pick32(0, 12) : 0);
      if (this->HasFatalFailure()) return;
    }
    bench.drain();
    bench.compare();
  }
}

// The destination is the source, as of an add that replaces its first operand: pixels are read
// before they are written.
TYPED_TEST(VectorTest, InPlace) {
  for (uint32_t seed = 1; seed <= 40 && !this->HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    VectorCases cases(TypeParam::kMachine, seed);
    Vector op;
    do {
      if (!cases.next(op)) cases = VectorCases(TypeParam::kMachine, seed += 1000);
    } while (VectorFunction(op.function) != VectorFunction::kAdd &&
             VectorFunction(op.function) != VectorFunction::kRescale);
    op.y0 = op.x0 = 0, op.stride_h = op.stride_w = 1;
    op.in_h = op.out_h, op.in_w = op.out_w;
    op.src_pack = op.dst_pack;
    op.src = op.dst, op.src_row_pitch = op.dst_row_pitch, op.src_pixel_pitch = op.dst_pixel_pitch;
    VectorBench<typename TypeParam::Type> bench(TypeParam::kMachine, cases.memories,
                                                static_cast<int>(seed));
    bench.issue(op);
    bench.drain();
    bench.compare();
  }
}

constexpr VectorMachine kTiny = {4, 4, 4, RequantMode::kRne, 4096, 512 * 1024, 64};

// 65025 taps of 255 * 255: sums leave the int32 range, and so does the bias after them.
TEST(VectorUnitTest, WrapsOfADepthwiseSumAreCounted) {
  VectorCases cases(kTiny, 1);
  std::fill(cases.memories.act.begin(), cases.memories.act.end(), uint8_t{127});
  std::fill(cases.memories.param.begin(), cases.memories.param.end(), uint8_t{127});
  for (size_t i = 0; i < 64; ++i) cases.memories.param[i] = 0;
  for (size_t lane = 0; lane < 4; ++lane) {
    cases.memories.param[16 + 4 * lane + 2] = 128;  // multiplier 2^23
    cases.memories.param[32 + 4 * lane] = 48;       // shift
    for (size_t i = 0; i < 4; ++i) cases.memories.param[48 + 4 * lane + i] = i == 0 ? 128 : 255;
  }
  cases.memories.param[3] = 0x80;  // bias of lane 0: -2^31
  Vector op;
  op.function = static_cast<int32_t>(VectorFunction::kDepthwise);
  op.blocks = 1, op.last_channels = 3;
  op.out_h = op.out_w = op.in_h = op.in_w = 1;
  op.kh = op.kw = 255;
  op.zero_src = -128, op.clamp_low = -128, op.clamp_high = 127;
  VectorBench<VVector4x4> bench(kTiny, cases.memories, 1);
  bench.issue(op);
  bench.drain();
  bench.compare();
  EXPECT_EQ(bench.trace.wraps, 4);
}

// T15 by hand: 3 pixels of 4 channels whose destination touches two words, so that a pixel costs 2.
TEST(VectorUnitTest, CyclesOfARequant) {
  for (int seed : {1, 2}) {
    VectorCases cases(kTiny, 1);
    std::fill(cases.memories.param.begin(), cases.memories.param.end(), uint8_t{0});
    Vector op;
    op.blocks = 1, op.last_channels = 4;
    op.out_h = 1, op.out_w = 3, op.src = 7;
    op.dst = 2050, op.dst_pixel_pitch = 8, op.param = 32;
    op.clamp_low = -128, op.clamp_high = 127;
    VectorBench<VVector4x4> bench(kTiny, cases.memories, seed);
    bench.issue(op, 10);
    bench.issue(op);
    bench.drain();
    bench.compare();
    EXPECT_EQ(bench.issued(), (std::vector<int64_t>{10, 20}));  // busy 4 + 3 * 2
    const std::vector<Access> params = {{11, 32, 16}, {12, 48, 16}, {13, 64, 16}, {14, 80, 16},
                                        {21, 32, 16}, {22, 48, 16}, {23, 64, 16}, {24, 80, 16}};
    EXPECT_EQ(bench.trace.param_reads, params);
    const std::vector<Access> reads = {{16, 7, 16}, {18, 8, 16}, {20, 9, 16},
                                       {26, 7, 16}, {28, 8, 16}, {30, 9, 16}};
    EXPECT_EQ(bench.trace.acc_reads, reads);
    const std::vector<Access> writes = {{24, 2050, 4}, {26, 2058, 4}, {28, 2066, 4},
                                        {34, 2050, 4}, {36, 2058, 4}, {38, 2066, 4}};
    EXPECT_EQ(bench.trace.writes, writes);
    EXPECT_EQ(bench.trace.done, (std::vector<int64_t>{28, 38}));
  }
}

}  // namespace
}  // namespace qsim::rtl
