// Operators that apply one function of reals to every element: Sigmoid, HardSwish, Gelu ... (not
// Relu and Clip, which are clamps). Definitions: https://onnx.ai/onnx/operators, and for
// com.microsoft the contrib operator documentation of onnxruntime.
#pragma once

#include <functional>
#include <string_view>

#include "compiler/graph.h"

namespace qsim {

using RealFunction = std::function<double(double)>;

// Whether `op` is such an operator.
bool is_unary(std::string_view op);

// The function that `node` applies, with its attributes, computed in double. Throws
// std::logic_error when the operator is none of them.
RealFunction unary_function(const Node& node);

}  // namespace qsim
