// A dense tensor that owns its bytes: what travels between files, compiler and engines.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace qsim {

// Element types that qsim stores. float16 and 4-bit ONNX data are widened when they are read.
enum class DataType : uint8_t {
  kUndefined,
  kFloat,
  kDouble,
  kInt8,
  kUint8,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kBool
};

size_t size_of(DataType type);       // bytes of one element; 0 for kUndefined
const char* name_of(DataType type);  // "float32", "int8", ...

// Row-major, last dimension contiguous. Dimensions are >= 0; rank 0 is a scalar with one element.
using Shape = std::vector<int64_t>;

int64_t element_count(const Shape& shape);  // throws Error when the product exceeds 2^40
std::string to_text(const Shape& shape);    // "1x3x224x224"; "scalar" for rank 0

struct Tensor {
  DataType type = DataType::kUndefined;
  Shape shape;
  std::vector<uint8_t> bytes;  // element_count(shape) * size_of(type)

  Tensor() = default;
  Tensor(DataType element_type, Shape dims);  // zero-filled

  int64_t size() const { return element_count(shape); }
  template <typename T>
  T* data() {
    return reinterpret_cast<T*>(bytes.data());
  }
  template <typename T>
  const T* data() const {
    return reinterpret_cast<const T*>(bytes.data());
  }

  // All elements converted to one C++ type; exact for the integer types into int64_t, and for
  // every type of at most 24 significant bits into float.
  std::vector<float> as_floats() const;
  std::vector<int64_t> as_ints() const;
};

}  // namespace qsim
