// A file descriptor that closes itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace qsim {

class OpenFile {
 public:
  // Opens for reading, without waiting (a named pipe would make open() wait). get() is negative and
  // errno set on failure. `flags` are added to those of open().
  explicit OpenFile(const std::string& path, int flags = 0);
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int get() const { return descriptor_; }
  // Bytes of a regular file; -1 for anything else.
  int64_t size() const;
  // Reads `count` bytes at `offset`; the caller has compared with size(). Throws Error "<place>
  // cannot be read: ...".
  std::vector<uint8_t> read(int64_t offset, int64_t count, const std::string& place) const;

 private:
  int descriptor_;
};

}  // namespace qsim
