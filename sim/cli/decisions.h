// What there is to decide about the bits of a network, and what each choice costs and harms.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/cli/trial.h"

namespace qsim::cli {

// Tensors whose codes have the same bits whatever a recipe says, since layers pass them on as they
// are or read them together; the bits of a group are what its readers ask for.
struct CodeGroup {
  std::vector<TensorId> tensors;
  std::vector<std::string> readers;  // names of layers, for recipes
  std::string name;                  // of the first tensor
  bool is_open = false;              // neither the network's input, nor for the host alone, nor
                                     // given by the file
};

// A network seen as choices of bits.
struct Choices {
  std::vector<CodeGroup> groups;
  std::vector<int32_t> group_of_tensor;  // parallel to the network's tensors; -1 for floats
  std::vector<size_t> weighted;          // layers whose weights are open
  std::vector<int32_t> bits;  // that make a difference to the machine, widest first: 8 4 2
};

// Bits for everything there is to decide.
struct Assignment {
  std::vector<int32_t> weights;  // parallel to Choices::weighted
  std::vector<int32_t> codes;    // parallel to Choices::groups; 0 where it is not open
  bool operator==(const Assignment&) const = default;
};

// Of a network that `recipe` makes; asks the compiler what can be set.
Choices find_choices(const TrialBench& bench, const Recipe& recipe);

Assignment uniform(const Choices& choices, int32_t weights, int32_t codes);

// `recipe` with the bits of the assignment for every layer; methods stay.
Recipe with_bits(const Recipe& recipe, const Choices& choices, const IntegerNetwork& network,
                 const Assignment& assignment);

// Loss on a part of the samples when one choice alone is narrower than 8 bits; less the loss of the
// network whose choices are all 8 bits.
struct Sensitivity {
  TrialScore widest;                             // everything has 8 bits
  std::vector<std::vector<TrialScore>> weights;  // [weighted layer][bits choice]
  std::vector<std::vector<TrialScore>> codes;    // [group][bits choice]; empty if not open
};

Sensitivity measure_sensitivity(const TrialBench& bench, const Recipe& recipe,
                                const Choices& choices, const TrialPart& part,
                                const std::vector<int32_t>& bits, const Progress& progress);

}  // namespace qsim::cli
