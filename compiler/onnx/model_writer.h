// An ONNX file in the making. Hides protobuf.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "hw/spec/tensor.h"

namespace onnx {
class ModelProto;
}

namespace qsim {

using WrittenAttribute = std::variant<int64_t, std::vector<int64_t>>;

class ModelWriter {
 public:
  ModelWriter(const std::string& graph_name, int64_t opset, int64_t ir_version);
  ~ModelWriter();
  ModelWriter(const ModelWriter&) = delete;
  ModelWriter& operator=(const ModelWriter&) = delete;

  void input(const std::string& name, DataType type, const Shape& shape);
  void output(const std::string& name, DataType type, const Shape& shape);

  // The name `wanted`, with a number where values or nodes have it already.
  std::string unique(const std::string& wanted);

  // A constant; returns its name. Elements of int8 and uint8 data with bits = 4 are packed.
  std::string constant(const std::string& wanted, const Tensor& tensor, int bits = 8);
  std::string constant(const std::string& wanted, const Shape& shape,
                       const std::vector<float>& values);
  std::string constant(const std::string& wanted, const Shape& shape,
                       const std::vector<int64_t>& values);

  // A node of ai.onnx that writes `output`; returns it. The node is named after it.
  std::string node(const char* op, const std::vector<std::string>& inputs,
                   const std::string& output,
                   const std::map<std::string, WrittenAttribute>& attributes = {});
  // The same of com.microsoft.
  std::string microsoft_node(const char* op, const std::vector<std::string>& inputs,
                             const std::string& output,
                             const std::map<std::string, WrittenAttribute>& attributes);

  // Throws Error("<path>: cannot be written ...").
  void save(const std::string& path) const;

 private:
  std::unique_ptr<onnx::ModelProto> model_;
  std::set<std::string> names_;
  bool has_microsoft_ = false;
};

}  // namespace qsim
