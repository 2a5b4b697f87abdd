// The JSON form of recipes: --recipe FILE.json.
#pragma once

#include <string>

#include "compiler/passes/recipe.h"

namespace qsim::cli {

//   {"weights": 4, "activations": 4, "input": 8, "outputs": 8,
//    "calibrator": "percentile:99.9", "symmetric": true, "scales": "power_of_two",
//    "weights_per": "tensor", "weight_scale": "mse", "rounding": "feedback",
//    "bias_correction": true, "equalization": true,
//    "layers": {"conv1": {"weights": 8, "activations": 8, "calibrator": "mse"}}}
//
// Every key may be left out; every number is a whole one in [2, 8], bits. Throws Error, naming
// place, key and value, for anything else. Whether the layers exist is seen by quantize().
Recipe load_recipe(const std::string& path);

}  // namespace qsim::cli
