#include "hw/spec/packing.h"

#include <algorithm>
#include <cstring>

namespace qsim {

void pack_codes(const int8_t* codes, int64_t count, int32_t pack, int8_t* bytes) {
  if (pack == 0) {
    std::memcpy(bytes, codes, static_cast<size_t>(count));
    return;
  }
  const int32_t bits = bits_of_pack(pack), per_byte = codes_per_byte(pack);
  const uint32_t mask = 0xffu >> (8 - bits);
  for (int64_t i = 0; i < count; i += per_byte) {
    uint32_t byte = 0;
    const auto inside = static_cast<int32_t>(std::min<int64_t>(per_byte, count - i));
    for (int32_t k = 0; k < inside; ++k) {
      byte |= (static_cast<uint32_t>(codes[i + k]) & mask) << (k * bits);
    }
    bytes[i >> pack] = static_cast<int8_t>(byte);
  }
}

void unpack_codes(const int8_t* bytes, int64_t count, int32_t pack, int8_t* codes) {
  if (pack == 0) {
    std::memcpy(codes, bytes, static_cast<size_t>(count));
    return;
  }
  for (int64_t i = 0; i < count; ++i) codes[i] = code_at(bytes, i, pack);
}

}  // namespace qsim
