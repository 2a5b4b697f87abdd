// Little-endian byte streams of the .qprog file. ByteWriter and ByteReader take the same calls, so
// that one description of a value serves both directions (program_file.cpp).
//
//   integer, enum   as many bytes as the type has, two's complement
//   bool            one byte, 0 or 1
//   float, double   the IEEE 754 bits
//   string          uint32 length, bytes
//   vector          uint64 count, elements; vectors of integers and floats without gaps
//
// A count is believed only as far as the remaining bytes allow, so memory stays within a small
// multiple of the file's size whatever it claims.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "hw/spec/error.h"

namespace qsim {

static_assert(std::endian::native == std::endian::little,
              "the .qprog code copies integers as they are");

template <typename T>
concept PlainNumber = (std::is_arithmetic_v<T> || std::is_enum_v<T>)&&!std::is_same_v<T, bool>;

class ByteWriter {
 public:
  template <PlainNumber T>
  void operator()(const T& value) {
    append(&value, sizeof value);
  }
  void operator()(const bool& value) { (*this)(static_cast<uint8_t>(value)); }
  void operator()(const std::string& value) {
    (*this)(static_cast<uint32_t>(value.size()));
    append(value.data(), value.size());
  }
  template <PlainNumber T>
  void operator()(const std::vector<T>& values) {
    (*this)(static_cast<uint64_t>(values.size()));
    append(values.data(), values.size() * sizeof(T));
  }
  // Elements that are structs or strings: `transfer(*this, element)` writes one.
  template <typename T, typename Transfer>
  void list(const std::vector<T>& values, Transfer&& transfer) {
    (*this)(static_cast<uint64_t>(values.size()));
    for (const T& value : values) transfer(*this, value);
  }
  void raw(const void* data, size_t size) { append(data, size); }

  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  void append(const void* data, size_t size) {
    if (size == 0) return;
    const auto* from = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
  }

  std::vector<uint8_t> bytes_;
};

// Throws Error("truncated: ...") instead of reading past the end.
class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  template <PlainNumber T>
  void operator()(T& value) {
    std::memcpy(&value, take(sizeof value), sizeof value);
  }
  void operator()(bool& value) {
    const uint8_t byte = *take(1);
    if (byte > 1) throw Error("flag = " + std::to_string(byte) + " is neither 0 nor 1");
    value = byte == 1;
  }
  void operator()(std::string& value) {
    uint32_t size;
    (*this)(size);
    value.assign(reinterpret_cast<const char*>(take(size)), size);
  }
  template <PlainNumber T>
  void operator()(std::vector<T>& values) {
    const size_t count = take_count(sizeof(T));
    values.resize(count);
    if (count > 0) std::memcpy(values.data(), take(count * sizeof(T)), count * sizeof(T));
  }
  template <typename T, typename Transfer>
  void list(std::vector<T>& values, Transfer&& transfer) {
    const size_t count = take_count(1);
    values.clear();
    for (size_t i = 0; i < count; ++i) transfer(*this, values.emplace_back());
  }
  void raw(void* data, size_t size) { std::memcpy(data, take(size), size); }

  size_t remaining() const { return bytes_.size() - position_; }

 private:
  const uint8_t* take(size_t size) {
    if (size > remaining()) {
      throw Error("truncated: " + std::to_string(size) + " bytes expected at offset " +
                  std::to_string(position_) + ", " + std::to_string(remaining()) + " left");
    }
    const uint8_t* from = bytes_.data() + position_;
    position_ += size;
    return from;
  }
  size_t take_count(size_t element_bytes) {
    uint64_t count;
    (*this)(count);
    if (count > remaining() / element_bytes) {
      throw Error("count = " + std::to_string(count) + " at offset " +
                  std::to_string(position_ - sizeof count) + " exceeds the " +
                  std::to_string(remaining()) + " bytes that follow");
    }
    return static_cast<size_t>(count);
  }

  std::span<const uint8_t> bytes_;
  size_t position_ = 0;
};

}  // namespace qsim
