// A small program written by hand, for tests of what stands below the compiler.
#pragma once

#include "hw/spec/program.h"

namespace qsim {

// Quantize on the host, a 1x1 convolution of a 2x2 map with 4 channels on a 4x4 array, dequantize
// on the host. Valid, runs on every engine; its values mean nothing.
Program hand_made_program();

}  // namespace qsim
