#include "compiler/onnx/external_data.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>

#include "compiler/onnx/import_state.h"
#include "compiler/onnx/open_file.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

namespace fs = std::filesystem;

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
                                   const std::string& folder, const std::string& place,
                                   bool reads) {
  const OpenFile file(resolve_location(range.location, folder, place).string(), O_NOFOLLOW);
  const std::string field = place + ": external ";
  const int64_t size = file.size();
  if (size < 0) {
    throw Error(field + "location = " + printable(range.location) + " is not a readable file");
  }
  if (range.length >= 0 && range.length != needed) {
    throw Error(field + "length = " + std::to_string(range.length) + " is not the tensor's " +
                std::to_string(needed) + " bytes");
  }
  if (range.offset < 0 || range.offset > size || needed > size - range.offset) {
    throw Error(field + "offset = " + std::to_string(range.offset) + " with " +
                std::to_string(needed) + " bytes is outside the file's " + std::to_string(size) +
                " bytes");
  }
  if (!reads) return {};
  return file.read(range.offset, needed, field + "location = " + printable(range.location));
}

}  // namespace qsim
