// The JSON form of recipes: --recipe FILE.json, or the JSON itself.
#pragma once

#include <string>
#include <utility>
#include <vector>

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
// and "bias", a number per output channel. `recipe` is a path, or such a text when it begins
// with '{'. Throws Error, naming place, key and value, for anything else. Whether layers and
// tensors exist is seen by quantize().
Recipe load_recipe(const std::string& recipe);

bool is_recipe_text(const std::string& recipe);

// The recipe (as above; "": an empty one) with `values` of its own keys over it, as text without
// blanks and with its keys in alphabetical order: equal recipes have equal texts. A value is JSON,
// or a word without its quotes ("mse"). "" when nothing is left: no recipe. Keys and values are
// looked at by load_recipe().
std::string recipe_text(const std::string& recipe,
                        const std::vector<std::pair<std::string, std::string>>& values);

// The JSON text of a recipe, every key of it said; load_recipe() of it is the same recipe.
std::string to_json(const Recipe& recipe);

}  // namespace qsim::cli
