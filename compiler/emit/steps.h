// The steps of one layer, appended to Work in execution order. View, plan and constants must live
// as long as the work.
#pragma once

#include "compiler/emit/constants.h"
#include "compiler/emit/operands.h"

namespace qsim {

// Convolution, Gemm and MatMul on the array: one step per tile, channel block and reduction box.
void append_array_steps(const LayerView& view, const Plan& plan, const LayerConstants& constants,
                        Work& work);

// Depthwise convolution, pooling, add, rescale and concat on the vector unit: one step per tile
// (and group of channel blocks, where parameters do not fit at once).
void append_vector_steps(const LayerView& view, const Plan& plan, const LayerConstants& constants,
                         Work& work);

// The parameter blocks [first, first + count) of a layer as a piece loaded in the next step.
PieceId add_param_piece(const LayerView& view, const LayerConstants& constants, int32_t first,
                        int32_t count, Work& work);

}  // namespace qsim
