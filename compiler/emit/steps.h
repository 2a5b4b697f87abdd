// The steps of one layer, appended to Work in execution order.
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

// Opens a step; everything appended to work.ops until close() belongs to it.
class StepScope {
 public:
  StepScope(Work& work, LayerId layer)
      : work_(work), step_{layer, static_cast<int32_t>(work.ops.size()), 0} {}
  void close() {
    step_.op_count = static_cast<int32_t>(work_.ops.size()) - step_.first_op;
    work_.steps.push_back(step_);
  }

 private:
  Work& work_;
  WorkStep step_;
};

// The parameter blocks [first, first + count) of a layer as a piece loaded in the next step.
PieceId add_param_piece(const LayerView& view, const LayerConstants& constants, int32_t first,
                        int32_t count, Work& work);

}  // namespace qsim
