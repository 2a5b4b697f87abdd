#include "compiler/onnx/tensor_reader.h"

#include <onnx/onnx_pb.h>

#include <charconv>
#include <filesystem>
#include <limits>

#include "compiler/onnx/element_type.h"
#include "compiler/onnx/external_data.h"
#include "compiler/onnx/import_state.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

using Bytes = std::vector<uint8_t>;

Shape read_dims(const onnx::TensorProto& proto, const TensorPlace& place) {
  const Shape shape(proto.dims().begin(), proto.dims().end());
  if (shape.size() > kMaxRank) {
    throw Error(place.text + ": rank = " + std::to_string(shape.size()) + " is more than " +
                std::to_string(kMaxRank));
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0 || shape[i] > kMaxDimension) {
      throw Error(place.text + ": dims[" + std::to_string(i) + "] = " + std::to_string(shape[i]) +
                  " is outside [0, " + std::to_string(kMaxDimension) + "]");
    }
  }
  if (is_too_large(shape)) {
    throw Error(place.text + ": dims = " + to_text(shape) + " is more than 2^40 elements");
  }
  return shape;
}

int64_t parse_number(const onnx::StringStringEntryProto& entry, const TensorPlace& place) {
  const std::string& text = entry.value();
  int64_t number = -1;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size() || number < 0) {
    throw Error(place.text + ": external " + entry.key() + " = " + printable(text) +
                " is not a byte count");
  }
  return number;
}

Bytes read_external_bytes(const onnx::TensorProto& proto, int64_t needed, bool reads,
                          const TensorPlace& place) {
  ExternalRange range;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") range.location = entry.value();
    if (entry.key() == "offset") range.offset = parse_number(entry, place);
    if (entry.key() == "length") range.length = parse_number(entry, place);
  }
  return read_external(range, needed, place.folder, place.text, reads);
}

// Elements of a typed field, each narrowed to To; values that do not fit are an error.
template <typename To, typename Field>
Bytes narrow(const Field& field, const char* field_name, const TensorPlace& place) {
  Bytes bytes(static_cast<size_t>(field.size()) * sizeof(To));
  auto* to = reinterpret_cast<To*>(bytes.data());
  for (int i = 0; i < field.size(); ++i) {
    to[i] = static_cast<To>(field.Get(i));
    if (static_cast<decltype(field.Get(i))>(to[i]) != field.Get(i) &&
        field.Get(i) == field.Get(i)) {
      throw Error(place.text + ": " + field_name + "[" + std::to_string(i) +
                  "] = " + std::to_string(field.Get(i)) + " does not fit the element type");
    }
  }
  return bytes;
}

// The bytes that raw_data would hold. ONNX fixes which typed field serves which element type.
Bytes read_typed_field(const onnx::TensorProto& proto, const ElementType& type,
                       const TensorPlace& place) {
  switch (type.onnx) {
    case onnx::TensorProto::FLOAT:
      return narrow<float>(proto.float_data(), "float_data", place);
    case onnx::TensorProto::DOUBLE:
      return narrow<double>(proto.double_data(), "double_data", place);
    case onnx::TensorProto::INT64:
      return narrow<int64_t>(proto.int64_data(), "int64_data", place);
    case onnx::TensorProto::UINT32:
      return narrow<uint32_t>(proto.uint64_data(), "uint64_data", place);
    case onnx::TensorProto::INT32:
      return narrow<int32_t>(proto.int32_data(), "int32_data", place);
    case onnx::TensorProto::INT16:
      return narrow<int16_t>(proto.int32_data(), "int32_data", place);
    case onnx::TensorProto::INT8:
      return narrow<int8_t>(proto.int32_data(), "int32_data", place);
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
    case onnx::TensorProto::UINT16:
      return narrow<uint16_t>(proto.int32_data(), "int32_data", place);
    default:
      return narrow<uint8_t>(proto.int32_data(), "int32_data", place);
  }
}

