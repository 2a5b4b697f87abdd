// The JSON form of recipes: --recipe FILE.json.
#pragma once

#include <string>

#include "compiler/passes/recipe.h"

namespace qsim::cli {

//   {"weights": 4, "activations": 4, "input": 8, "outputs": 8,
//    "calibrator": "percentile:99.9", "symmetric": true, "scales": "power_of_two",
//    "weights_per": "tensor", "weight_scale": "mse", "rounding": "feedback",
//    "bias_correction": true, "equalization": true,
//    "layers": {"conv1": {"weights": 8, "activations": 8, "calibrator": "mse"}},
//    "tensors": {"conv1": {"scale": 0.0123, "zero_point": -7}}}
//
// Every key may be left out; numbers are whole ones in [2, 8], bits, but for those of `tensors`. A
// layer may also have its weights: "weight_codes", two hexadecimal digits a code, "weight_scales"
// and "bias", a number per output channel. Throws Error, naming place, key and value, for anything
// else. Whether layers and tensors exist is seen by quantize().
Recipe load_recipe(const std::string& path);

// The JSON text of a recipe, every key of it said; load_recipe() of it is the same recipe.
std::string to_json(const Recipe& recipe);

}  // namespace qsim::cli
