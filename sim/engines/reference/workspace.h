// Memory that one thread keeps from layer to layer and from pass to pass: fresh pages cost more
// than many a layer.
#pragma once

#include <cstdint>
#include <vector>

#include "hw/spec/tensor.h"

namespace qsim::reference {

struct Workspace {
  std::vector<uint8_t> padded, windows;        // conv: input with padding, gathered windows
  std::vector<uint16_t> wide_padded;           // conv by WindowProduct: input with padding
  std::vector<const uint16_t*> window_starts;  //   windows of one panel
  std::vector<int32_t> sums;                   // conv: accumulators of one tile
  std::vector<uint8_t> scratchpad;             // Gemm, int8 path
  std::vector<float> float_rows, float_sums;   // Gemm, float path

  // A tensor of unspecified contents, made of memory given back before where that suffices.
  Tensor take(DataType type, const Shape& shape);
  void give_back(Tensor&& tensor);

 private:
  std::vector<std::vector<uint8_t>> spare_;
};

// The buffer, with at least n elements.
template <typename T>
T* grown(std::vector<T>& buffer, int64_t n) {
  if (buffer.size() < static_cast<size_t>(n)) buffer.resize(static_cast<size_t>(n));
  return buffer.data();
}

}  // namespace qsim::reference
