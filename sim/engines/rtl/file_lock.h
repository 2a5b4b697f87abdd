// A lock on a file of the cache, held from construction to destruction by one process, and within a
// process by one thread. The kernel lets go of it when the process dies.
#pragma once

#include <filesystem>

namespace qsim::rtl {

class FileLock {
 public:
  // Waits. Throws Error when the file cannot be made.
  explicit FileLock(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int file_;
};

}  // namespace qsim::rtl
