#include "sim/engines/reference/workspace.h"

#include <algorithm>

namespace qsim::reference {

Tensor Workspace::take(DataType type, const Shape& shape) {
  Tensor tensor;
  tensor.type = type;
  tensor.shape = shape;
  const size_t bytes = static_cast<size_t>(element_count(shape)) * size_of(type);
  // The smallest that suffices, else the largest, which then grows.
  const auto best =
      std::min_element(spare_.begin(), spare_.end(), [bytes](const auto& a, const auto& b) {
        const bool a_fits = a.capacity() >= bytes, b_fits = b.capacity() >= bytes;
        if (a_fits != b_fits) return a_fits;
        return a_fits ? a.capacity() < b.capacity() : a.capacity() > b.capacity();
      });
  if (best != spare_.end()) {
    tensor.bytes = std::move(*best);
    spare_.erase(best);
  }
  tensor.bytes.resize(bytes);
  return tensor;
}

void Workspace::give_back(Tensor&& tensor) {
  if (tensor.bytes.capacity() > 0) spare_.push_back(std::move(tensor.bytes));
  tensor = Tensor();
}

}  // namespace qsim::reference
