// The lines of a space file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim/cli/sweep/space.h"

namespace qsim::cli {

constexpr std::string_view kRecipePrefix = "recipe.";
constexpr std::string_view kNoRecipe = "none";

// One axis a line, but for [points], whose lines are the choices of one axis. What is wrong is
// appended to `wrong`, one line each; the axes then do not count.
std::vector<Axis> read_space_lines(const std::string& text, const std::string& place,
                                   std::string& wrong);

// "8", "8..64*2" (8 16 32 64), "1..4" (1 2 3 4) or "10..30+10" (10 20 30): the values that a word
// stands for. Throws Error for a range that does not begin, end or grow as it should.
std::vector<std::string> expand_range(const std::string& word);

}  // namespace qsim::cli
