// Checks of numbers in a program, shared by the parts of Program::check(). They throw
// std::logic_error.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace qsim {

// What is being checked; becomes text only when it fails, for programs have 100,000 instructions.
struct Place {
  const char* what = "";  // "instruction", "step", or "" for the program itself
  int64_t index = 0;
  const char* detail = "";  // the mnemonic

  std::string text() const {
    if (!*what) return "program";
    return std::string("program: ") + what + " " + std::to_string(index) +
           (*detail ? std::string(" (") + detail + ")" : "");
  }
};

[[noreturn]] inline void fail(const Place& place, const char* name, int64_t value,
                              const std::string& expectation) {
  throw std::logic_error(place.text() + ": " + name + " = " + std::to_string(value) + " " +
                         expectation);
}

inline void require_inside(const Place& place, const char* name, int64_t value, int64_t low,
                           int64_t high) {
  if (value >= low && value <= high) return;
  fail(place, name, value,
       "is outside [" + std::to_string(low) + ", " + std::to_string(high) + "]");
}

// [first, end) of a buffer or DRAM.
inline void require_range(const Place& place, const char* name, int64_t first, int64_t end,
                          int64_t size) {
  require_inside(place, name, first, 0, size);
  if (end < first || end > size) {
    fail(place, name, first,
         "ends at " + std::to_string(end) + ", outside [0, " + std::to_string(size) + "]");
  }
}

}  // namespace qsim
