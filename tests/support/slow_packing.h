// Codes in bytes as docs/reference/isa.md says it (Codes), one at a time: what hw/spec/packing.h
// and the engines are checked against.
#pragma once

#include <cstdint>

namespace qsim {

// Code `index` of the run that begins at `bytes`.
inline int32_t slow_code(const int8_t* bytes, int64_t index, int32_t pack) {
  const int32_t codes = 1 << pack, values = 1 << (8 / codes);
  int32_t byte = bytes[index / codes] & 0xff;
  for (int64_t i = 0; i < index % codes; ++i) byte /= values;
  const int32_t code = byte % values;
  return code >= values / 2 ? code - values : code;
}

// Puts `code` there; the byte's other codes stay.
inline void put_slow_code(int8_t* bytes, int64_t index, int32_t pack, int32_t code) {
  const int32_t codes = 1 << pack, values = 1 << (8 / codes);
  int32_t weight = 1;
  for (int64_t i = 0; i < index % codes; ++i) weight *= values;
  const int32_t change = code - slow_code(bytes, index, pack);
  bytes[index / codes] = static_cast<int8_t>(bytes[index / codes] + weight * change);
}

}  // namespace qsim
