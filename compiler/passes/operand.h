// A constant of a node (weights, bias, batch-norm parameters) as the file gives it: float, or codes
// with scale and zero point. Nothing is copied or computed until values are asked for, so that
// planning a network without values never touches its weights.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compiler/passes/code_form.h"

namespace qsim {

// Element (i0, i1, ...) lies at offset + sum of i * strides; a Transpose of a constant permutes
// shape and strides. For codes, real = scale[c] * (code - zero_point[c]), c the index along `axis`
// (-1: one entry for the whole tensor). Codes stay as the file has them; see narrowing().
struct Operand {
  const Value* value = nullptr;         // elements, unless `owned` holds them; null: no operand
  std::shared_ptr<const Tensor> owned;  // elements computed here (QuantizeLinear of a constant)
  Shape shape;
  std::vector<int64_t> strides;
  bool is_codes = false;
  std::vector<float> scale;
  std::vector<int32_t> zero_point;  // as in the file
  int axis = -1;
  FileRange codes;          // of int8 and uint8: what the file's type and a Clip leave
  bool is_clipped = false;  // stored elements outside `codes` stand for its nearest bound

  bool is_wide = false;  // reals that 16-bit codes, or codes with a scale for each block, stand for

  bool exists() const { return value != nullptr || owned != nullptr; }
  bool is_filled() const { return owned == nullptr && value != nullptr && value->is_filled; }
  DataType type() const { return owned != nullptr ? owned->type : value->type; }
  int64_t size() const { return element_count(shape); }
  // Bits of the codes, and what is to be subtracted from codes and zero points (A8).
  Narrowing narrowing() const { return narrowing_of(codes, zero_point); }
  size_t channel(int64_t index_along_axis) const {
    return axis < 0 ? 0 : static_cast<size_t>(index_along_axis);
  }
};

// Elements in storage order, converted to double; codes are clipped, not dequantized.
std::vector<double> stored_elements(const Operand& operand);
// Real values in the order of `shape` (row-major).
std::vector<double> real_values(const Operand& operand);

// Numbers that no constant of the graph holds.
Operand operand_of(const Shape& shape, const std::vector<float>& values);

// The operand that `id` stands for: a constant, or QuantizeLinear, DequantizeLinear, Transpose,
// Reshape, Flatten, Squeeze, Unsqueeze, Identity or a float Cast of one, or Clip of codes. Throws
// Error when the chain holds anything else, or a per-channel scale does not survive a Reshape.
Operand resolve_operand(const Graph& graph, ValueId id);

}  // namespace qsim
