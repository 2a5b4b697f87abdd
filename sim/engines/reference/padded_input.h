// A convolution's input with its padding written out, as unsigned codes: gathering a window then
// needs no bounds.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/engines/reference/step.h"

namespace qsim::reference {

struct PaddedInput {
  const uint8_t* codes = nullptr;  // [images][h][w][c]: code + 128; padding is zero point + 128
  int64_t h = 0, w = 0, c = 0;
};

// The part of the padded map that the window touches. Every channel stands `repeat` times in a row
// (for a depthwise convolution with a channel multiplier). `slack` bytes follow the last image. The
// codes live in the workspace.
PaddedInput pad_input(const StepContext& context, const Tensor& input, int64_t repeat,
                      int64_t slack, Workspace& workspace);

}  // namespace qsim::reference
