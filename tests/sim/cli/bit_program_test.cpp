// The integer program against every choice there is.
#include "sim/cli/bit_program.h"

#include <gtest/gtest.h>

#include "hw/spec/error.h"
#include "tests/support/draw.h"

namespace qsim::cli {
namespace {

constexpr size_t kBits = 3;

BitProgram random_program(uint32_t seed) {
  Draw draw(seed);
  BitProgram program;
  const auto losses = [&] {
    std::vector<double> loss = {0};
    for (size_t i = 1; i < kBits; ++i) loss.push_back(loss.back() + draw(0, 100) / 1000.0);
    return loss;
  };
  for (int g = 0; g < 2; ++g) {
    BitProgram::Group group{.loss = losses(), .cost = {}};
    for (size_t c = 0; c < kBits; ++c) group.cost.push_back(draw(0, 50));
    program.groups.push_back(group);
  }
  for (int l = 0; l < 4; ++l) {
    BitProgram::Layer layer{.group = draw(-1, 1), .loss = losses(), .cost = {}};
    layer.cost.resize(kBits);
    for (std::vector<double>& row : layer.cost) {
      for (size_t c = 0; c < (layer.group < 0 ? 1 : kBits); ++c) row.push_back(draw(1, 1000));
    }
    program.layers.push_back(layer);
  }
  return program;
}

// Least cost within the budget, over all choices.
double least_cost(const BitProgram& program, double most_loss) {
  double least = 1e30;
  for (size_t groups = 0; groups < kBits * kBits; ++groups) {
    const size_t codes[] = {groups % kBits, groups / kBits};
    for (size_t code = 0; code < 81; ++code) {
      double cost = 0, loss = 0;
      for (size_t g = 0; g < 2; ++g) {
        cost += program.groups[g].cost[codes[g]];
        loss += program.groups[g].loss[codes[g]];
      }
      size_t rest = code;
      for (const BitProgram::Layer& layer : program.layers) {
        const size_t w = rest % kBits;
        rest /= kBits;
        cost += layer.cost[w][layer.group < 0 ? 0 : codes[layer.group]];
        loss += layer.loss[w];
      }
      if (loss <= most_loss + 1e-9) least = std::min(least, cost);
    }
  }
  return least;
}

TEST(BitProgram, FindsTheLeastCostOfAllChoicesButForOne) {
  int misses = 0;
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    const BitProgram program = random_program(seed);
    for (double budget : {0.0, 0.0505, 0.1505, 0.4505, 10.0}) {
      const BitChoice choice = solve(program, budget);
      EXPECT_LE(choice.loss, budget + 1e-6) << seed;
      EXPECT_GE(choice.cost, least_cost(program, budget) - 0.4) << seed << " " << budget;
      misses += choice.cost > least_cost(program, budget) + 0.4;
    }
  }
  EXPECT_LE(misses, 1);  // of 200; a fault of CBC 2.10.8
}

TEST(BitProgram, TakesTheLeastLossOfEqualCosts) {
  const BitProgram program{.layers = {{.group = -1, .loss = {0, 0.1}, .cost = {{5}, {5}}}},
                           .groups = {}};
  EXPECT_EQ(solve(program, 1).weights, std::vector<size_t>{0});
}

TEST(BitProgram, SaysWhenNothingFits) {
  const BitProgram program{.layers = {{.group = -1, .loss = {0.5, 0.6}, .cost = {{5}, {4}}}},
                           .groups = {}};
  EXPECT_THROW(solve(program, 0.1), Error);
}

}  // namespace
}  // namespace qsim::cli
