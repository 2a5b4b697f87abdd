#include "compiler/emit/tokens.h"

#include <algorithm>

namespace qsim {

TokenWriter::TokenWriter(const Arch& arch, std::vector<Instruction>& instructions,
                         std::vector<InstructionInfo>& info)
    : depth_(arch.sync.token_depth),
      in_flight_(arch.sync.in_flight),
      instructions_(instructions),
      info_(info),
      written_(instructions.size()) {
  knows_.fill(kNoNeeds);
}

void TokenWriter::end(const Needs& needs) {
  Instruction& instruction = instructions_.back();
  const size_t self = static_cast<size_t>(unit_of(instruction.op));
  Needs& knows = knows_[self];
  const int32_t number = count_[self];
  // At most in_flight instructions of a unit have issued and not retired.
  knows[self] = std::max(knows[self], number - in_flight_);
  for (size_t from = 0; from < kUnits; ++from) {
    if (from == self || needs[from] <= knows[from]) continue;
    const int32_t giver = std::max(needs[from], count_[from] - depth_);
    const Emitted& emitted = emitted_[from][static_cast<size_t>(giver) % kKept];
    instructions_[emitted.index].give |= uint8_t(1u << self);
    instruction.take |= uint8_t(1u << from);
    raise(knows, emitted.knows);
    knows[from] = giver;
  }
  if (needs[self] > knows[self]) {
    // Only vector instructions read what their own unit writes.
    std::get<Vector>(instruction.op).drain = 1;
    knows[self] = number - 1;
  }
  emitted_[self][static_cast<size_t>(number) % kKept] = {written_, knows};
  ++count_[self];
  ++written_;
}

void TokenWriter::end_segment(LayerId layer) {
  begin({Halt{}}, layer);
  ++written_;
  for (Needs& knows : knows_) {
    for (size_t u = 0; u < kUnits; ++u) knows[u] = count_[u] - 1;
  }
}

}  // namespace qsim
