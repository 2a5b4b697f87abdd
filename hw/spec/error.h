// The one exception type for what a user can mend.
#pragma once

#include <stdexcept>
#include <string>

namespace qsim {

// Message form: "<place>: <name> = <value> <expectation>", for example
//   edge8.cfg: array.rows = 1 is outside [2, 256]
// Libraries throw it and never print or exit; main() catches it, prints one line, and exits with 1.
// Names and values often come from a file that a stranger wrote. Control characters, which a
// terminal would obey, become '?', and a message of more than 16 KiB is cut.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(readable(message)) {}

 private:
  static std::string readable(const std::string& message) {
    constexpr size_t kLongest = 16 * 1024;
    std::string text = message.substr(0, kLongest);
    for (char& c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) c = '?';
    }
    return message.size() > kLongest ? text + "..." : text;
  }
};

}  // namespace qsim
