// One device segment evaluated by the timing rules. Internal to the analytic engine.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "hw/spec/memory_timing.h"
#include "sim/engines/analytic/fold.h"
#include "sim/engines/analytic/state.h"

namespace qsim::analytic {

class Timeline {
 public:
  // The segment's first fetch request is at `start`. `timing` is parallel to `instructions`, or
  // empty when nobody asks for it. With `fold`, steady states are jumped over (fold.h).
  Timeline(const Arch& arch, std::span<const Instruction> instructions, int64_t instruction_address,
           int64_t start, MemoryTiming& memory, std::span<InstructionTiming> timing,
           Counters& counters, bool fold);

  // Returns the first cycle after the segment (T2). Throws Error on a hang (T18).
  int64_t run();

  int64_t folded_instructions() const { return fold_ ? fold_->folded_instructions() : 0; }

 private:
  // What may have become possible since it was last tried: bit u issue of unit u, bit 4 + u its
  // retirement, bit 8 dispatch. Each of these does the next one if it can be done.
  static constexpr uint32_t issue_bit(int unit) { return 1u << unit; }
  static constexpr uint32_t retire_bit(int unit) { return 16u << unit; }
  static constexpr uint32_t kDispatchBit = 256;

  void propagate();
  void dispatch();
  void issue(int unit);
  void retire(int unit);
  void start_transfer(int unit, int64_t instruction, int64_t cycle);
  void end_transfer(int unit, int64_t instruction, int64_t busy_until, int64_t done);
  int64_t next_fetch() const;
  void request_fetch(int64_t cycle);
  void request_loads(int64_t fetch, int64_t store);
  int64_t request_load_bursts(int64_t before);
  void request_store();
  void store_ahead();
  int64_t load_request_cycle() const;
  std::string hang_message() const;

  TokenState& tokens(int from, int to) { return state_.tokens[from * kUnits + to]; }
  const TokenState& tokens(int from, int to) const { return state_.tokens[from * kUnits + to]; }
  const Instruction& at(int64_t i) const { return instructions_[static_cast<size_t>(i)]; }

  const Arch& arch_;
  std::span<const Instruction> instructions_;
  int64_t instruction_address_;
  int64_t start_;
  MemoryTiming& memory_;
  std::span<InstructionTiming> timing_;
  Counters& counters_;
  int64_t fetch_beats_;  // of an instruction

  uint32_t possible_ = 0;
  State state_;
  std::optional<Fold> fold_;
};

}  // namespace qsim::analytic
