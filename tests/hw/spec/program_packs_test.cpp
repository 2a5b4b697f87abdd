// Program::check() on packs: their range on the machine, and what packed operands reach.
#include <gtest/gtest.h>

#include <functional>

#include "hw/spec/program.h"
#include "tests/support/hand_program.h"

namespace qsim {
namespace {

Program narrow_program() {
  Program program = hand_made_program();
  program.arch.array.pe_modes = PeModes::k842;
  auto& op = std::get<Vector>(program.instructions[4].op);
  op.clamp_low = -2;
  op.clamp_high = 1;
  return program;
}

Matmul& matmul_of(Program& program) { return std::get<Matmul>(program.instructions[3].op); }
Vector& vector_of(Program& program) { return std::get<Vector>(program.instructions[4].op); }

// What check() says of the program, "" when it accepts it.
std::string complaint(const Program& program) {
  try {
    program.check();
  } catch (const std::logic_error& error) {
    return error.what();
  }
  return "";
}

struct Case {
  const char* part;  // of the complaint
  std::function<void(Program&)> damage;
};

void expect_complaints(const std::vector<Case>& cases, Program (*make)()) {
  for (const Case& test : cases) {
    Program program = make();
    test.damage(program);
    const std::string text = complaint(program);
    EXPECT_NE(text.find(test.part), std::string::npos) << text << "\nshould hold: " << test.part;
  }
}

TEST(ProgramPacks, MachinesOfEightBitsHaveNone) {
  expect_complaints(
      {
          {"instruction 3 (matmul): act_pack = 1 is outside [0, 0]",
           [](Program& p) { matmul_of(p).act_pack = 1; }},
          {"instruction 3 (matmul): weight_pack = 1 is outside [0, 0]",
           [](Program& p) { matmul_of(p).weight_pack = 1; }},
          {"instruction 4 (vector): dst_pack = 1 is outside [0, 0]",
           [](Program& p) { vector_of(p).dst_pack = 1; }},
          {"instruction 4 (vector): src_pack = 2 is outside [0, 0]",
           [](Program& p) { vector_of(p).src_pack = 2; }},
          {"instruction 4 (vector): src2_pack = 3 is outside [0, 0]",
           [](Program& p) { vector_of(p).src2_pack = 3; }},
          {"instruction 4 (vector): weight_pack = 1 is outside [0, 0]",
           [](Program& p) { vector_of(p).weight_pack = 1; }},
          {"DRAM tensor 1: pack = 1 is outside [0, 0]",
           [](Program& p) {
             p.network.tensors[1].bits = 4;
             p.network.tensors[1].quant.zero_point = -3;
             p.network.layers[0].clamp_low = -8;
             p.network.layers[0].clamp_high = 7;
             p.dram_tensors[0].pack = 1;
           }},
      },
      hand_made_program);
}

TEST(ProgramPacks, PacksAndWhatTheyReachHaveTheirRanges) {
  EXPECT_EQ(complaint(narrow_program()), "");
  expect_complaints(
      {
          {"instruction 3 (matmul): act_pack = 3 is outside [0, 2]",
           [](Program& p) { matmul_of(p).act_pack = 3; }},
          {"instruction 3 (matmul): weight_pack = 0 is outside [1, 2]",
           [](Program& p) { matmul_of(p).act_pack = 1; }},
          // 4 rows: a word of a tile with weights of 2 bits, 2 words of 4 bits.
          {"instruction 3 (matmul): weight = 32768 ends at 32769, outside [0, 32768]",
           [](Program& p) {
             matmul_of(p).weight_pack = 2;
             matmul_of(p).weight = 32768;
           }},
          {"instruction 3 (matmul): weight = 32767 ends at 32769, outside [0, 32768]",
           [](Program& p) {
             matmul_of(p).weight_pack = 1;
             matmul_of(p).weight = 32767;
           }},
          {"instruction 4 (vector): clamp_high = 8 is outside [-8, 7]",
           [](Program& p) {
             vector_of(p).dst_pack = 1;
             vector_of(p).clamp_high = 8;
           }},
          {"instruction 4 (vector): clamp_low = -3 is outside [-2, 1]",
           [](Program& p) {
             vector_of(p).dst_pack = 2;
             vector_of(p).clamp_low = -3;
           }},
          {"instruction 4 (vector): dst = 262131 ends at 262145, outside [0, 262144]",
           [](Program& p) {
             vector_of(p).dst_pack = 1;
             vector_of(p).dst = 262144 - 13;
           }},
          {"instruction 4 (vector): source = 262131 ends at 262145, outside [0, 262144]",
           [](Program& p) {
             Vector& op = vector_of(p);
             op.function = static_cast<int32_t>(VectorFunction::kMaxPool);
             op.kh = op.kw = 1;
             op.stride_h = op.stride_w = 1;
             op.in_h = op.in_w = 2;
             op.src_row_pitch = 8;
             op.src_pixel_pitch = 4;
             op.src_pack = 1;
             op.src = 262144 - 13;
           }},
          {"DRAM tensor 1: pack = 1 is outside [0, 0]",
           [](Program& p) { p.dram_tensors[0].pack = 1; }},
          {"DRAM tensor 1: pixel_bytes = 1 is outside [2, ",
           [](Program& p) {
             p.network.tensors[1].bits = 4;
             p.network.layers[0].clamp_low = -8;
             p.network.layers[0].clamp_high = 7;
             p.dram_tensors[0].pack = 1;
             p.dram_tensors[0].pixel_bytes = 1;
           }},
      },
      narrow_program);
}

TEST(ProgramPacks, PackedOperandsMayEndWhereTheirBufferDoes) {
  Program program = narrow_program();
  matmul_of(program).weight_pack = 2;
  matmul_of(program).weight = 32767;
  vector_of(program).dst_pack = 1;
  vector_of(program).dst = 262144 - 14;
  EXPECT_EQ(complaint(program), "");
}

TEST(ProgramPacks, DepthwiseWeightsTakeWholeWordsOfParameters) {
  // 9 taps of 4 columns: 3, 2 or 1 words of 16 bytes behind the 64 bytes of a block.
  for (const int32_t pack : {0, 1, 2}) {
    Program program = narrow_program();
    Vector& op = vector_of(program);
    op.function = static_cast<int32_t>(VectorFunction::kDepthwise);
    op.kh = op.kw = 3;
    op.weight_pack = pack;
    op.src_row_pitch = op.src_pixel_pitch = 4;
    const int32_t bytes = 64 + 16 * (3 - pack);
    op.param = static_cast<int32_t>(program.arch.param_bytes()) - bytes;
    EXPECT_EQ(complaint(program), "") << pack;
    ++op.param;
    EXPECT_NE(complaint(program).find("(vector): param = "), std::string::npos) << pack;
  }
}

}  // namespace
}  // namespace qsim
