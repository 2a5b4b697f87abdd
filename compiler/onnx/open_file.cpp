#include "compiler/onnx/open_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "hw/spec/error.h"

namespace qsim {

OpenFile::OpenFile(const std::string& path, int flags)
    : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags)) {}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

int64_t OpenFile::size() const {
  struct stat info;
  if (fstat(descriptor_, &info) != 0 || !S_ISREG(info.st_mode)) return -1;
  return info.st_size;
}

std::vector<uint8_t> OpenFile::read(int64_t offset, int64_t count, const std::string& place) const {
  std::vector<uint8_t> bytes(static_cast<size_t>(count));
  for (int64_t done = 0; done < count;) {
    const ssize_t got =
        pread(descriptor_, bytes.data() + done, static_cast<size_t>(count - done), offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      throw Error(place + " cannot be read: " + (got < 0 ? std::strerror(errno) : "it was cut"));
    }
    done += got;
  }
  return bytes;
}

}  // namespace qsim
