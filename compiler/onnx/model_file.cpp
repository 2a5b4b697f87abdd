#include "compiler/onnx/model_file.h"

#include <onnx/onnx_pb.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "compiler/onnx/import_state.h"
#include "compiler/onnx/op_table.h"
#include "compiler/onnx/wire_scan.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

constexpr int kMinIrVersion = 3, kMaxIrVersion = 14;

std::string range_text(int low, int high) {
  return "is outside [" + std::to_string(low) + ", " + std::to_string(high) + "]";
}

// A clone without `git lfs pull` leaves these in the place of models.
bool is_lfs_pointer(const OpenFile& file) {
  constexpr char kStart[] = "version https://git-lfs";
  char start[sizeof(kStart) - 1];
  return pread(file.get(), start, sizeof(start), 0) == ssize_t{sizeof(start)} &&
         std::memcmp(start, kStart, sizeof(start)) == 0;
}

void check_file(const std::string& path, const OpenFile& file) {
  if (file.get() < 0) throw Error(path + ": file cannot be opened: " + std::strerror(errno));
  const int64_t size = file.size();
  if (size < 0) throw Error(path + ": is not a regular file");
  if (size == 0) throw Error(path + ": file = 0 bytes is empty");
  if (size > INT_MAX) {
    throw Error(path + ": file = " + std::to_string(size) + " bytes is larger than " +
                std::to_string(INT_MAX) + ", protobuf's limit; store weights as external data");
  }
  if (is_lfs_pointer(file)) {
    throw Error(path + ": file is a git-lfs pointer, not a model; run `git lfs pull`");
  }
}

[[noreturn]] void fail_to_parse(const std::string& path) {
  throw Error(path + ": file is truncated, damaged, or not ONNX");
}

}  // namespace

ModelFile::ModelFile(const std::string& path)
    : file(path), model(std::make_unique<onnx::ModelProto>()) {}
ModelFile::~ModelFile() = default;

std::unique_ptr<ModelFile> read_model(const std::string& path) {
  auto result = std::make_unique<ModelFile>(path);
  check_file(path, result->file);
  if (!scan_model(result->file.get(), result->file.size(), *result->model, result->raw_data)) {
    fail_to_parse(path);
  }
  // Any byte string of unknown fields is a valid message, and so is a file cut between fields.
  if (!result->model->has_graph()) {
    throw Error(path + ": file holds no graph: truncated, or not ONNX");
  }
  return result;
}

void parse_file(const std::string& path, google::protobuf::Message& message) {
  const OpenFile file(path);
  check_file(path, file);
  if (!message.ParseFromFileDescriptor(file.get())) fail_to_parse(path);
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
