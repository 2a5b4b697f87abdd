// Bits that change in the registers of the array's elements, as the RTL's elements hold them (rules
// S1 to S5, docs/reference/activity.md): counted on whole tiles, for every slot and element.
#pragma once

#include <cstdint>
#include <vector>

#include "hw/spec/arch.h"
#include "sim/engines/engine.h"

namespace qsim::model {

// The best instructions that may be used; the processor decides what is used. All give the same.
enum class BitCounting : uint8_t { kPortable, kAvx512 };

// Pixels of one reduction tile, as ArrayKernel::multiply() takes them.
struct TilePass {
  const int8_t* codes;    // [pixel], ArrayKernel::pitch(lanes) apart
  int64_t pixels;         // ws: of any part of the tile; os: of the group, at most array.rows
  const int8_t* weights;  // [lane][column]
  int32_t lanes;          // array.rows x codes of a byte
  int32_t pack;
  bool first;  // ws: these are the tile's first pixels; os: it is the group's first tile
};

class ArrayActivity {
 public:
  explicit ArrayActivity(BitCounting best = BitCounting::kAvx512);

  // All registers hold 0 (S5).
  void reset(const Arch& arch);

  // What changes when the array takes a pass. Passes come in the order of the program.
  BitChanges take(const TilePass& pass);

 private:
  BitChanges take_ws(const TilePass& pass);
  BitChanges take_os(const TilePass& pass);
  void pack_weights(const TilePass& pass, int8_t* bytes) const;

  BitCounting counting_;
  Dataflow dataflow_ = Dataflow::kWs;
  int64_t rows_ = 0, cols_ = 0;
  // What the registers have held and will hold, in bytes of the elements; what they hold now stands
  // first. ws: operands [slot][row], weights [slot][row][column]; os: operands [row][slot], weights
  // [slot][column].
  std::vector<int8_t> operands_, weights_;
  std::vector<int32_t> sums_;  // [row][column]
};

}  // namespace qsim::model
