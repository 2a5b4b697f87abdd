// Instruction timing from the model's trace signals: the k-th issue of a unit is that of its k-th
// instruction of the segment, and so with the other moments, since all happen in program order.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "hw/spec/program.h"
#include "sim/engines/engine.h"
#include "sim/engines/rtl/model.h"

namespace qsim::rtl {

class Trace {
 public:
  // Writes the moments of instructions to `timing`, parallel to program.instructions. Both must
  // outlive the trace.
  Trace(const Program& program, std::vector<InstructionTiming>& timing)
      : program_(program), timing_(timing) {}

  void start_segment(int32_t first, int32_t count);

  // The signals of one cycle. Throws Error when they make no sense: a moment of an instruction
  // before the one that has to precede it, or HALT before the others have retired.
  void apply(int64_t cycle, const Events& events);

  // Instructions that issued, were done, or retired in the last cycle applied; -1: none of the
  // unit. HALT is the last entry of retired().
  const std::array<int32_t, kUnits>& issued() const { return issued_; }
  const std::array<int32_t, kUnits>& done() const { return done_; }
  const std::array<int32_t, kUnits + 1>& retired() const { return retired_; }

  int64_t retired_count() const { return retired_count_; }  // of the run

  // What may still come by itself: a generous bound in cycles for the units that have an
  // instruction issued and not done, for the detection of a hang.
  int64_t patience() const;

  // Who waits for what, "; " before each; fetch has received the segment's first `fetched`
  // instructions.
  std::string waiting(int32_t fetched) const;

 private:
  struct UnitState {
    std::vector<int32_t> instructions;  // of the segment, in order
    size_t issued = 0, freed = 0, done = 0, retired = 0;
  };

  [[noreturn]] void reject(int64_t cycle, int unit, const char* what) const;
  std::string describe(int32_t index) const;
  int64_t tokens(int giver, int taker) const;
  std::string units_where(uint8_t mask, bool (Trace::*condition)(int, int) const, int unit) const;
  bool empty_for(int unit, int giver) const { return tokens(giver, unit) == 0; }
  bool full_for(int unit, int taker) const;
  std::string unit_waiting(int unit, bool queued) const;

  const Program& program_;
  std::vector<InstructionTiming>& timing_;
  int32_t first_ = 0, count_ = 0;
  std::array<UnitState, kUnits> units_;
  std::array<int32_t, kUnits> issued_{}, done_{};
  std::array<int32_t, kUnits + 1> retired_{};
  bool halt_dispatched_ = false;
  int64_t retired_count_ = 0;
};

}  // namespace qsim::rtl
