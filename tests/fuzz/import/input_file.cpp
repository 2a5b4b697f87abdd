#include "tests/fuzz/import/input_file.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "hw/spec/error.h"

namespace qsim::fuzz {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("qsim_fuzz_" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void check_message(const std::string& message) {
  constexpr size_t kLongest = 64 * 1024;
  bool is_readable = !message.empty() && message.size() <= kLongest;
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) is_readable = false;
  }
  if (is_readable) return;
  std::fprintf(stderr, "finding: an Error of %zu bytes that nobody can read: %.2000s\n",
               message.size(), message.c_str());
  std::abort();
}

}  // namespace

std::string write_input(const uint8_t* data, size_t size, const std::string& suffix) {
  static const Folder folder;
  const std::string path = (folder.path() / ("input" + suffix)).string();
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  file.close();
  if (!file) {
    std::fprintf(stderr, "%s cannot be written\n", path.c_str());
    std::abort();
  }
  return path;
}

int expect_answer(const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    check_message(error.what());
  }
  return 0;
}

}  // namespace qsim::fuzz
