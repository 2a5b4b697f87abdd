// The bytes that an instruction writes, and those of them that can be compared when it retires.
#include "sim/engines/written.h"

#include <gtest/gtest.h>

#include "tests/support/hand_program.h"

namespace qsim {
namespace {

Program program_of(const std::vector<Operation>& operations) {
  Program program;
  program.arch.array = {4, 8, Dataflow::kWs};
  program.arch.sync.in_flight = 4;
  for (const Operation& operation : operations) program.instructions.push_back({operation});
  return program;
}

Load load_of(int32_t address, int32_t bytes) {
  return {.buffer = 1,
          .buffer_address = address,
          .bytes = bytes,
          .count0 = 1,
          .count1 = 1,
          .count2 = 1};
}

std::vector<WrittenPiece> pieces_of(const Operation& operation) {
  return written_by(program_of({operation}), 0).pieces;
}

using Pieces = std::vector<WrittenPiece>;

TEST(Written, TransfersGoLoopByLoopAndNeighboursAreJoined) {
  Load load = load_of(100, 5);
  load.count0 = 3;
  load.count1 = 2;
  load.count2 = 2;
  load.buffer_stride0 = 5;
  load.buffer_stride1 = -40;
  load.buffer_stride2 = 1000;
  EXPECT_EQ(pieces_of(load), (Pieces{{100, 15}, {60, 15}, {1100, 15}, {1060, 15}}));
  Store store{.dram_address = 70, .bytes = 4, .count0 = 2, .count1 = 1, .count2 = 1};
  store.dram_stride0 = 6;
  store.buffer_stride0 = 4;
  EXPECT_EQ(pieces_of(store), (Pieces{{70, 4}, {76, 4}}));
  EXPECT_EQ(written_by(program_of({store}), 0).memory, Memory::kDram);
  for (const int32_t buffer : {0, 1, 2}) {
    load.buffer = buffer;
    EXPECT_EQ(written_by(program_of({load}), 0).memory, static_cast<Memory>(buffer));
  }
}

TEST(Written, MatmulsWriteAccumulatorWordsAndVectorsChannelsOfPixels) {
  const Program matmul = program_of({Matmul{.out_h = 3, .out_w = 5, .acc = 7}});
  EXPECT_EQ(written_by(matmul, 0).memory, Memory::kAccumulator);
  EXPECT_EQ(written_by(matmul, 0).pieces, (Pieces{{7 * 32, 15 * 32}}));
  Vector vector{.blocks = 2, .last_channels = 3, .out_h = 2, .out_w = 2, .dst = 50};
  vector.dst_row_pitch = 100;
  vector.dst_pixel_pitch = 12;
  EXPECT_EQ(pieces_of(vector), (Pieces{{50, 11}, {62, 11}, {150, 11}, {162, 11}}));
  vector.dst_pack = 1;
  EXPECT_EQ(pieces_of(vector), (Pieces{{50, 6}, {62, 6}, {150, 6}, {162, 6}}));
  vector.dst_pack = 2;
  EXPECT_EQ(pieces_of(vector), (Pieces{{50, 3}, {62, 3}, {150, 3}, {162, 3}}));
  EXPECT_EQ(pieces_of(Halt{}), Pieces{});
}

// Instruction 0 retires in cycle 50.
Pieces left(const Program& program, std::vector<int64_t> issues) {
  std::vector<InstructionTiming> timing;
  for (const int64_t issue : issues) timing.push_back({.issue = issue});
  timing[0].retire = 50;
  const MemoryReader read = [](Memory, int64_t, std::span<uint8_t>) {};
  return comparable(program, {0, timing, read}).pieces;
}

TEST(Written, BytesOfLaterInstructionsOfTheUnitWaitForThese) {
  const Program program = program_of({load_of(100, 50), load_of(90, 20), load_of(130, 5)});
  EXPECT_EQ(left(program, {3, 49, 49}), (Pieces{{110, 20}, {135, 15}}));
  EXPECT_EQ(left(program, {3, 49, 0}), (Pieces{{110, 40}}));
  // What issues in the cycle of the retirement has written nothing, what has not issued neither.
  EXPECT_EQ(left(program, {3, 50, 0}), (Pieces{{100, 50}}));
  EXPECT_EQ(left(program, {3, 0, 0}), (Pieces{{100, 50}}));
}

TEST(Written, OtherUnitsBuffersAndSegmentsDoNotMatter) {
  Load parameters = load_of(100, 50);
  parameters.buffer = 2;
  const Vector vector{.blocks = 1, .last_channels = 8, .out_h = 1, .out_w = 1, .dst = 100};
  EXPECT_EQ(left(program_of({load_of(100, 50), parameters, vector}), {3, 4, 5}),
            (Pieces{{100, 50}}));
  EXPECT_EQ(left(program_of({load_of(100, 50), Halt{}, load_of(100, 50)}), {3, 4, 5}),
            (Pieces{{100, 50}}));
  EXPECT_EQ(left(program_of({load_of(100, 50), vector, load_of(90, 100)}), {3, 4, 5}), Pieces{});
}

TEST(Written, FillIsAFunctionOfSeedMemoryAndAddress) {
  std::vector<uint8_t> bytes(1001);
  fill_memory(7, Memory::kParam, bytes);
  int equal_to_another_memory = 0, equal_to_another_seed = 0;
  for (int64_t i = 0; i < 1001; ++i) {
    const uint8_t byte = bytes[static_cast<size_t>(i)];
    ASSERT_EQ(byte, fill_byte(7, Memory::kParam, i));
    equal_to_another_memory += byte == fill_byte(7, Memory::kWeight, i);
    equal_to_another_seed += byte == fill_byte(8, Memory::kParam, i);
  }
  EXPECT_LT(equal_to_another_memory, 20);
  EXPECT_LT(equal_to_another_seed, 20);
}

}  // namespace
}  // namespace qsim
