// Folding: jumps over what repeats. Rules and proof: docs/reference/timing.md, Folding.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "hw/spec/memory_timing.h"
#include "sim/engines/analytic/state.h"
#include "sim/engines/engine.h"

namespace qsim::analytic {

// Watches a segment and jumps over the periods of a steady state: the instructions to come repeat,
// and all that the rules look back at is what it was one period ago, shifted in time.
// For memories whose channels are independent.
class Fold {
 public:
  Fold(const Arch& arch, std::span<const Instruction> instructions,
       std::span<InstructionTiming> timing)
      : arch_(arch), instructions_(instructions), timing_(timing) {}

  // To be called before each fetch request, at the cycle at which it would be made, when everything
  // that can be known before has been evaluated. Moves state, memory and counters on, and fills the
  // timing of the instructions jumped over, when that is possible; the fetch request is then later
  // by the cycles returned, otherwise 0.
  int64_t before_fetch(int64_t cycle, State& state, MemoryTiming& memory, Counters& counters);

  int64_t folded_instructions() const { return folded_; }

 private:
  // The fetch of an instruction; or the distance between two.
  struct Place {
    size_t index = 0;
    int64_t cycle = 0;
    Place operator-(const Place& other) const { return {index - other.index, cycle - other.cycle}; }
    bool operator==(const Place&) const = default;
  };
  // Instructions that look alike: the latest, and the latest four distances between them.
  struct Kind {
    Place latest;
    uint64_t distances = 0;
  };
  // A kind and its distances: the latest place where they occurred, and how far it was from the one
  // before.
  struct Context {
    Place latest, period;
  };
  static constexpr size_t kKinds = 64, kContexts = 256;

  // Attempts that fail cost time: after each, twice as many periods pass before the next. Looking
  // costs time as well: after so many instructions without a jump comes a pause of instructions,
  // each time twice as long.
  static constexpr size_t kFirstPatience = 2, kMaxPatience = 64;
  static constexpr size_t kAttention = 256, kFirstPause = 512, kMaxPause = 8192;

  struct Snapshot {
    size_t index = 0;  // of the instruction that is about to be fetched
    int64_t cycle = 0;
    size_t oldest = 0;          // instruction that has not retired
    std::vector<int64_t> view;  // what the rules look back at, relative to index and cycle
    std::vector<size_t> sizes;  // of all histories
    Counters counters;
  };

  bool is_watched(const Instruction& instruction, size_t index);
  size_t likely_period(size_t kind, const Place& now);
  bool repeats(size_t index, size_t period) const;
  void take_snapshot(int64_t cycle, const State& state, const MemoryTiming& memory,
                     const Counters& counters, Snapshot& snapshot) const;
  int64_t periods_ahead() const;
  int64_t try_jump(int64_t cycle, State& state, MemoryTiming& memory, Counters& counters);
  void fill_timing(const State& state, int64_t instructions, int64_t later) const;
  void jump(int64_t times, int64_t instructions, int64_t shift, State& state) const;

  const Arch& arch_;
  std::span<const Instruction> instructions_;
  std::span<InstructionTiming> timing_;
  std::array<Kind, kKinds> kinds_;
  std::array<Context, kContexts> contexts_;
  Snapshot before_, now_;
  size_t period_ = 0;        // instructions that may repeat from before_ on
  bool is_waiting_ = false;  // for the end of that period
  size_t next_try_ = 0;      // instruction
  size_t latest_transfer_ = 0;
  size_t patience_ = kFirstPatience;  // periods to wait after the next failure
  size_t looked_ = 0;                 // instructions looked at since the latest jump or pause
  size_t look_from_ = 0;
  size_t pause_ = kFirstPause;  // how long the next one is
  int64_t folded_ = 0;
};

}  // namespace qsim::analytic
