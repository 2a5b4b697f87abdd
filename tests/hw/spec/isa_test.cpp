#include "hw/spec/isa.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "hw/spec/error.h"

namespace qsim {
namespace {

struct Field {
  const char* name;
  int bits;
  bool is_signed;
};

// Fields of each operation in encoding order, from isa.def: what the encoding is checked against.
const std::vector<std::vector<Field>>& fields() {
  static const std::vector<std::vector<Field>> kFields = {
#define QSIM_OP_BEGIN(Name, mnemonic, unit) {
#define QSIM_FIELD(name, bits, sign, meaning) {#name, bits, #sign[0] == 's'},
#define QSIM_OP_END(Name) \
  }                       \
  ,
#include "hw/spec/isa.def"
#undef QSIM_OP_BEGIN
#undef QSIM_FIELD
#undef QSIM_OP_END
  };
  return kFields;
}

void set_bits(std::array<uint8_t, kInstructionBytes>& bytes, int position, int bits,
              uint64_t value) {
  for (int i = 0; i < bits; ++i) {
    const int bit = position + i;
    bytes[bit / 8] =
        static_cast<uint8_t>((bytes[bit / 8] & ~(1u << bit % 8)) | ((value >> i & 1u) << bit % 8));
  }
}

// An encoding of random bits in all fields, and zeros beyond.
std::array<uint8_t, kInstructionBytes> random_bytes(size_t opcode, std::mt19937_64& random) {
  std::array<uint8_t, kInstructionBytes> bytes{};
  set_bits(bytes, 0, 4, opcode);
  set_bits(bytes, 4, 8, random());
  int position = 12;
  for (const Field& field : fields()[opcode]) {
    set_bits(bytes, position, field.bits, random());
    position += field.bits;
  }
  return bytes;
}

TEST(Isa, EveryOperationFitsItsInstruction) {
  ASSERT_EQ(fields().size(), std::variant_size_v<Operation>);
  for (const auto& operation : fields()) {
    int bits = 12;
    for (const Field& field : operation) {
      EXPECT_GE(field.bits, 1) << field.name;
      EXPECT_LE(field.bits, 40) << field.name;
      bits += field.bits;
    }
    EXPECT_LE(bits, 512);
  }
}

TEST(Isa, RandomFieldsSurviveTheRoundTrip) {
  std::mt19937_64 random(1);
  for (size_t opcode = 0; opcode < fields().size(); ++opcode) {
    for (int i = 0; i < 500; ++i) {
      const auto bytes = random_bytes(opcode, random);
      const Instruction instruction = decode(bytes);
      EXPECT_EQ(instruction.op.index(), opcode);
      EXPECT_EQ(encode(instruction), bytes);
      EXPECT_EQ(decode(encode(instruction)), instruction);
      EXPECT_NO_THROW(check_fields(instruction, "test"));
    }
  }
}

TEST(Isa, EncodesLittleEndianFromBitTwelveOn) {
  Instruction instruction;
  instruction.op = Load{.buffer = 2, .buffer_address = 0x1234567, .dram_address = 0x89abcdef01};
  instruction.take = 0b0100;
  instruction.give = 0b0010;
  const auto bytes = encode(instruction);
  uint64_t low;
  std::memcpy(&low, bytes.data(), 8);
  EXPECT_EQ(low & 0xf, 1u);
  EXPECT_EQ(low >> 4 & 0xf, 4u);
  EXPECT_EQ(low >> 8 & 0xf, 2u);
  EXPECT_EQ(low >> 12 & 0x3, 2u);
  EXPECT_EQ(low >> 14 & 0x3ffffff, 0x1234567u);
  EXPECT_EQ(low >> 40, 0x89abcdef01u & 0xffffff);
}

TEST(Isa, SignedFieldsKeepTheirSign) {
  Instruction instruction;
  instruction.op = Matmul{.y0 = -32768, .x0 = 32767, .pad_value = -128};
  EXPECT_EQ(decode(encode(instruction)), instruction);
}

TEST(Isa, RefusesValuesThatDoNotFit) {
  Instruction instruction;
  instruction.op = Load{.bytes = 1 << 24};
  EXPECT_THROW(encode(instruction), std::logic_error);
  try {
    check_fields(instruction, "layer conv1");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "layer conv1: load.bytes = 16777216 does not fit the instruction's 24 bits");
  }
  instruction.op = Matmul{.pad_value = 128};
  EXPECT_THROW(check_fields(instruction, "test"), Error);
  instruction.op = Matmul{.pad_value = -129};
  EXPECT_THROW(check_fields(instruction, "test"), Error);
  instruction.op = Matmul{.out_h = -1};
  EXPECT_THROW(check_fields(instruction, "test"), Error);
}

TEST(Isa, RefusesUnknownOpcodesAndStrayBits) {
  std::array<uint8_t, kInstructionBytes> bytes{};
  bytes[0] = 5;
  EXPECT_THROW(decode(bytes), Error);
  bytes[0] = 0;
  bytes[63] = 0x80;
  EXPECT_THROW(decode(bytes), Error);
}

TEST(Isa, PrintsWhatIsNotZero) {
  Instruction instruction;
  instruction.op = Vector{.function = 3, .blocks = 2, .zero_dst = -5};
  instruction.take = 0b0010;
  instruction.give = 0b1001;
  EXPECT_EQ(to_text(instruction),
            "vector average_pool function=3 blocks=2 zero_dst=-5 take=compute give=load+store");
  EXPECT_EQ(to_text(Instruction{}), "halt");
}

TEST(Isa, HaltBelongsToNoUnit) {
  EXPECT_THROW(unit_of(Halt{}), std::logic_error);
  EXPECT_EQ(unit_of(Matmul{}), Unit::kCompute);
  EXPECT_EQ(unit_of(Store{}), Unit::kStore);
}

}  // namespace
}  // namespace qsim
