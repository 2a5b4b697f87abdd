// Where the QLinear operators keep their scales and zero points, and how to read them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "compiler/graph.h"

namespace qsim {

// Input positions of one quantized operand. `zero_point` may be past the node's last input.
struct CodeOperand {
  size_t value;
  size_t scale, zero_point;
};

// The operands of a node that are codes, and the position of its output's scale and zero point
// (value unused). All vectors empty and has_output false for any other operator.
struct CodeSignature {
  std::vector<CodeOperand> inputs;
  bool has_output = false;
  CodeOperand output{};
};

// QuantizeLinear has an output, DequantizeLinear an input; QLinearConv, QLinearMatMul, QLinearAdd,
// QLinearMul, QLinearAveragePool, QLinearGlobalAveragePool, QLinearReduceMean, QLinearSigmoid,
// QLinearLeakyRelu, QLinearSoftmax, QLinearConcat, QLinearWhere and QGemm have both
// (QGemm no output when its y_scale is left out).
CodeSignature code_signature(const Node& node);

// ArgMax, ConvInteger and MatMulInteger, whose results are no codes of their input, and
// DynamicQuantizeLinear, whose codes have a scale that is known at run time only.
bool makes_integers(std::string_view op);

// Scale and zero point of a code operand: one entry per tensor, or one per channel. A zero point
// that the node leaves out is 0. The constants are converted to float; int32 zero points are 0 in
// every valid file, so nothing is lost.
struct CodeParameters {
  std::vector<float> scale;
  std::vector<float> zero_point;  // as many as scales
};
CodeParameters read_parameters(const Graph& graph, const Node& node, size_t scale,
                               size_t zero_point);

// Which scale of QuantizeLinear or DequantizeLinear an element of input 0 takes, by its row-major
// index: the one of the tensor, that of its index along the axis, or that of its block.
class ScaleIndex {
 public:
  ScaleIndex(const Graph& graph, const Node& node);
  size_t operator()(size_t element) const {
    const size_t block = element / inner_ % size_ / block_;
    return is_blocked_ ? (element / inner_ / size_ * blocks_ + block) * inner_ + element % inner_
                       : block;
  }

 private:
  size_t inner_ = 1, size_ = 1, block_ = 1, blocks_ = 1;
  bool is_blocked_ = false;
};

// Least and greatest code of a value: [-128, 127] for int8, [0, 15] for uint4.
struct CodeRange {
  double low, high;
};
CodeRange code_range(const Value& value);

}  // namespace qsim
