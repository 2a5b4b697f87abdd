// From a path to parsed protobuf messages, and the versions that a model declares.
#pragma once

#include <map>
#include <memory>
#include <string>

namespace google::protobuf {
class MessageLite;
}
namespace onnx {
class ModelProto;
}

namespace qsim {

// Throws Error when the file cannot be opened, is not a regular file, is empty, exceeds 2 GiB - 1,
// or does not parse.
void parse_file(const std::string& path, google::protobuf::MessageLite& message);

std::unique_ptr<onnx::ModelProto> read_model(const std::string& path);

// Checks ir_version and opset_import; returns the version of each imported domain, "ai.onnx" as "".
std::map<std::string, int> read_versions(const std::string& path, const onnx::ModelProto& model);

}  // namespace qsim
