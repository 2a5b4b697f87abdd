// Text files that the user asked for.
#pragma once

#include <string>

namespace qsim::cli {

// "-" is standard output. Throws Error("<path>: cannot be written").
void write_file(const std::string& path, const std::string& text);

}  // namespace qsim::cli
