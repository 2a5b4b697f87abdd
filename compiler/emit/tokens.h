// Turns needs into tokens: take and give masks of rules T6 to T8.
#pragma once

#include <array>
#include <vector>

#include "compiler/emit/hazards.h"
#include "hw/spec/program.h"

namespace qsim {

// Appends instructions in program order and connects each to the instructions it needs.
//
// A token from unit X to Y stands for one instruction of X that gives and one of Y that takes, in
// the same order on both sides. Needs that other tokens already imply get none (each instruction
// carries the vector clock of what it knows to have retired). No token's giver is more than
// token_depth instructions of its unit older, in program order, than its taker: so the counters can
// hold every token that a sequential execution leaves open, and no program can deadlock on a full
// counter.
//
// A vector instruction that reads what an earlier one of its own unit writes gets `drain` instead.
class TokenWriter {
 public:
  TokenWriter(const Arch& arch, std::vector<Instruction>& instructions,
              std::vector<InstructionInfo>& info);

  // Number that the next instruction of a unit will have.
  int32_t next_number(Unit unit) const { return count_[static_cast<size_t>(unit)]; }
  // Appends a copy of an instruction without tokens. What is returned may be changed until the next
  // call.
  struct Begun {
    Instruction& instruction;
    InstructionInfo& info;
  };
  Begun begin(const Instruction& prototype, LayerId layer) {
    InstructionInfo& info = info_.emplace_back();
    info.layer = layer;
    return {instructions_.emplace_back(prototype), info};
  }
  // Connects the instruction that was begun last.
  void end(const Needs& needs);
  // Appends HALT: every instruction so far has retired when the next one is fetched.
  void end_segment(LayerId layer);

 private:
  struct Emitted {
    size_t index;  // in instructions_
    Needs knows;   // retired when this instruction issues
  };
  static constexpr size_t kKept = 64;  // of each unit's latest: more than sync.token_depth

  int32_t depth_;
  int32_t in_flight_;
  std::vector<Instruction>& instructions_;
  std::vector<InstructionInfo>& info_;
  size_t written_;  // instructions that have been ended
  std::array<int32_t, kUnits> count_{};
  std::array<std::array<Emitted, kKept>, kUnits> emitted_;
  std::array<Needs, kUnits> knows_;  // of each unit's latest instruction
};

}  // namespace qsim
