#include "hw/spec/isa.h"

#include <stdexcept>

#include "hw/spec/error.h"

namespace qsim {
namespace {

constexpr int kHeaderBits = 12;

// Calls visit(name, bits, is_signed, field) for every field of an operation in encoding order.
#define QSIM_OP_BEGIN(Name, mnemonic, unit)              \
  template <typename Op, typename Visit>                 \
  requires std::is_same_v<std::remove_const_t<Op>, Name> \
  inline void for_each_field([[maybe_unused]] Op& op, [[maybe_unused]] Visit&& visit) {
#define QSIM_FIELD(name, bits, sign, meaning) visit(#name, bits, #sign[0] == 's', op.name);
#define QSIM_OP_END(Name) }
#include "hw/spec/isa.def"
#undef QSIM_OP_BEGIN
#undef QSIM_FIELD
#undef QSIM_OP_END

bool fits(int64_t value, int bits, bool is_signed) {
  if (is_signed) return value >= -(int64_t{1} << (bits - 1)) && value < (int64_t{1} << (bits - 1));
  return value >= 0 && value < (int64_t{1} << bits);
}

void put_bits(std::array<uint8_t, kInstructionBytes>& bytes, int position, int bits,
              uint64_t value) {
  for (int i = 0; i < bits; ++i) {
    if ((value >> i) & 1) bytes[(position + i) / 8] |= uint8_t(1u << ((position + i) % 8));
  }
}

uint64_t get_bits(std::span<const uint8_t, kInstructionBytes> bytes, int position, int bits) {
  uint64_t value = 0;
  for (int i = 0; i < bits; ++i) {
    value |= uint64_t{(bytes[(position + i) / 8] >> ((position + i) % 8)) & 1u} << i;
  }
  return value;
}

template <size_t index = 0>
Operation make_operation(size_t opcode) {
  if constexpr (index < std::variant_size_v<Operation>) {
    if (opcode == index) return Operation(std::in_place_index<index>);
    return make_operation<index + 1>(opcode);
  }
  throw Error("instruction: opcode = " + std::to_string(opcode) + " is outside [0, " +
              std::to_string(std::variant_size_v<Operation> - 1) + "]");
}

std::string mask_text(uint8_t mask) {
  std::string text;
  for (int u = 0; u < kUnits; ++u) {
    if (mask >> u & 1) text += (text.empty() ? "" : "+") + std::string(name_of(Unit(u)));
  }
  return text;
}

}  // namespace

const char* name_of(Unit unit) {
  constexpr const char* kNames[] = {"load", "compute", "vector", "store"};
  return kNames[static_cast<int>(unit)];
}

const char* name_of(VectorFunction function) {
  constexpr const char* kNames[] = {"requant",      "add",       "max_pool",
                                    "average_pool", "depthwise", "rescale"};
  return kNames[static_cast<int>(function)];
}

void reject_halt() { throw std::logic_error("halt belongs to no unit"); }

const char* mnemonic_of(const Operation& op) {
  static constexpr const char* kMnemonics[] = {
#define QSIM_OP_BEGIN(Name, mnemonic, unit) #mnemonic,
#define QSIM_FIELD(name, bits, sign, meaning)
#define QSIM_OP_END(Name)
#include "hw/spec/isa.def"
#undef QSIM_OP_BEGIN
#undef QSIM_FIELD
#undef QSIM_OP_END
  };
  return kMnemonics[op.index()];
}

bool fields_fit(const Instruction& instruction) {
  bool all = true;
  std::visit(
      [&](const auto& op) {
        for_each_field(op, [&](const char*, int bits, bool is_signed, const auto& field) {
          all &= fits(field, bits, is_signed);
        });
      },
      instruction.op);
  return all;
}

std::array<uint8_t, kInstructionBytes> encode(const Instruction& instruction) {
  std::array<uint8_t, kInstructionBytes> bytes{};
  put_bits(bytes, 0, 4, instruction.op.index());
  put_bits(bytes, 4, 4, instruction.take);
  put_bits(bytes, 8, 4, instruction.give);
  int position = kHeaderBits;
  std::visit(
      [&](auto& op) {
        for_each_field(op, [&](const char* name, int bits, bool is_signed, auto& field) {
          if (!fits(field, bits, is_signed)) {
            throw std::logic_error(std::string("instruction field ") + name + " = " +
                                   std::to_string(field) + " does not fit its encoding");
          }
          put_bits(bytes, position, bits, static_cast<uint64_t>(field));
          position += bits;
        });
      },
      instruction.op);
  return bytes;
}

Instruction decode(std::span<const uint8_t, kInstructionBytes> bytes) {
  Instruction instruction;
  instruction.op = make_operation(get_bits(bytes, 0, 4));
  instruction.take = static_cast<uint8_t>(get_bits(bytes, 4, 4));
  instruction.give = static_cast<uint8_t>(get_bits(bytes, 8, 4));
  int position = kHeaderBits;
  std::visit(
      [&](auto& op) {
        for_each_field(op, [&](const char*, int bits, bool is_signed, auto& field) {
          int64_t value = static_cast<int64_t>(get_bits(bytes, position, bits));
          if (is_signed && (value >> (bits - 1) & 1)) value -= int64_t{1} << bits;
          field = static_cast<std::remove_reference_t<decltype(field)>>(value);
          position += bits;
        });
      },
      instruction.op);
  for (; position < 8 * kInstructionBytes; ++position) {
    if (get_bits(bytes, position, 1)) {
      throw Error("instruction: bit " + std::to_string(position) +
                  " = 1 beyond the last field of " + mnemonic_of(instruction.op));
    }
  }
  return instruction;
}

void check_fields(const Instruction& instruction, const std::string& place) {
  std::visit(
      [&](auto& op) {
        for_each_field(op, [&](const char* name, int bits, bool is_signed, auto& field) {
          if (fits(field, bits, is_signed)) return;
          throw Error(place + ": " + mnemonic_of(instruction.op) + "." + name + " = " +
                      std::to_string(field) + " does not fit the instruction's " +
                      std::to_string(bits) + " bits");
        });
      },
      instruction.op);
}

std::string to_text(const Instruction& instruction) {
  std::string text = mnemonic_of(instruction.op);
  if (const auto* vector = std::get_if<Vector>(&instruction.op)) {
    text += std::string(" ") + name_of(VectorFunction(vector->function));
  }
  std::visit(
      [&](auto& op) {
        for_each_field(op, [&](const char* name, int, bool, auto& field) {
          if (field != 0) text += std::string(" ") + name + "=" + std::to_string(field);
        });
      },
      instruction.op);
  if (instruction.take) text += " take=" + mask_text(instruction.take);
  if (instruction.give) text += " give=" + mask_text(instruction.give);
  return text;
}

}  // namespace qsim
