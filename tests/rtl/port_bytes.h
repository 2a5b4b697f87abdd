// Ports of any width as bytes, byte 0 first. Verilator makes them integers up to 64 bits, arrays of
// 32-bit words beyond.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <type_traits>

namespace qsim::rtl {

// Port bits beyond the bytes become 0.
template <typename Port>
void set_bytes(Port& port, std::span<const uint8_t> bytes) {
  if constexpr (std::is_integral_v<Port>) {
    uint64_t value = 0;
    for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
    port = static_cast<Port>(value);
  } else {
    for (size_t word = 0; word < sizeof(port) / 4; ++word) port[word] = 0;
    for (size_t i = 0; i < bytes.size(); ++i) port[i / 4] |= uint32_t{bytes[i]} << i % 4 * 8;
  }
}

template <typename Port>
uint8_t byte_of(const Port& port, size_t index) {
  if constexpr (std::is_integral_v<Port>) {
    return static_cast<uint8_t>(uint64_t{port} >> 8 * index);
  } else {
    return static_cast<uint8_t>(port[index / 4] >> index % 4 * 8);
  }
}

template <typename Port>
bool bit_of(const Port& port, size_t index) {
  return byte_of(port, index / 8) >> index % 8 & 1;
}

}  // namespace qsim::rtl
