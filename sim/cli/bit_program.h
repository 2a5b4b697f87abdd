// The choice of bits as an integer linear program, solved by CBC (COIN-OR branch and cut).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qsim::cli {

// Layers with weights choose a pair (bits of weights, bits of what they read); groups of tensors
// choose bits, which all layers that read them share. Costs and losses add up. A choice is the
// place of its number of bits in a list that all share.
struct BitProgram {
  struct Layer {
    int32_t group = -1;                     // of what it reads; -1: none to choose for
    std::vector<double> loss;               // [weights]
    std::vector<std::vector<double>> cost;  // [weights][codes]; of one column without a group
  };
  struct Group {
    std::vector<double> loss, cost;  // [codes]; cost: of layers without weights that read it
  };
  std::vector<Layer> layers;
  std::vector<Group> groups;
};

struct BitChoice {
  std::vector<size_t> weights, codes;  // parallel to layers and groups
  double cost = 0, loss = 0;           // as the program adds them up
};

// The least cost whose loss is at most `most_loss`; of equal costs the least loss. CBC 2.10.8
// misses the least cost of one in 200 small random programs, though it calls its answer proven
// (bit_program_test.cpp). Throws Error when CBC ends without a solution, which only a budget below
// the least loss leads to.
BitChoice solve(const BitProgram& program, double most_loss);

}  // namespace qsim::cli
