// The JSON form of recipes: --recipe FILE.json.
#pragma once

#include <string>

#include "compiler/passes/recipe.h"

namespace qsim::cli {

//   {"weights": 4, "activations": 4, "input": 8, "outputs": 8,
//    "layers": {"conv1": {"weights": 8, "activations": 8}}}
//
// Every key may be left out; every number is a whole one in [2, 8]. Throws Error, naming place, key
// and value, for anything else. Whether the layers exist is seen by quantize().
Recipe load_recipe(const std::string& path);

}  // namespace qsim::cli
