// One device segment evaluated by the timing rules. Internal to the analytic engine.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hw/spec/memory_timing.h"
#include "sim/engines/analytic/durations.h"

namespace qsim::analytic {

class Timeline {
 public:
  // The segment's first fetch request is at `start`. `timing` is parallel to `instructions`.
  Timeline(const Arch& arch, std::span<const Instruction> instructions, int64_t instruction_address,
           int64_t start, MemoryTiming& memory, std::span<InstructionTiming> timing,
           Counters& counters);

  // Returns the first cycle after the segment (T2). Throws Error on a hang (T18).
  int64_t run();

 private:
  static constexpr int64_t kUnknown = -1;

  // A unit's instructions in program order, and how far each stage of T1 has come.
  struct UnitState {
    std::vector<int32_t> program;  // instruction indices
    size_t dispatched = 0, issued = 0, retired = 0;
    int64_t busy_until = 0;  // of the latest issued instruction; kUnknown while it transfers
  };

  // Tokens from one unit to another: cycles of the g-th gift and the g-th taking (T7).
  struct TokenHistory {
    std::vector<int64_t> given, taken;
  };

  // A transfer that still has bursts to request (T11, T12).
  struct Transfer {
    std::optional<BurstWalk> bursts;
    int32_t instruction = -1;
    int64_t next_request = kUnknown;
  };

  // What may have become possible since it was last tried: bit u issue of unit u, bit 4 + u its
  // retirement, bit 8 dispatch.
  static constexpr uint32_t issue_bit(int unit) { return 1u << unit; }
  static constexpr uint32_t retire_bit(int unit) { return 16u << unit; }
  static constexpr uint32_t kDispatchBit = 256;

  void propagate();
  bool dispatch();
  bool issue(int unit);
  bool retire(int unit);
  void start_transfer(int unit, int32_t instruction, int64_t cycle);
  int64_t next_fetch() const;
  void request_fetch(int64_t cycle);
  void request_load();
  void request_store();
  int64_t load_request_cycle() const;
  std::string hang_message() const;

  TokenHistory& tokens(int from, int to) { return tokens_[from * kUnits + to]; }
  const TokenHistory& tokens(int from, int to) const { return tokens_[from * kUnits + to]; }

  const Arch& arch_;
  std::span<const Instruction> instructions_;
  int64_t instruction_address_;
  int64_t start_;
  MemoryTiming& memory_;
  std::span<InstructionTiming> timing_;
  Counters& counters_;

  uint32_t possible_ = 0;
  std::array<UnitState, kUnits> units_;
  std::array<TokenHistory, kUnits * kUnits> tokens_;
  std::vector<int64_t> dispatch_cycle_;
  std::vector<int8_t> unit_of_;   // per instruction; -1 for HALT
  std::vector<int64_t> arrival_;  // last beat of each fetched instruction
  size_t fetched_ = 0, dispatched_ = 0;
  int64_t last_fetch_request_ = 0;
  Transfer load_, store_;
  std::vector<int64_t> landings_;  // ring over the latest load_outstanding bursts
  size_t oldest_landing_ = 0;      // of the next burst to be requested
};

}  // namespace qsim::analytic
