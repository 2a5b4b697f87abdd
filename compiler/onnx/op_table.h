// The operators that can be imported: one row each.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "compiler/graph.h"

namespace qsim {

class NodeView;

enum class FoldRule {
  kNever,       // stays in the graph
  kIfConstant,  // replaced by its value when all inputs are constant
  kMustFold,    // as kIfConstant; not supported otherwise
  kAlways,      // depends on attributes or shapes alone
};

struct Operator {
  const char* name;
  const char* domain;  // "" is ai.onnx
  size_t min_inputs;
  size_t max_inputs;
  // Every attribute of every version, as "name:type ...": i int, f float, s string, I ints, F
  // floats, t tensor.
  const char* attributes;
  // Checks the inputs and sets type and shape of output 0.
  void (*infer)(NodeView&);
  FoldRule fold_rule = FoldRule::kNever;
  // Sets the value of output 0, whose type and shape are known.
  void (*fold)(NodeView&) = nullptr;
};

// nullptr when there is no such row.
const Operator* find_operator(std::string_view domain, std::string_view name);

// Throws through `view` when the number of inputs, an attribute's name or its type is not the
// row's.
void check_signature(const Operator& row, const NodeView& view);

}  // namespace qsim
