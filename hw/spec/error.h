// The one exception type for what a user can mend.
#pragma once

#include <stdexcept>
#include <string>

namespace qsim {

// Message form: "<place>: <name> = <value> <expectation>", for example
//   edge8.cfg: array.rows = 1 is outside [2, 256]
// Libraries throw it and never print or exit; main() catches it, prints one line, and exits with 1.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
};

}  // namespace qsim
