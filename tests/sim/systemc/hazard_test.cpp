// Touching a byte that another instruction, issued and not retired, has still to write: found for
// every pair of units, to the byte and the cycle, and not when bytes only lie side by side.
#include <gtest/gtest.h>

#include "tests/sim/systemc/tiny_program.h"

namespace qsim::test {
namespace {

TEST(SystemcHazard, MessageNamesInstructionsLayerBufferByteAndCycle) {
  TinyProgram tiny;
  tiny.add(load(BufferId::kWeight, 0, kData, 4096)).add(matmul(16));
  // The matmul issues in cycle 4 and reads its first weight row then; the load's burst is requested
  // then.
  EXPECT_EQ(
      failure(tiny),
      "hazard: instruction 1 (matmul, layer layer0) reads byte 0 of weight_buffer in cycle 4, "
      "which instruction 0 (load, layer layer0) has still to write");
}

TEST(SystemcHazard, ReadingIsAllowedFromTheCycleAfterTheWrite) {
  // Beat k lands in cycle 6 + k of one load of 16 beats; the vector unit reads from cycle 5 of its
  // block on, one pixel (16 bytes, a quarter of a beat) a cycle.
  TinyProgram tiny;
  tiny.add(load(BufferId::kActivation, 0, kData, 1024));
  Vector pool = vector(VectorFunction::kMaxPool, 1, 16, 16);
  pool.dst = 8192;
  const auto try_byte = [&](int64_t byte) {
    pool.src = static_cast<int32_t>(byte);
    TinyProgram copy = tiny;
    copy.add(pool);
    return failure(copy);
  };
  // Issue in 4, operands in cycle 9: beats 0 to 2, bytes 0 to 191, have landed in 6, 7 and 8.
  EXPECT_EQ(try_byte(191 - 15), "");
  EXPECT_NE(try_byte(192 - 15).find("reads byte 192 of act_buffer in cycle 9"), std::string::npos)
      << try_byte(192 - 15);
  EXPECT_EQ(try_byte(1024), "");  // beyond the load
}

TEST(SystemcHazard, WithoutTheCheckAReaderGetsWhatIsThere) {
  TinyProgram tiny;
  std::vector<uint8_t> data(1024, 5);
  Vector pool = vector(VectorFunction::kMaxPool, 2, 16, 16);
  pool.src = 192 - 16;
  pool.dst = 8192;
  tiny.data(data).result(32);
  tiny.add(load(BufferId::kActivation, 0, kData, 1024)).add(pool, 0, kStoreBit);
  tiny.add(store(8192, kResult, 32), kVectorBit);
  SystemcOptions options;
  options.check_hazards = false;
  for (int64_t byte = 0; byte < 1024; ++byte) {
    options.pokes.push_back({0, Poke::Target::kActivation, byte, 77});
  }
  // Pixel 0 has landed in cycle 8; pixel 1, in beat 3, is read in cycle 10 and landed in cycle 9.
  EXPECT_EQ(tiny.run(options).outputs[0].bytes[0], 5);
  EXPECT_EQ(tiny.run(options).outputs[0].bytes[16], 5);
  pool.src = 192;  // beat 3, read in cycle 9, in which it lands: a read returns the old value
  tiny.program().instructions[1].op = pool;
  EXPECT_EQ(tiny.run(options).outputs[0].bytes[0], 77);
}

TEST(SystemcHazard, VectorReadsAccumulatorsTooEarly) {
  TinyProgram tiny;
  Vector requant = vector(VectorFunction::kRequant, 16, 16, 16);
  requant.dst = 4096;
  tiny.add(matmul(16)).add(requant);
  EXPECT_NE(failure(tiny).find("(vector, layer layer0) reads byte 0 of acc_buffer in cycle 9"),
            std::string::npos)
      << failure(tiny);
  // Other words of the accumulators are free.
  requant.src = 16;
  tiny.program().instructions[1].op = requant;
  EXPECT_EQ(failure(tiny), "");
}

TEST(SystemcHazard, AccumulatorsAreFinalAfterTheLastTile) {
  // Two tiles of 64 pixels: pixel 0 is final in cycle 3 + 1 + 64 + 35, pixel 1 one later, and so
  // on. A requantization at a cycle a pixel behind it is never too early; one cycle earlier it
  // always is.
  for (const auto& [wait, ok] : {std::pair{95, true}, std::pair{94, false}}) {
    TinyProgram tiny;
    Matmul op = matmul(64);
    op.cblocks = op.act_pixel_pitch = 2;
    Vector pause = vector(VectorFunction::kMaxPool, wait - 4, 16, 16);
    pause.src = pause.dst = 8192;
    Vector requant = vector(VectorFunction::kRequant, 64, 16, 16);
    requant.dst = 12288;
    const RunResult run =
        TinyProgram().add(op).add(pause).add(requant).run({.check_hazards = false});
    ASSERT_EQ(run.timing[2].issue, 4 + wait);
    const int64_t first_final = 3 + 1 + 64 + 35;
    EXPECT_EQ(run.timing[2].issue + 5 > first_final, ok);
    tiny.add(op).add(pause).add(requant);
    EXPECT_EQ(failure(tiny) == "", ok) << failure(tiny);
  }
}

TEST(SystemcHazard, ComputeReadsAndStoreReadsWhatVectorHasStillToWrite) {
  Vector pool = vector(VectorFunction::kMaxPool, 16, 16, 16);
  pool.src = 4096;
  TinyProgram compute;
  compute.add(pool).add(matmul(16));
  EXPECT_NE(failure(compute).find("(matmul, layer layer0) reads byte 0 of act_buffer"),
            std::string::npos);
  TinyProgram stores;
  stores.add(pool).add(store(0, kResult, 256));
  EXPECT_NE(failure(stores).find("(store, layer layer0) reads byte 0 of act_buffer in cycle 5"),
            std::string::npos)
      << failure(stores);
}

TEST(SystemcHazard, TwoUnitsWriteTheSameByte) {
  Vector pool = vector(VectorFunction::kMaxPool, 16, 16, 16);
  pool.src = 4096;
  TinyProgram tiny;
  tiny.add(load(BufferId::kActivation, 0, kData, 1024)).add(pool);
  // The first code is written in cycle 4 + 4 + 1 + 8, when beat 11 has landed; 12 to 15 are to
  // come.
  pool.dst = 12 * 64 - 16;
  tiny.program().instructions[1].op = pool;
  EXPECT_NE(failure(tiny).find("has still to write"), std::string::npos);
}

TEST(SystemcHazard, VectorReadsParametersTooEarly) {
  TinyProgram tiny;
  tiny.add(load(BufferId::kParam, 0, kData, 256)).add(vector(VectorFunction::kRequant, 1, 16, 16));
  EXPECT_NE(failure(tiny).find("reads byte 0 of param_buffer in cycle 5"), std::string::npos)
      << failure(tiny);
}

TEST(SystemcHazard, LoadReadsDramBeforeTheStoresResponse) {
  for (const int32_t latency : {1, 30}) {
    TinyProgram tiny;
    tiny.arch().memory.model = MemoryModel::kLatency;
    tiny.arch().memory.bytes_per_cycle = 64;
    tiny.arch().memory.latency_cycles = latency;
    tiny.add(store(0, kResult, 64)).add(load(BufferId::kActivation, 1024, kResult, 64));
    // The store is requested and accepted 2 cycles after its issue; the load requests as late as
    // that.
    EXPECT_NE(failure(tiny).find("reads byte 131072 of dram"), std::string::npos) << failure(tiny);
    tiny.program().instructions[0].give = kLoadBit;
    tiny.program().instructions[1].take = kStoreBit;
    EXPECT_EQ(failure(tiny), "");
  }
}

// Bytes that interleave: their ranges overlap, their bytes do not. Values must be right as well.
TEST(SystemcHazard, NeighbouringBytesAreNobodysBusiness) {
  TinyProgram tiny;
  std::vector<uint8_t> data(8192);
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<uint8_t>(i % 101);
  tiny.data(data).result(4096);
  tiny.add(load(BufferId::kActivation, 0, kData, 8192), 0, kVectorBit | kComputeBit | kStoreBit);
  // Two maps of 64 pixels, 16 channels each, side by side in pixels of 32 bytes; the vector unit
  // fills the second half of each pixel while the array reads the first, and a load fills a third
  // one.
  Vector pool = vector(VectorFunction::kMaxPool, 64, 16, 16);
  pool.src = 4096;
  pool.src_pixel_pitch = 48;
  pool.dst = 16;
  pool.dst_pixel_pitch = 48;
  Matmul op = matmul(64);
  op.act_pixel_pitch = 3;
  Load third = load(BufferId::kActivation, 32, kData, 16);
  third.count0 = 64;
  third.buffer_stride0 = 48;
  third.dram_stride0 = 16;
  Store out = store(0, kResult, 3072);
  tiny.add(op, kLoadBit, kStoreBit)
      .add(pool, kLoadBit, kStoreBit)
      .add(third, 0, kStoreBit)
      .add(out, kComputeBit | kVectorBit | kLoadBit);
  tiny.program().instructions[0].give = kVectorBit | kComputeBit | kLoadBit;
  tiny.program().instructions[3].take = kLoadBit;
  const RunResult run = tiny.run();
  for (size_t pixel = 0; pixel < 64; ++pixel) {
    for (size_t j = 0; j < 16; ++j) {
      const uint8_t* at = run.outputs[0].bytes.data() + pixel * 48 + j;
      ASSERT_EQ(at[0], data[pixel * 48 + j]);
      ASSERT_EQ(at[16], data[4096 + pixel * 48 + j]);
      ASSERT_EQ(at[32], data[pixel * 16 + j]);
    }
  }
}

TEST(SystemcHang, NamesUnitsInstructionsAndTokens) {
  TinyProgram tiny;
  tiny.arch().sync.token_depth = 1;
  tiny.arch().fetch.queue_depth = 1;
  tiny.add(load(BufferId::kActivation, 0, kData, 64), 0, kStoreBit)
      .add(load(BufferId::kActivation, 0, kData, 64), 0, kStoreBit)
      .add(matmul(1), kLoadBit | kVectorBit)
      .add(matmul(1));
  EXPECT_EQ(
      failure(tiny),
      "hang: nothing can happen after cycle 8; fetch waits to dispatch instruction 3 (matmul, "
      "layer layer0) until the queue of compute has room; load waits to retire instruction 1 "
      "(load, layer layer0) until store takes a token; compute waits to issue instruction 2 "
      "(matmul, layer layer0) for a token from load and vector");
  // The engine is as good as new afterwards.
  EXPECT_EQ(TinyProgram().run().cycles, 4);
}

}  // namespace
}  // namespace qsim::test
