#include "compiler/onnx/element_type.h"

#include <bit>
#include <cmath>
#include <limits>

namespace qsim {
namespace {

constexpr ElementType kTypes[] = {
    {1, "float", DataType::kFloat, 32},
    {2, "uint8", DataType::kUint8, 8},
    {3, "int8", DataType::kInt8, 8},
    {4, "uint16", DataType::kUint16, 16},
    {5, "int16", DataType::kInt16, 16},
    {6, "int32", DataType::kInt32, 32},
    {7, "int64", DataType::kInt64, 64},
    {8, "string", DataType::kUndefined, 0},
    {9, "bool", DataType::kBool, 8},
    {10, "float16", DataType::kFloat, 16},
    {11, "double", DataType::kDouble, 64},
    {12, "uint32", DataType::kUint32, 32},
    {13, "uint64", DataType::kUndefined, 64},
    {14, "complex64", DataType::kUndefined, 64},
    {15, "complex128", DataType::kUndefined, 128},
    {16, "bfloat16", DataType::kFloat, 16},
    {17, "float8e4m3fn", DataType::kUndefined, 8},
    {18, "float8e4m3fnuz", DataType::kUndefined, 8},
    {19, "float8e5m2", DataType::kUndefined, 8},
    {20, "float8e5m2fnuz", DataType::kUndefined, 8},
    {21, "uint4", DataType::kUint8, 4},
    {22, "int4", DataType::kInt8, 4},
    {23, "float4e2m1", DataType::kUndefined, 4},
    {24, "float8e8m0", DataType::kUndefined, 8},
    {25, "uint2", DataType::kUint8, 2},
    {26, "int2", DataType::kInt8, 2},
};

}  // namespace

ElementType element_type(int64_t onnx_type) {
  for (const ElementType& type : kTypes) {
    if (type.onnx == onnx_type) return type;
  }
  return {onnx_type, onnx_type == 0 ? "undefined" : "unknown", DataType::kUndefined, 0};
}

std::string to_text(const ElementType& type) {
  return std::string(type.name) + " (" + std::to_string(type.onnx) + ")";
}

float float_from_half(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16;
  const uint32_t magnitude = bits & 0x7fffu;
  if (magnitude >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | magnitude << 13);
  // Shifting the fields into place leaves the exponent 112 too small; the product corrects it and
  // normalises subnormal numbers as well.
  return std::bit_cast<float>(sign | magnitude << 13) * 0x1p112f;
}

float float_from_bfloat16(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

float round_to_half(float value) {
  if (!std::isfinite(value) || value == 0) return value;
  const int exponent = std::max(std::ilogb(value), -14);
  const float rounded = std::ldexp(std::nearbyint(std::ldexp(value, 10 - exponent)), exponent - 10);
  constexpr float kLargest = 65504.0f;
  if (std::abs(rounded) <= kLargest) return rounded;
  return std::copysign(std::numeric_limits<float>::infinity(), value);
}

float round_to_bfloat16(float value) {
  if (!std::isfinite(value)) return value;
  const auto bits = std::bit_cast<uint32_t>(value);
  return std::bit_cast<float>((bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u);
}

}  // namespace qsim
