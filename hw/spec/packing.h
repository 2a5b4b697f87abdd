// Codes narrower than a byte (docs/reference/isa.md, Codes): where they lie, and how wide a
// container a number of bits needs.
//
// A pack is the log2 of the codes that a byte holds: 0 8-bit, 1 4-bit, 2 2-bit codes. Code i of a
// run lies in byte i / 2^pack, lowest bits first, in two's complement. Pure functions; nothing
// throws.
#pragma once

#include <cstdint>

namespace qsim {

constexpr int32_t kMaxPack = 2;

constexpr int32_t codes_per_byte(int32_t pack) { return 1 << pack; }
constexpr int32_t bits_of_pack(int32_t pack) { return 8 >> pack; }

// Of the narrowest container that holds codes of `bits` bits (2 to 8): 2 for 2 bits, 1 for 3 and 4.
constexpr int32_t pack_of_bits(int32_t bits) { return bits <= 2 ? 2 : bits <= 4 ? 1 : 0; }

// Least and greatest code of `bits` bits (A8).
constexpr int32_t lowest_code(int32_t bits) { return -(1 << (bits - 1)); }
constexpr int32_t highest_code(int32_t bits) { return (1 << (bits - 1)) - 1; }

constexpr int64_t packed_bytes(int64_t codes, int32_t pack) {
  return (codes + codes_per_byte(pack) - 1) >> pack;
}

// Code `index` of the run that begins at `bytes`.
constexpr int8_t code_at(const int8_t* bytes, int64_t index, int32_t pack) {
  const int32_t bits = bits_of_pack(pack);
  const auto place = static_cast<int32_t>(index & (codes_per_byte(pack) - 1)) * bits;
  const auto raised =
      static_cast<uint8_t>(static_cast<uint8_t>(bytes[index >> pack]) << (8 - bits - place));
  return static_cast<int8_t>(static_cast<int8_t>(raised) >> (8 - bits));
}

// A byte all of whose codes are `code`: what padding reads.
constexpr int8_t repeated_code(int32_t code, int32_t pack) {
  const int32_t bits = bits_of_pack(pack);
  uint32_t byte = 0;
  for (int32_t i = 0; i < 8; i += bits)
    byte |= (static_cast<uint32_t>(code) & (0xffu >> (8 - bits))) << i;
  return static_cast<int8_t>(byte);
}

// `count` codes, one a byte, into packed_bytes(count, pack) bytes and back. Codes must fit their
// container; packing leaves 0 in the last byte's codes beyond the last one.
void pack_codes(const int8_t* codes, int64_t count, int32_t pack, int8_t* bytes);
void unpack_codes(const int8_t* bytes, int64_t count, int32_t pack, int8_t* codes);

}  // namespace qsim
