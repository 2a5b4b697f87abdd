// Where codes narrower than a byte lie, against their definition.
#include "hw/spec/packing.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/support/slow_packing.h"

namespace qsim {
namespace {

std::vector<int8_t> random_bytes(size_t n, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int8_t> bytes(n);
  for (int8_t& byte : bytes) byte = static_cast<int8_t>(random());
  return bytes;
}

TEST(Packing, FirstCodesLieInTheLowestBits) {
  const int8_t byte = static_cast<int8_t>(0b10'01'11'00);
  EXPECT_EQ(code_at(&byte, 0, 0), byte);
  EXPECT_EQ(code_at(&byte, 0, 1), -4);
  EXPECT_EQ(code_at(&byte, 1, 1), -7);
  EXPECT_EQ(code_at(&byte, 0, 2), 0);
  EXPECT_EQ(code_at(&byte, 1, 2), -1);
  EXPECT_EQ(code_at(&byte, 2, 2), 1);
  EXPECT_EQ(code_at(&byte, 3, 2), -2);
}

TEST(Packing, EveryCodeOfEveryByteIsItsDefinition) {
  for (int32_t pack = 0; pack <= kMaxPack; ++pack) {
    for (int value = -128; value < 128; ++value) {
      const auto byte = static_cast<int8_t>(value);
      for (int64_t i = 0; i < codes_per_byte(pack); ++i) {
        EXPECT_EQ(code_at(&byte, i, pack), slow_code(&byte, i, pack)) << value;
      }
    }
  }
}

TEST(Packing, RunsOfAnyLengthUnpackAndPack) {
  for (int32_t pack = 0; pack <= kMaxPack; ++pack) {
    for (int64_t count : {0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 64, 99, 255, 1024}) {
      const auto size = static_cast<size_t>(packed_bytes(count, pack));
      const std::vector<int8_t> bytes = random_bytes(size, static_cast<uint32_t>(count));
      std::vector<int8_t> codes(static_cast<size_t>(count) + 1, 99);
      unpack_codes(bytes.data(), count, pack, codes.data());
      std::vector<int8_t> expected = bytes;
      for (int64_t i = 0; i < count; ++i) {
        ASSERT_EQ(codes[static_cast<size_t>(i)], slow_code(bytes.data(), i, pack)) << count;
      }
      EXPECT_EQ(codes.back(), 99);
      for (int64_t i = count; i % codes_per_byte(pack) != 0; ++i) {
        put_slow_code(expected.data(), i, pack, 0);
      }
      std::vector<int8_t> again(size + 1, 99);
      pack_codes(codes.data(), count, pack, again.data());
      EXPECT_EQ(again.back(), 99);
      again.pop_back();
      EXPECT_EQ(again, expected) << count << " codes, pack " << pack;
    }
  }
}

TEST(Packing, ContainersAreTheNarrowestThatHoldTheBits) {
  const int32_t packs[] = {2, 1, 1, 0, 0, 0, 0};
  for (int32_t bits = 2; bits <= 8; ++bits) {
    EXPECT_EQ(pack_of_bits(bits), packs[bits - 2]) << bits;
    EXPECT_GE(bits_of_pack(pack_of_bits(bits)), bits);
  }
  EXPECT_EQ(lowest_code(8), -128);
  EXPECT_EQ(highest_code(8), 127);
  EXPECT_EQ(lowest_code(3), -4);
  EXPECT_EQ(highest_code(3), 3);
  EXPECT_EQ(packed_bytes(0, 2), 0);
  EXPECT_EQ(packed_bytes(5, 0), 5);
  EXPECT_EQ(packed_bytes(5, 1), 3);
  EXPECT_EQ(packed_bytes(5, 2), 2);
}

TEST(Packing, RepeatedCodesFillTheByte) {
  for (int32_t pack = 0; pack <= kMaxPack; ++pack) {
    const int32_t bits = bits_of_pack(pack);
    for (int32_t code = lowest_code(bits); code <= highest_code(bits); ++code) {
      const int8_t byte = repeated_code(code, pack);
      for (int64_t i = 0; i < codes_per_byte(pack); ++i) {
        EXPECT_EQ(slow_code(&byte, i, pack), code);
      }
    }
  }
}

}  // namespace
}  // namespace qsim
