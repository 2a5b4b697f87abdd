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

// What pad_input() makes of an image.
struct PaddedShape {
  int64_t h = 0, w = 0, c = 0;
};
PaddedShape padded_shape(const StepContext& context, int64_t repeat);

// The part of the padded map that the window touches. Every channel stands `repeat` times in a row
// (for a depthwise convolution with a channel multiplier). `slack` bytes follow the last image. The
// codes live in the workspace.
PaddedInput pad_input(const StepContext& context, const Tensor& input, int64_t repeat,
                      int64_t slack, Workspace& workspace);

// The same with codes of 16 bits, each channel once; one code more may be read.
struct WidePaddedInput {
  const uint16_t* codes = nullptr;
  int64_t h = 0, w = 0, c = 0;
};
WidePaddedInput pad_input_wide(const StepContext& context, const Tensor& input,
                               Workspace& workspace);

}  // namespace qsim::reference
