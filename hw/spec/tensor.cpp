#include "hw/spec/tensor.h"

#include "hw/spec/error.h"

namespace qsim {
namespace {

struct TypeInfo {
  const char* name;
  size_t size_bytes;
};

constexpr TypeInfo kTypes[] = {{"undefined", 0}, {"float32", 4}, {"float64", 8}, {"int8", 1},
                               {"uint8", 1},     {"int16", 2},   {"uint16", 2},  {"int32", 4},
                               {"uint32", 4},    {"int64", 8},   {"bool", 1}};

template <typename To, typename From>
std::vector<To> convert(const Tensor& tensor) {
  const From* from = tensor.data<From>();
  return std::vector<To>(from, from + tensor.size());
}

template <typename To>
std::vector<To> convert_any(const Tensor& tensor) {
  switch (tensor.type) {
    case DataType::kFloat:
      return convert<To, float>(tensor);
    case DataType::kDouble:
      return convert<To, double>(tensor);
    case DataType::kInt8:
      return convert<To, int8_t>(tensor);
    case DataType::kUint8:
      return convert<To, uint8_t>(tensor);
    case DataType::kInt16:
      return convert<To, int16_t>(tensor);
    case DataType::kUint16:
      return convert<To, uint16_t>(tensor);
    case DataType::kInt32:
      return convert<To, int32_t>(tensor);
    case DataType::kUint32:
      return convert<To, uint32_t>(tensor);
    case DataType::kInt64:
      return convert<To, int64_t>(tensor);
    case DataType::kBool:
      return convert<To, uint8_t>(tensor);
    case DataType::kUndefined:
      break;
  }
  throw Error("tensor: element type undefined cannot be converted");
}

}  // namespace

size_t size_of(DataType type) { return kTypes[static_cast<int>(type)].size_bytes; }
const char* name_of(DataType type) { return kTypes[static_cast<int>(type)].name; }

int64_t element_count(const Shape& shape) {
  constexpr int64_t kLimit = int64_t{1} << 40;
  int64_t count = 1;
  for (int64_t dim : shape) {
    if (dim < 0 || dim > kLimit || (dim != 0 && count > kLimit / dim)) {
      throw Error("tensor: shape " + to_text(shape) + " is outside [0, 2^40] elements");
    }
    count *= dim;
  }
  return count;
}

std::string to_text(const Shape& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (int64_t dim : shape) text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text;
}

Tensor::Tensor(DataType element_type, Shape dims)
    : type(element_type),
      shape(std::move(dims)),
      bytes(static_cast<size_t>(element_count(shape)) * size_of(element_type)) {}

std::vector<float> Tensor::as_floats() const { return convert_any<float>(*this); }
std::vector<int64_t> Tensor::as_ints() const { return convert_any<int64_t>(*this); }

}  // namespace qsim
