// Bytes of a recipe.
#include "sim/cli/recipe_file.h"
#include "tests/fuzz/import/input_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return qsim::fuzz::expect_answer(
      [&] { qsim::cli::load_recipe(qsim::fuzz::write_input(data, size, ".json")); });
}
