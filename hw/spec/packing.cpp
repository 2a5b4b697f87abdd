#include "hw/spec/packing.h"

#include <algorithm>

namespace qsim {
namespace {

// Packs are fixed, so that compilers unroll a byte's codes and vectorise the bytes.
template <int32_t pack>
void pack_bytes(const int8_t* codes, int64_t count, int8_t* bytes) {
  constexpr int32_t kCodes = codes_per_byte(pack), kBits = bits_of_pack(pack);
  constexpr uint32_t kMask = 0xffu >> (8 - kBits);
  const int64_t whole = count / kCodes;
  for (int64_t b = 0; b < whole; ++b) {
    uint32_t byte = 0;
    for (int32_t i = 0; i < kCodes; ++i) {
      byte |= (static_cast<uint32_t>(codes[b * kCodes + i]) & kMask) << (i * kBits);
    }
    bytes[b] = static_cast<int8_t>(byte);
  }
  if (whole * kCodes == count) return;
  uint32_t byte = 0;
  for (int64_t i = whole * kCodes; i < count; ++i) {
    byte |= (static_cast<uint32_t>(codes[i]) & kMask) << (i % kCodes * kBits);
  }
  bytes[whole] = static_cast<int8_t>(byte);
}

template <int32_t pack>
void unpack_bytes(const int8_t* bytes, int64_t count, int8_t* codes) {
  constexpr int32_t kCodes = codes_per_byte(pack);
  const int64_t whole = count / kCodes;
  for (int64_t b = 0; b < whole; ++b) {
    for (int32_t i = 0; i < kCodes; ++i) codes[b * kCodes + i] = code_at(bytes + b, i, pack);
  }
  for (int64_t i = whole * kCodes; i < count; ++i) codes[i] = code_at(bytes, i, pack);
}

}  // namespace

void pack_codes(const int8_t* codes, int64_t count, int32_t pack, int8_t* bytes) {
  switch (pack) {
    case 0:
      std::copy_n(codes, count, bytes);
      return;
    case 1:
      return pack_bytes<1>(codes, count, bytes);
    default:
      return pack_bytes<2>(codes, count, bytes);
  }
}

void unpack_codes(const int8_t* bytes, int64_t count, int32_t pack, int8_t* codes) {
  switch (pack) {
    case 0:
      std::copy_n(bytes, count, codes);
      return;
    case 1:
      return unpack_bytes<1>(bytes, count, codes);
    default:
      return unpack_bytes<2>(bytes, count, codes);
  }
}

}  // namespace qsim
