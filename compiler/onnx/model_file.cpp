#include "compiler/onnx/model_file.h"

#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <onnx/onnx_pb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "compiler/onnx/import_state.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

namespace io = google::protobuf::io;

constexpr int kMinIrVersion = 3, kMaxIrVersion = 14;
constexpr int kMinOpset = 7, kMaxOpset = 25;
// Small enough to stay in the cache between the kernel's copy and protobuf's.
constexpr int kBlockBytes = 256 * 1024;

std::string range_text(int low, int high) {
  return "is outside [" + std::to_string(low) + ", " + std::to_string(high) + "]";
}

// A clone without `git lfs pull` leaves these in the place of models.
bool is_lfs_pointer(int file) {
  constexpr char kStart[] = "version https://git-lfs";
  char start[sizeof(kStart) - 1];
  return pread(file, start, sizeof(start), 0) == ssize_t{sizeof(start)} &&
         std::memcmp(start, kStart, sizeof(start)) == 0;
}

void check_file(const std::string& path, int file) {
  struct stat info;
  if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
    throw Error(path + ": is not a regular file");
  }
  if (info.st_size == 0) throw Error(path + ": file = 0 bytes is empty");
  if (info.st_size > INT_MAX) {
    throw Error(path + ": file = " + std::to_string(info.st_size) + " bytes is larger than " +
                std::to_string(INT_MAX) + ", protobuf's limit; store weights as external data");
  }
  if (is_lfs_pointer(file)) {
    throw Error(path + ": file is a git-lfs pointer, not a model; run `git lfs pull`");
  }
}

}  // namespace

void parse_file(const std::string& path, google::protobuf::MessageLite& message) {
  // O_NONBLOCK so that a named pipe is refused instead of waited for.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) throw Error(path + ": file cannot be opened: " + std::strerror(errno));
  io::FileInputStream stream(file, kBlockBytes);
  stream.SetCloseOnDelete(true);
  check_file(path, file);
  io::CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(INT_MAX);
  if (!message.ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage()) {
    throw Error(path + ": file is truncated, damaged, or not ONNX");
  }
}

std::unique_ptr<onnx::ModelProto> read_model(const std::string& path) {
  auto model = std::make_unique<onnx::ModelProto>();
  parse_file(path, *model);
  // Any byte string of unknown fields is a valid message, and so is a file cut between fields.
  if (!model->has_graph()) throw Error(path + ": file holds no graph: truncated, or not ONNX");
  return model;
}

std::map<std::string, int> read_versions(const std::string& path, const onnx::ModelProto& model) {
  const int64_t ir_version = model.ir_version();
  if (ir_version < kMinIrVersion || ir_version > kMaxIrVersion) {
    throw Error(path + ": ir_version = " + std::to_string(ir_version) + " " +
                range_text(kMinIrVersion, kMaxIrVersion));
  }
  std::map<std::string, int> versions;
  for (const onnx::OperatorSetIdProto& opset : model.opset_import()) {
    const std::string domain = opset.domain() == "ai.onnx" ? "" : opset.domain();
    const std::string place =
        path + ": opset_import \"" + printable(opset.domain()) + "\": version = ";
    if (domain.empty() && (opset.version() < kMinOpset || opset.version() > kMaxOpset)) {
      throw Error(place + std::to_string(opset.version()) + " " + range_text(kMinOpset, kMaxOpset));
    }
    const int version = static_cast<int>(opset.version());
    if (const auto [known, is_new] = versions.emplace(domain, version);
        !is_new && known->second != version) {
      throw Error(place + std::to_string(version) +
                  " contradicts an earlier version = " + std::to_string(known->second));
    }
  }
  if (!versions.contains("")) {
    throw Error(path + ": opset_import = (none for ai.onnx), the operators' version is not stated");
  }
  // There is only version 1, and writers that fuse operators in place forget to declare it.
  versions.emplace("com.microsoft", 1);
  return versions;
}

}  // namespace qsim
