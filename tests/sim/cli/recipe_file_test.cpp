// What is written of a recipe is the recipe.
#include "sim/cli/recipe_file.h"

#include <gtest/gtest.h>

namespace qsim::cli {
namespace {

TEST(RecipeFile, WhatIsWrittenIsReadAgain) {
  const Recipe recipe = load_recipe(
      R"({"weights": 4, "activations": 5, "input": 6, "outputs": 7, "calibrator": "mse",
          "symmetric": true, "scales": "power_of_two", "weights_per": "tensor",
          "weight_scale": "mse", "rounding": "feedback", "sequential": true,
          "bias_correction": true, "equalization": true,
          "first": {"weights": 8, "activations": 7, "rounding": "nearest"},
          "last": {"weights": 6, "calibrator": "percentile", "bias_correction": false},
          "layers": {"conv": {"weights": 3, "weights_per": "channel", "weight_scale": "max",
                              "weight_codes": "01ff", "weight_scales": [0.5], "bias": [2]}},
          "tensors": {"x": {"scale": 0.25, "zero_point": 3}}})");
  const std::string text = to_json(recipe);
  const Recipe again = load_recipe(text);
  EXPECT_EQ(to_json(again), text);
  EXPECT_EQ(again.weights, 4);
  EXPECT_EQ(again.activations, 5);
  EXPECT_EQ(again.input, 6);
  EXPECT_EQ(again.outputs, 7);
  EXPECT_EQ(to_text(again.calibrator), to_text(recipe.calibrator));
  EXPECT_TRUE(again.activation_form.is_symmetric && again.activation_form.is_power_of_two);
  EXPECT_TRUE(again.weight_method.is_per_tensor && again.weight_method.is_mse);
  EXPECT_TRUE(again.weight_method.corrects_bias && again.weight_method.is_power_of_two);
  EXPECT_EQ(again.weight_method.rounding, recipe.weight_method.rounding);
  EXPECT_TRUE(again.is_sequential && again.equalizes);
  EXPECT_EQ(again.first, recipe.first);
  EXPECT_EQ(again.first.weights, 8);
  EXPECT_EQ(again.last, recipe.last);
  EXPECT_EQ(again.last.corrects_bias, false);
  EXPECT_EQ(again.layers, recipe.layers);
  EXPECT_EQ(again.weights_of.at("conv").codes, (std::vector<int8_t>{1, -1}));
  EXPECT_EQ(again.tensors.at("x").zero_point, 3);
}

}  // namespace
}  // namespace qsim::cli
