// Folded and unfolded runs of hand-made programs: equal in every cycle and counter, whether they
// ever become steady or not.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "hw/spec/error.h"
#include "sim/engines/analytic/engine.h"

namespace qsim {
namespace {

constexpr uint8_t kLoadBit = 1, kComputeBit = 2, kVectorBit = 4, kStoreBit = 8;
constexpr int kTiles = 200;

template <typename Transfer>
Transfer transfer(int64_t address, int32_t bytes) {
  Transfer op;
  op.dram_address = address;
  op.bytes = bytes;
  op.count0 = op.count1 = op.count2 = 1;
  return op;
}

Matmul matmul(int32_t pixels, int32_t cblocks) {
  Matmul op;
  op.out_h = 1, op.out_w = pixels;
  op.kh = op.kw = 1, op.cblocks = cblocks;
  op.stride_h = op.stride_w = 1;
  return op;
}

Vector requant(int32_t pixels) {
  Vector op;
  op.function = static_cast<int32_t>(VectorFunction::kRequant);
  op.blocks = 1;
  op.last_channels = 16;
  op.out_h = 1, op.out_w = pixels;
  op.kh = op.kw = 1;
  return op;
}

// A load, a matmul, a requantization and a store for each tile, each waiting for the one before it.
struct Tile {
  int32_t load_bytes = 2048, pixels = 64;
  int64_t load_address = 0;
  int32_t store_bytes = 1024, cblocks = 1;
};

Program program_of(const std::function<Tile(int)>& tile_of) {
  Program program;
  for (int i = 0; i < kTiles; ++i) {
    const Tile tile = tile_of(i);
    program.instructions.push_back(
        {transfer<Load>(tile.load_address, tile.load_bytes), 0, kComputeBit});
    program.instructions.push_back({matmul(tile.pixels, tile.cblocks), kLoadBit, kVectorBit});
    program.instructions.push_back({requant(tile.pixels), kComputeBit, kStoreBit});
    program.instructions.push_back({transfer<Store>(i * 4096, tile.store_bytes), kVectorBit, 0});
  }
  program.instructions.push_back({Halt{}});
  program.steps = {{-1, 0, static_cast<int32_t>(program.instructions.size())}};
  return program;
}

// The instructions jumped over; expects that they make no difference.
int64_t folded(const Program& program) {
  int64_t instructions = 0;
  const RunResult jumped = run_analytic(program, {}, &instructions);
  int64_t none = -1;
  const RunResult all = run_analytic(program, {.fold = false}, &none);
  EXPECT_EQ(none, 0);
  EXPECT_EQ(jumped.cycles, all.cycles);
  EXPECT_EQ(jumped.steps, all.steps);
  EXPECT_EQ(jumped.timing, all.timing);
  EXPECT_EQ(std::memcmp(&jumped.counters, &all.counters, sizeof(Counters)), 0);
  return instructions;
}

constexpr int64_t kMost = int64_t{4} * kTiles * 3 / 4;

TEST(Fold, JumpsOverEqualTiles) {
  EXPECT_GT(folded(program_of([](int) { return Tile{}; })), kMost);
}

TEST(Fold, JumpsWhereTheMemoryIsTheBottleneck) {
  EXPECT_GT(folded(program_of([](int) { return Tile{16384, 32}; })), kMost);
}

TEST(Fold, JumpsWhereTheArrayIsTheBottleneck) {
  EXPECT_GT(folded(program_of([](int) { return Tile{256, 900, 0, 1024, 2}; })), kMost);
}

TEST(Fold, UnitsThatDriftApartAreNotSteady) {
  // A requantization takes 4 cycles more than a matmul: the array gets ahead by so much with each
  // tile, and only thousands of tiles would fill the counter between them.
  EXPECT_EQ(folded(program_of([](int) { return Tile{256, 900}; })), 0);
}

TEST(Fold, JumpsOverPeriodsOfSeveralTiles) {
  const Program program = program_of([](int i) {
    return Tile{i % 3 == 0 ? 4096 : 512, i % 3 == 1 ? 200 : 64};
  });
  EXPECT_GT(folded(program), kMost / 2);
}

TEST(Fold, AddressesCountWhereTheyCutBursts) {
  // Every load crosses a multiple of 4096 bytes, at one of four places.
  const Program program = program_of([](int i) { return Tile{2048, 64, 3072 + i % 4 * 256 + 16}; });
  EXPECT_GT(folded(program), kMost / 2);
}

TEST(Fold, FractionsOfACycleMustReturn) {
  // 7 bytes a cycle on a bus of 16: a burst of 16 beats takes 36 4/7 cycles, so that only seven
  // times seven loads can take whole cycles.
  Program program = program_of([](int) { return Tile{256 * 3, 8, 0, 256}; });
  program.arch.memory.bytes_per_cycle = 7;
  EXPECT_GT(folded(program), 0);
  // Here never within the program.
  program.arch.memory.bytes_per_cycle = 7.919;
  EXPECT_EQ(folded(program), 0);
}

TEST(Fold, NothingRepeatsNothingIsJumpedOver) {
  EXPECT_EQ(folded(program_of([](int i) { return Tile{256, 1 + i}; })), 0);
  EXPECT_EQ(folded(program_of([](int i) { return Tile{64 + 64 * i, 1}; })), 0);
}

TEST(Fold, EqualInstructionsAreNotYetASteadyState) {
  // Tokens given and never taken: a counter that fills is a state of its own in each period.
  Program program = program_of([](int) { return Tile{}; });
  program.arch.sync.token_depth = 63;
  for (size_t i = 0; i + 1 < program.instructions.size(); i += 4) {
    if (i / 4 < 63) program.instructions[i].give |= kStoreBit;
  }
  EXPECT_LT(folded(program), kMost);
  EXPECT_GT(folded(program), 0);
}

TEST(Fold, ResumesAfterAChange) {
  const Program program = program_of([](int i) { return i < 100 ? Tile{} : Tile{1024, 128}; });
  // The second half alone is 400 instructions, and so is the first.
  EXPECT_GT(folded(program), 250);
}

TEST(Fold, WaitsForFullCountersAreCounted) {
  // The matmul's tokens are taken by every other store alone, two at a time by instructions.
  Program program = program_of([](int) { return Tile{64, 4}; });
  program.arch.sync.token_depth = 2;
  for (size_t i = 3; i < program.instructions.size(); i += 4) {
    std::get<Store>(program.instructions[i].op).bytes = 4096;
  }
  EXPECT_GT(folded(program), kMost / 2);
  EXPECT_GT(run_analytic(program).counters.token_full_cycles, 0);
}

TEST(Fold, OtherMemories) {
  Program program = program_of([](int) { return Tile{}; });
  program.arch.memory.model = MemoryModel::kIdeal;
  EXPECT_GT(folded(program), kMost);
  // Refresh and rows come round at their own times.
  program.arch.memory.model = MemoryModel::kDdr4;
  EXPECT_EQ(folded(program), 0);
}

TEST(Fold, HangsSayTheSame) {
  Program program = program_of([](int) { return Tile{}; });
  program.instructions[4 * 150 + 1].take |= kStoreBit;
  const auto message = [&](bool fold) -> std::string {
    try {
      run_analytic(program, {.fold = fold});
    } catch (const Error& error) {
      return error.what();
    }
    return "no hang";
  };
  EXPECT_NE(message(true).find("instr 601 waits for a token from store"), std::string::npos)
      << message(true);
  EXPECT_EQ(message(true), message(false));
}

}  // namespace
}  // namespace qsim
