// Instructions as C++ values, generated from isa.def. Meaning: docs/reference/isa.md.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <variant>

namespace qsim {

enum class Unit : uint8_t { kLoad, kCompute, kVector, kStore };
constexpr int kUnits = 4;
const char* name_of(Unit unit);  // "load", ...

enum class BufferId : uint8_t { kActivation, kWeight, kParam };  // Load::buffer

enum class VectorFunction : uint8_t {
  kRequant,
  kAdd,
  kMaxPool,
  kAveragePool,
  kDepthwise,
  kRescale
};
const char* name_of(VectorFunction function);  // "requant", ...

template <int bits>
using FieldType = std::conditional_t<(bits > 32), int64_t, int32_t>;

#define QSIM_OP_BEGIN(Name, mnemonic, unit) struct Name {
#define QSIM_FIELD(name, bits, sign, meaning) FieldType<bits> name = 0;
#define QSIM_OP_END(Name)                       \
  bool operator==(const Name&) const = default; \
  }                                             \
  ;
#include "hw/spec/isa.def"
#undef QSIM_OP_BEGIN
#undef QSIM_FIELD
#undef QSIM_OP_END

// Opcodes are positions in this list, which is the order of isa.def.
using Operation = std::variant<Halt, Load, Store, Matmul, Vector>;

struct Instruction {
  Operation op;
  uint8_t take = 0;  // bit u: takes a token from unit u when it issues
  uint8_t give = 0;  // bit u: gives a token to unit u when it retires
  bool operator==(const Instruction&) const = default;
};

constexpr int kInstructionBytes = 64;

[[noreturn]] void reject_halt();  // throws logic_error

// The unit that executes an operation; Halt, which fetch executes, has none: reject_halt().
inline Unit unit_of(const Operation& op) {
  constexpr Unit kUnitOf[] = {{}, Unit::kLoad, Unit::kStore, Unit::kCompute, Unit::kVector};
  if (op.index() == 0) reject_halt();
  return kUnitOf[op.index()];
}
inline bool is_halt(const Operation& op) { return std::holds_alternative<Halt>(op); }
const char* mnemonic_of(const Operation& op);

// Encoding of isa.def. encode() throws std::logic_error when a value does not fit its field;
// decode() throws Error when opcode or padding bits are not valid.
std::array<uint8_t, kInstructionBytes> encode(const Instruction& instruction);
Instruction decode(std::span<const uint8_t, kInstructionBytes> bytes);

bool fields_fit(const Instruction& instruction);  // every value its encoding

// Throws Error naming the field when a value does not fit its encoding (the compiler calls it where
// a network's geometry decides the value). `place` opens the message.
void check_fields(const Instruction& instruction, const std::string& place);

// One line of assembly: "matmul act=0 ... take=load give=vector". Zero fields are left out.
std::string to_text(const Instruction& instruction);

}  // namespace qsim
