// Graph -> IntegerNetwork: the one entry to the passes of this folder.
#pragma once

#include <optional>

#include "compiler/graph.h"
#include "compiler/passes/calibrate.h"
#include "compiler/passes/recipe.h"
#include "hw/spec/network.h"

namespace qsim {

struct QuantizeOptions {
  const CalibrationResult* calibration = nullptr;  // of the same graph; null: none
  const Recipe* recipe = nullptr;  // bits of what the file leaves open; null: 8 everywhere
  // Gets the recipe that makes this network without calibration, when the network has values and
  // the file leaves anything open; null: nobody asks.
  std::optional<Recipe>* stated = nullptr;
};

// Float graphs, QDQ graphs (also partly quantized ones) and QLinear graphs alike. What the file
// says about scales, zero points and codes is kept; what it leaves open comes from `calibration`.
// The layers, their shapes, windows and bits are the same with and without calibration.
//
// Without a range for some activation, or with weights that have a shape only, the result has
// has_values false and value_blockers that say what is missing and what to pass; weights are then
// never looked at. Tensor names are names of ONNX values, those after fused operators;
// FloatExecutor reports the same values in real meaning. Names that contain ':' after an ONNX name
// ("logits:codes", "conv:clamped") belong to tensors that the file has no value for. Throws one
// Error that names everything that cannot be expressed.
IntegerNetwork quantize(const Graph& graph, const QuantizeOptions& options = {});

}  // namespace qsim
