#include "sim/cli/output_file.h"

#include <cstdio>
#include <fstream>

#include "hw/spec/error.h"

namespace qsim::cli {

void write_file(const std::string& path, const std::string& text) {
  if (path == "-") {
    std::fputs(text.c_str(), stdout);
    return;
  }
  std::ofstream file(path, std::ios::trunc | std::ios::binary);
  file << text;
  file.close();
  if (!file) throw Error(path + ": cannot be written");
}

}  // namespace qsim::cli
