#include "compiler/onnx/external_data.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "compiler/onnx/import_state.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

namespace fs = std::filesystem;

class OpenFile {
 public:
  explicit OpenFile(const fs::path& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// The file's true path, all symbolic links followed.
fs::path resolve_location(const std::string& location, const std::string& folder,
                          const std::string& place) {
  const std::string field = place + ": external location = " + printable(location);
  const fs::path relative(location);
  if (relative.empty() || location.find('\0') != std::string::npos) {
    throw Error(field + " is not a file name");
  }
  if (relative.is_absolute()) throw Error(field + " is absolute, not inside the model's folder");
  if (std::find(relative.begin(), relative.end(), "..") != relative.end()) {
    throw Error(field + " contains \"..\", which may leave the model's folder");
  }
  std::error_code failure;
  const fs::path root = fs::canonical(folder, failure);
  const fs::path target = failure ? fs::path() : fs::canonical(root / relative, failure);
  if (failure) throw Error(field + " cannot be opened: " + failure.message());
  if (std::mismatch(root.begin(), root.end(), target.begin(), target.end()).first != root.end()) {
    throw Error(field + " is a symbolic link that leaves the model's folder");
  }
  return target;
}

}  // namespace

std::vector<uint8_t> read_external(const ExternalRange& range, int64_t needed,
                                   const std::string& folder, const std::string& place) {
  const OpenFile file(resolve_location(range.location, folder, place));
  const std::string field = place + ": external ";
  struct stat info;
  if (file.get() < 0 || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    throw Error(field + "location = " + printable(range.location) + " is not a readable file");
  }
  if (range.length >= 0 && range.length != needed) {
    throw Error(field + "length = " + std::to_string(range.length) + " is not the tensor's " +
                std::to_string(needed) + " bytes");
  }
  if (range.offset < 0 || range.offset > info.st_size || needed > info.st_size - range.offset) {
    throw Error(field + "offset = " + std::to_string(range.offset) + " with " +
                std::to_string(needed) + " bytes is outside the file's " +
                std::to_string(info.st_size) + " bytes");
  }
  std::vector<uint8_t> bytes(static_cast<size_t>(needed));
  for (int64_t done = 0; done < needed;) {
    const ssize_t count = pread(file.get(), bytes.data() + done, static_cast<size_t>(needed - done),
                                range.offset + done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      throw Error(field + "location = " + printable(range.location) +
                  " cannot be read: " + (count < 0 ? std::strerror(errno) : "it became shorter"));
    }
    done += count;
  }
  return bytes;
}

}  // namespace qsim
