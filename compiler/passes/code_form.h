// Codes as a file describes them, and as the integer network has them (rule A8).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "compiler/graph.h"
#include "hw/spec/network.h"

namespace qsim {

// Least and greatest code that can occur, as the file counts: [0, 15] for uint4, and for uint8
// after Clip(0, 15).
struct FileRange {
  int32_t low = 0, high = 0;
  bool operator==(const FileRange&) const = default;
};

// Of the element type of `value`, which is int8 or uint8, or what the file has narrower.
FileRange type_range(const Value& value);

// Operators that write the codes of their first input, in another place.
bool moves_codes(std::string_view op);

// The bounds of a Clip on codes of `input`. Bounds that leave none of them become the nearest.
FileRange clipped(const Graph& graph, const Node& clip, FileRange input);

// Per value: what range its codes have. Type ranges, narrowed by Clip; kept by operators that move
// codes (Reshape, Transpose, MaxPool ...). What an operator writes that only a Clip reads has
// the Clip's range already: Q -> Clip -> DQ is one quantization to fewer codes. Values that are not
// int8 or uint8 have [0, 0].
std::vector<FileRange> code_ranges(const Graph& graph);

// n bits, 2^n the least power that holds the range and its zero points, and what is to be
// subtracted from the file's codes so that they lie in [-2^(n-1), 2^(n-1) - 1]: 0 when they do
// already.
struct Narrowing {
  int32_t bits = 8;
  int32_t offset = 0;
};
Narrowing narrowing_of(FileRange codes, const std::vector<int32_t>& zero_points);

// Quantization of a tensor, in our codes.
struct CodeForm {
  Quantization quant;
  int32_t bits = 8;
  int32_t low = -128, high = 127;  // least and greatest code
  bool operator==(const CodeForm&) const = default;
};

// `zero_point` is the file's.
CodeForm form_of(FileRange codes, float scale, int32_t zero_point);

}  // namespace qsim
