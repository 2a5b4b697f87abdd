// From a path to parsed protobuf messages, and the versions that a model declares.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/onnx/open_file.h"

namespace google::protobuf {
class Message;
}
namespace onnx {
class ModelProto;
}

namespace qsim {

// Where the raw_data of an initializer lies in the model file.
struct RawRange {
  int64_t offset = 0;
  int64_t length = -1;  // -1: the initializer has no raw_data
};

// A parsed model, except that raw_data of its initializers stays in the file until a Tensor takes
// it: most of a model is weights, and protobuf would hold each of them a second time.
struct ModelFile {
  explicit ModelFile(const std::string& path);
  ~ModelFile();

  OpenFile file;
  std::unique_ptr<onnx::ModelProto> model;
  std::vector<RawRange> raw_data;  // per initializer of model->graph()
};

// Throws Error when the file cannot be opened, is not a regular file, is empty, exceeds 2 GiB - 1,
// does not parse, or holds no graph.
std::unique_ptr<ModelFile> read_model(const std::string& path);

// Reads a whole message; the same errors.
void parse_file(const std::string& path, google::protobuf::Message& message);

// Checks ir_version and opset_import; returns the version of each imported domain, "ai.onnx" as "".
std::map<std::string, int> read_versions(const std::string& path, const onnx::ModelProto& model);

}  // namespace qsim
