// ONNX element types and how they are stored here. Knows the numbers of TensorProto.DataType, so
// that types which libonnx 1.12 does not know yet can be named and read.
#pragma once

#include <cstdint>
#include <string>

#include "hw/spec/tensor.h"

namespace qsim {

struct ElementType {
  int64_t onnx = 0;                        // TensorProto.DataType
  const char* name = "undefined";          // ONNX's name, lower case
  DataType stored = DataType::kUndefined;  // kUndefined: not supported
  int bits = 0;                            // of one element in raw_data

  // Several elements share a byte: int4, uint4, int2, uint2.
  bool is_packed() const { return stored != DataType::kUndefined && bits < 8; }
};

// Unknown numbers give an unsupported type named "unknown".
ElementType element_type(int64_t onnx_type);

// "float16 (10)"
std::string to_text(const ElementType& type);

float float_from_half(uint16_t bits);
float float_from_bfloat16(uint16_t bits);

// The nearest float16 or bfloat16, ties to even, as float32: what a cast to these types leaves.
float round_to_half(float value);
float round_to_bfloat16(float value);

}  // namespace qsim
