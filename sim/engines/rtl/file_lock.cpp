#include "sim/engines/rtl/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "hw/spec/error.h"

namespace qsim::rtl {

FileLock::FileLock(const std::filesystem::path& path)
    : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (file_ < 0) {
    throw Error(path.string() + ": cannot be written: set QSIM_RTL_CACHE to a folder for models");
  }
  while (flock(file_, LOCK_EX) != 0 && errno == EINTR) {
  }
}

FileLock::~FileLock() { close(file_); }

}  // namespace qsim::rtl
