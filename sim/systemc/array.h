// The MAC array with what surrounds it: operands of a pass are taken in, multiplied, and wait in
// the pipeline as sums until they reach the accumulators.
//
// A pass is one reduction tile streamed once: all pixels of the instruction (weight-stationary), or
// a group of up to array.rows pixels (output-stationary, where the sums of a group's passes stay in
// the array).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <systemc>
#include <vector>

#include "sim/systemc/array_activity.h"
#include "sim/systemc/array_kernel.h"
#include "sim/systemc/run_context.h"

namespace qsim::model {

// Sums on their way to accumulator words word + q, q < pixels; pixel q arrives in cycle
// first_cycle + q * direction.
struct SumsInFlight {
  int32_t index = 0;  // instruction
  int64_t word = 0;
  int64_t pixels = 0;
  int64_t first_cycle = 0;
  int32_t direction = 1;  // or -1: the last pixel comes first
  bool overwrite = false;
  bool last = false;  // no more sums for these words from this instruction
  std::vector<int32_t> values;
  int64_t arrived = 0;  // pixels

  int64_t pixel_of(int64_t arrival) const { return direction > 0 ? arrival : pixels - 1 - arrival; }
  int64_t next_cycle() const { return first_cycle + pixel_of(arrived) * direction; }
};

class Array : public sc_core::sc_module {
 public:
  Array(sc_core::sc_module_name name, RunContext& run);

  void reset();

  // Operands of a pass, a code a byte: codes of pixel q (ArrayKernel::pitch(lanes) bytes apart),
  // weights of reduction lane l. Passes alternate between two sets of registers.
  int8_t* codes(int64_t pass) { return stage(pass).codes.data(); }
  int8_t* weights(int64_t pass) { return stage(pass).weights.data(); }
  void prepare(int64_t pass, int64_t pixels, int32_t lanes);

  // The operands of pixels [first, first + pixels) of a pass are in. With `accumulate` their sums
  // join those of the call before.
  void multiply(int64_t pass, int64_t first, int64_t pixels, bool accumulate);
  // What changes in the elements with these pixels, whose codes have 8 / 2^pack bits. `is_first`:
  // no others of their tile (ws), no other tile of their group (os) came before.
  BitChanges changes(int64_t pass, int64_t first, int64_t pixels, int32_t pack, bool is_first);
  // Sends these sums on; `sums` says where to and when.
  void release(SumsInFlight sums);

  std::deque<SumsInFlight>& in_flight() { return in_flight_; }
  void retire_front();

 private:
  struct Stage {
    int32_t lanes = 0;
    std::vector<int8_t> codes;
    std::vector<int8_t> weights;
  };
  Stage& stage(int64_t pass) { return stages_[static_cast<size_t>(pass & 1)]; }

  RunContext& run_;
  ArrayKernel kernel_;
  ArrayActivity activity_;
  std::array<Stage, 2> stages_;
  std::vector<int32_t> sums_;
  std::deque<SumsInFlight> in_flight_;
  std::vector<std::vector<int32_t>> spare_;
};

}  // namespace qsim::model
