#include "compiler/emit/tokens.h"

#include <gtest/gtest.h>

namespace qsim {
namespace {

constexpr uint8_t bit(Unit unit) { return uint8_t(1u << static_cast<int>(unit)); }

class TokenWriterTest : public testing::Test {
 protected:
  TokenWriterTest() {
    arch_.sync.token_depth = 2;
    arch_.sync.in_flight = 2;
  }

  // Needs of instruction `number` of `unit`; -1: none.
  static Needs needs(Unit unit, int32_t number) {
    Needs result = kNoNeeds;
    result[static_cast<size_t>(unit)] = number;
    return result;
  }

  static void append(TokenWriter& writer, const Operation& op, const Needs& needs) {
    writer.begin({op}, 0);
    writer.end(needs);
  }

  Arch arch_;
  std::vector<Instruction> code_;
  std::vector<InstructionInfo> info_;
};

TEST_F(TokenWriterTest, OneTokenForOneNeed) {
  TokenWriter writer(arch_, code_, info_);
  append(writer, Load{}, kNoNeeds);
  append(writer, Matmul{}, needs(Unit::kLoad, 0));
  EXPECT_EQ(code_[0].give, bit(Unit::kCompute));
  EXPECT_EQ(code_[1].take, bit(Unit::kLoad));
}

TEST_F(TokenWriterTest, AnImpliedNeedTakesNoToken) {
  TokenWriter writer(arch_, code_, info_);
  append(writer, Load{}, kNoNeeds);                 // load 0
  append(writer, Matmul{}, needs(Unit::kLoad, 0));  // knows load 0
  Needs both = needs(Unit::kLoad, 0);
  both[static_cast<size_t>(Unit::kCompute)] = 0;
  append(writer, Vector{}, needs(Unit::kCompute, 0));  // thereby knows load 0
  append(writer, Vector{}, both);                      // nothing new
  append(writer, Matmul{}, needs(Unit::kLoad, 0));
  EXPECT_EQ(code_[2].take, bit(Unit::kCompute));
  EXPECT_EQ(code_[3].take, 0);
  EXPECT_EQ(code_[4].take, 0);
  EXPECT_EQ(code_[0].give, bit(Unit::kCompute));
}

TEST_F(TokenWriterTest, GiversAreNeverOlderThanTheCounterIsDeep) {
  TokenWriter writer(arch_, code_, info_);
  for (int i = 0; i < 5; ++i) append(writer, Load{}, kNoNeeds);
  append(writer, Matmul{}, needs(Unit::kLoad, 0));
  EXPECT_EQ(code_[0].give, 0);
  EXPECT_EQ(code_[3].give, bit(Unit::kCompute)) << "the second latest, for a depth of 2";
  EXPECT_EQ(code_[4].give, 0);
}

TEST_F(TokenWriterTest, OwnUnitDrainsUnlessTheInFlightLimitSuffices) {
  TokenWriter writer(arch_, code_, info_);
  for (int i = 0; i < 3; ++i) append(writer, Vector{}, kNoNeeds);
  append(writer, Vector{}, needs(Unit::kVector, 1));  // number 3: at most 2 in flight
  EXPECT_EQ(std::get<Vector>(code_[3].op).drain, 0);
  append(writer, Vector{}, needs(Unit::kVector, 3));
  EXPECT_EQ(std::get<Vector>(code_[4].op).drain, 1);
}

TEST_F(TokenWriterTest, ASegmentStartsWithEverythingRetired) {
  TokenWriter writer(arch_, code_, info_);
  append(writer, Load{}, kNoNeeds);
  writer.end_segment(0);
  append(writer, Matmul{}, needs(Unit::kLoad, 0));
  EXPECT_TRUE(is_halt(code_[1].op));
  EXPECT_EQ(code_[2].take, 0);
  EXPECT_EQ(code_[0].give, 0);
}

}  // namespace
}  // namespace qsim
