// Seeded draws that are the same on every platform.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace qsim {

// std::mt19937 is portable; the standard distributions are not.
class Draw {
 public:
  explicit Draw(uint32_t seed) : engine_(seed) {}
  int32_t operator()(int32_t low, int32_t high) {
    return low + static_cast<int32_t>(engine_() % static_cast<uint32_t>(high - low + 1));
  }
  bool one_in(int32_t n) { return (*this)(1, n) == 1; }
  template <typename T, size_t n>
  T pick(const T (&items)[n]) {
    return items[static_cast<size_t>((*this)(0, static_cast<int32_t>(n) - 1))];
  }

 private:
  std::mt19937 engine_;
};

}  // namespace qsim
