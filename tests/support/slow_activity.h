// What changes in the registers of the array's elements, element by element and slot by slot: rules
// S1 to S5 of docs/reference/activity.md, line by line.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "hw/spec/arch.h"
#include "sim/engines/engine.h"

namespace qsim::test {

// Byte of a tile's operand word of pixel q, and of its weights, as they stand in the registers.
using OperandByte = std::function<int8_t(int64_t q, int64_t row)>;
using WeightByte = std::function<int8_t(int64_t row, int64_t column)>;

class SlowActivity {
 public:
  SlowActivity(int64_t rows, int64_t cols, Dataflow dataflow);

  // A reduction tile: all pixels (ws), or a group's (os; `first`: its first tile).
  void tile(int64_t pixels, int32_t pack, bool first, const OperandByte& operand,
            const WeightByte& weight);

  const BitChanges& changes() const { return changes_; }

 private:
  struct Element {
    int8_t operand = 0, weight = 0;
    int32_t sum = 0;
  };

  void take(Element& element, int8_t operand, int8_t weight, int32_t sum, int32_t pack);

  int64_t rows_, cols_;
  Dataflow dataflow_;
  std::vector<Element> elements_;  // [row][column]
  BitChanges changes_;
};

}  // namespace qsim::test
