// ONNX models made by hand, right or deliberately wrong. Nothing is checked: what a call says goes
// into the file. Hides protobuf.
//
//   OnnxBuilder model;                                   // opset 13, IR version 8
//   model.input("x", {1, 3, 8, 8}).output("y");
//   model.initializer("w", floats({4, 3, 3, 3}));
//   model.node("Conv", {"x", "w"}, {"y"}, {{"strides", ints({2, 2})}});
//   TempFolder folder;
//   Graph graph = import_onnx(model.save(folder.path() / "m.onnx"));
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compiler/graph.h"
#include "hw/spec/tensor.h"

namespace onnx {
class ModelProto;
}

namespace qsim::test {

// Numbers of TensorProto.DataType.
enum OnnxType {
  kOnnxFloat = 1,
  kOnnxUint8 = 2,
  kOnnxInt8 = 3,
  kOnnxUint16 = 4,
  kOnnxInt16 = 5,
  kOnnxInt32 = 6,
  kOnnxInt64 = 7,
  kOnnxString = 8,
  kOnnxBool = 9,
  kOnnxFloat16 = 10,
  kOnnxDouble = 11,
  kOnnxUint32 = 12,
  kOnnxUint64 = 13,
  kOnnxBfloat16 = 16,
  kOnnxUint4 = 21,
  kOnnxInt4 = 22,
  kOnnxUint2 = 25,
  kOnnxInt2 = 26
};

// A dimension of an input: a number, a name, or "" for unknown.
struct OnnxDim {
  OnnxDim(int number) : value(number) {}
  OnnxDim(int64_t number) : value(number) {}
  OnnxDim(const char* name) : is_dynamic(true), param(name) {}
  int64_t value = 0;
  bool is_dynamic = false;
  std::string param;
};

using Attributes = std::map<std::string, Attribute>;

class OnnxBuilder {
 public:
  explicit OnnxBuilder(int64_t opset = 13, int64_t ir_version = 8);
  ~OnnxBuilder();
  OnnxBuilder(OnnxBuilder&&) noexcept;

  OnnxBuilder& opset(const std::string& domain, int64_t version);  // one more opset_import
  OnnxBuilder& input(const std::string& name, const std::vector<OnnxDim>& dims,
                     int type = kOnnxFloat);
  OnnxBuilder& input_without_shape(const std::string& name, int type = kOnnxFloat);
  OnnxBuilder& output(const std::string& name, int type = 0);  // 0: no type declared

  // A constant; raw_data holds its bytes.
  OnnxBuilder& initializer(const std::string& name, const Tensor& tensor);
  OnnxBuilder& raw_initializer(const std::string& name, int type, const Shape& dims,
                               const std::string& raw_data);
  // The values go to the typed field `field`: "float", "int32", "int64", "double" or "uint64".
  OnnxBuilder& typed_initializer(const std::string& name, int type, const Shape& dims,
                                 const std::string& field, const std::vector<double>& values);
  // Entries of external_data, such as {{"location", "w.bin"}, {"offset", "0"}}.
  OnnxBuilder& external_initializer(const std::string& name, int type, const Shape& dims,
                                    const std::map<std::string, std::string>& entries);

  OnnxBuilder& node(const std::string& op, const std::vector<std::string>& inputs,
                    const std::vector<std::string>& outputs, const Attributes& attributes = {},
                    const std::string& name = "", const std::string& domain = "");
  // Adds to the last node: an attribute that holds an empty graph; one more attribute of any name.
  OnnxBuilder& graph_attribute(const std::string& name);
  OnnxBuilder& attribute(const std::string& name, const Attribute& value);

  std::string bytes() const;
  std::string save(const std::filesystem::path& path) const;  // returns the path

 private:
  std::unique_ptr<onnx::ModelProto> model_;
};

// Constants: element i is i + 1 (floats, so that the order of elements shows), or as given.
Tensor floats(const Shape& shape);
Tensor floats(const Shape& shape, const std::vector<float>& values);
Tensor int64s(const std::vector<int64_t>& values);  // rank 1
template <typename T>
Tensor tensor_of(DataType type, const Shape& shape, const std::vector<T>& values) {
  Tensor tensor(type, shape);
  for (size_t i = 0; i < values.size(); ++i) tensor.data<T>()[i] = values[i];
  return tensor;
}
inline Attribute ints(std::vector<int64_t> values) { return values; }

// A folder that goes when the object goes.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  // Writes a file into it and returns the path.
  std::string write(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path path_;
};

}  // namespace qsim::test