Bytes widen_to_float(const Bytes& from, float (*convert)(uint16_t)) {
  Bytes bytes(from.size() * 2);
  const auto* halves = reinterpret_cast<const uint16_t*>(from.data());
  auto* floats = reinterpret_cast<float*>(bytes.data());
  for (size_t i = 0; i < from.size() / 2; ++i) floats[i] = convert(halves[i]);
  return bytes;
}

// Several elements a byte, the first in the lowest bits.
Bytes unpack(const Bytes& from, int64_t count, const ElementType& type) {
  Bytes bytes(static_cast<size_t>(count));
  const auto per_byte = static_cast<size_t>(8 / type.bits);
  const int values = 1 << type.bits;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int shift = static_cast<int>(i % per_byte) * type.bits;
    const int code = from[i / per_byte] >> shift & (values - 1);
    const bool is_negative = type.stored == DataType::kInt8 && code >= values / 2;
    bytes[i] = static_cast<uint8_t>(is_negative ? code - values : code);
  }
  return bytes;
}

void check_byte_count(int64_t found, int64_t needed, const char* field, const ElementType& type,
                      const Shape& shape, const TensorPlace& place) {
  if (found == needed) return;
  throw Error(place.text + ": " + field + " = " + std::to_string(found) + " bytes is not the " +
              std::to_string(needed) + " of " + type.name + " " + to_text(shape));
}

// The element data as raw_data would hold it; with `reads` false, only its size is checked.
Bytes read_bytes(const onnx::TensorProto& proto, const ElementType& type, const Shape& shape,
                 bool reads, const TensorPlace& place) {
  const int64_t needed = (element_count(shape) * type.bits + 7) / 8;
  const auto check = [&](auto found, const char* field) {
    check_byte_count(static_cast<int64_t>(found), needed, field, type, shape, place);
  };
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    return read_external_bytes(proto, needed, reads, place);
  }
  if (place.raw_data.length >= 0) {
    check(place.raw_data.length, "raw_data");
    if (!reads) return {};
    return place.file->read(place.raw_data.offset, needed, place.text + ": raw_data");
  }
  if (proto.has_raw_data()) {
    check(proto.raw_data().size(), "raw_data");
    const auto* raw = reinterpret_cast<const uint8_t*>(proto.raw_data().data());
    return Bytes(raw, raw + needed);
  }
  Bytes bytes = read_typed_field(proto, type, place);
  check(bytes.size(), "data");
  return bytes;
}

}  // namespace

bool is_weight_sized(const Shape& shape) {
  constexpr int64_t kSmall = 4096;
  return shape.size() >= 2 && element_count(shape) > kSmall;
}

Tensor read_tensor(onnx::TensorProto& proto, const TensorPlace& place) {
  const ElementType type = element_type(proto.data_type());
  if (type.stored == DataType::kUndefined) {
    throw Error(place.text + ": data_type = " + to_text(type) + " is not supported");
  }
  if (proto.has_segment()) throw Error(place.text + ": segment = (set) is not supported");
  Tensor tensor;
  tensor.type = type.stored;
  tensor.shape = read_dims(proto, place);
  // Truth values are no weights: which elements move depends on them.
  const bool reads =
      !place.skips_weights || !is_weight_sized(tensor.shape) || tensor.type == DataType::kBool;
  Bytes& bytes = tensor.bytes;
  bytes = read_bytes(proto, type, tensor.shape, reads, place);
  // Clear() would keep the memory.
  proto = onnx::TensorProto();
  if (!reads) {
    bytes.clear();
    return tensor;
  }
  if (type.onnx == onnx::TensorProto::FLOAT16) bytes = widen_to_float(bytes, float_from_half);
  if (type.onnx == onnx::TensorProto::BFLOAT16) bytes = widen_to_float(bytes, float_from_bfloat16);
  // Any byte but 0 is true in a file; in C++ a bool is 0 or 1.
  if (type.stored == DataType::kBool) {
    for (uint8_t& byte : bytes) byte = byte != 0;
  }
  if (type.is_packed()) bytes = unpack(bytes, tensor.size(), type);
  return tensor;
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

}  // namespace qsim
