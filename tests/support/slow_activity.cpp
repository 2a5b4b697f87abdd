#include "tests/support/slow_activity.h"

#include <algorithm>

#include "tests/support/slow_packing.h"

namespace qsim::test {
namespace {

int64_t ones(uint32_t word) {
  int64_t count = 0;
  for (; word != 0; word >>= 1) count += word & 1;
  return count;
}

int32_t product(int8_t operand, int8_t weight, int32_t pack) {
  int32_t sum = 0;
  for (int32_t i = 0; i < 1 << pack; ++i) {
    sum += slow_code(&operand, i, pack) * slow_code(&weight, i, pack);
  }
  return sum;
}

// Modulo 2^32.
int32_t add(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}

}  // namespace

SlowActivity::SlowActivity(int64_t rows, int64_t cols, Dataflow dataflow)
    : rows_(rows), cols_(cols), dataflow_(dataflow), elements_(static_cast<size_t>(rows * cols)) {}

void SlowActivity::take(Element& element, int8_t operand, int8_t weight, int32_t sum,
                        int32_t pack) {
  const auto operand_change = static_cast<uint8_t>(operand ^ element.operand);
  changes_.operand_bits += ones(operand_change);
  for (int32_t top = 7; top >= 0; top -= 8 >> pack) {
    changes_.sign_bits += operand_change >> top & 1;
  }
  changes_.weight_bits += ones(static_cast<uint8_t>(weight ^ element.weight));
  changes_.sum_bits += ones(static_cast<uint32_t>(sum ^ element.sum));
  element = {operand, weight, sum};
}

void SlowActivity::tile(int64_t pixels, int32_t pack, bool first, const OperandByte& operand,
                        const WeightByte& weight) {
  const bool by_groups = dataflow_ == Dataflow::kOs;
  const int64_t slots = by_groups ? rows_ : pixels;
  for (int64_t slot = 0; slot < slots; ++slot) {
    for (int64_t j = 0; j < cols_; ++j) {
      int32_t above = 0;
      for (int64_t r = 0; r < rows_; ++r) {
        Element& element = elements_[static_cast<size_t>(r * cols_ + j)];
        const int64_t pixel = by_groups ? std::min(r, pixels - 1) : slot;
        const int64_t lane = by_groups ? slot : r;
        const int8_t code = operand(pixel, lane), factor = weight(lane, j);
        const int32_t kept = first && slot == 0 ? 0 : element.sum;
        above = add(by_groups ? kept : above, product(code, factor, pack));
        take(element, code, factor, above, pack);
      }
    }
  }
}

}  // namespace qsim::test
