// One matmul from issue to retirement: its passes through the array (T13, T14) and how far its
// operands have been taken. A pass is one reduction tile streamed once: all pixels
// (weight-stationary), or one group of up to array.rows pixels (output-stationary).
#pragma once

#include <cstdint>

#include "hw/spec/arch.h"
#include "hw/spec/isa.h"
#include "sim/systemc/activation_stream.h"

namespace qsim::model {

struct MatmulRun {
  // `first_pass`: a number for its pass 0, one more than that of the pass before it in the array.
  MatmulRun(int32_t program_index, const Matmul& matmul, const Arch& arch, int64_t issue_cycle,
            int64_t first_pass);

  int32_t index;  // in the program
  Matmul op;
  ActivationStream stream;
  bool by_groups;  // output-stationary
  int64_t rows, cols;
  int64_t lanes;          // of a reduction tile: codes of a pixel, weights of a column
  int64_t pitch;          // from one pixel's codes to the next in the array
  int64_t rows_of_word;   // rows that a weight word serves
  int64_t words_of_tile;  // weight words
  int64_t issue;
  int64_t base;  // first_pass
  int64_t pixels, tiles, groups, passes;
  int64_t spacing;  // cycles from pass to pass

  // Next operands to be taken; pixels of the present pass that have been multiplied; pixels whose
  // last sums have been sent to the accumulators.
  int64_t weight_pass = 0, weight_word = 0;
  int64_t pixel_pass = 0, pixel = 0;
  int64_t multiplied = 0;
  int64_t final_pixels = 0;

  int64_t pass_start(int64_t pass) const { return issue + 1 + pass * spacing; }
  int64_t pass_end(int64_t pass) const { return pass_start(pass) + spacing - 1; }
  int64_t tile(int64_t pass) const { return by_groups ? pass % tiles : pass; }
  bool last_tile(int64_t pass) const { return tile(pass) == tiles - 1; }
  int64_t first_pixel(int64_t pass) const { return by_groups ? pass / tiles * rows : 0; }
  int64_t pixels_of(int64_t pass) const;
  int64_t first_word(int64_t pass) const { return op.weight + tile(pass) * words_of_tile; }

  // Cycle in which the next weight word (activation word) is read; kNever when all have been.
  int64_t weight_cycle() const;
  int64_t pixel_cycle() const;
  // Cycle of the last operand of a pass.
  int64_t operands_complete(int64_t pass) const;

  // Cycle in which the sum of pixel q of a pass is written to the accumulator buffer. With groups,
  // only their last pass writes, and pixels come out last one first.
  int64_t arrival(int64_t pass, int64_t q) const;
  int64_t last_arrival() const;
};

}  // namespace qsim::model
