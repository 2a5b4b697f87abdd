// Writes the instructions of a step, once its pieces have addresses.
#pragma once

#include <array>
#include <variant>
#include <vector>

#include "compiler/emit/tokens.h"
#include "compiler/emit/work.h"

namespace qsim {

// One map for each address space: buffers, and the tensors in DRAM.
class HazardMaps {
 public:
  explicit HazardMaps(size_t tensors) : dram_(tensors) {}

  // Says that an instruction touches a range, which begins `base` bytes after `access.low`; raises
  // `needs` to what it must wait for.
  void touch(const Access& access, int64_t base, Unit unit, int32_t number, Needs& needs) {
    HazardMap& map = access.space == Space::kDram ? dram_[static_cast<size_t>(access.tensor)]
                                                  : buffers_[static_cast<size_t>(access.space)];
    if (access.write) {
      map.write(base + access.low, base + access.high, unit, number, needs);
    } else {
      map.read(base + access.low, base + access.high, unit, number, needs);
    }
  }

 private:
  std::array<HazardMap, 4> buffers_;  // by Space, kDram excluded
  std::vector<HazardMap> dram_;       // by tensor
};

// For each instruction: begin() it, set its fields, touch() what it reads and writes, end() it.
class StepWriter {
 public:
  StepWriter(const Work& work, HazardMaps& hazards, TokenWriter& tokens)
      : work_(work), hazards_(hazards), tokens_(tokens) {}

  // A copy of `prototype`, which holds an Op and no tokens: most instructions of a layer differ in
  // a few fields, and are too many to be filled one field after the other.
  template <typename Op>
  Op& begin(const Instruction& prototype, LayerId layer) {
    const auto [instruction, info] = tokens_.begin(prototype, layer);
    info_ = &info;
    needs_ = kNoNeeds;
    unit_ = unit_of(prototype.op);
    number_ = tokens_.next_number(unit_);
    return *std::get_if<Op>(&instruction.op);
  }
  InstructionInfo& info() { return *info_; }
  void touch(const Access& access) {
    hazards_.touch(access, address(access.piece), unit_, number_, needs_);
  }
  void end() { tokens_.end(needs_); }

  // Byte address of a piece in its buffer; 0 for none.
  int32_t address(PieceId piece) const {
    return piece == kNoPiece
               ? 0
               : static_cast<int32_t>(work_.pieces[static_cast<size_t>(piece)].address);
  }

 private:
  const Work& work_;
  HazardMaps& hazards_;
  TokenWriter& tokens_;
  InstructionInfo* info_ = nullptr;
  Unit unit_ = Unit::kLoad;
  int32_t number_ = 0;
  Needs needs_ = kNoNeeds;
};

}  // namespace qsim
