// The operators that can be imported: one row each.
#pragma once

#include <cstddef>
#include <span>
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

// The versions of ai.onnx that can be imported.
constexpr int kMinOpset = 6, kMaxOpset = 25;

// Versions of the operator's domain that have it, as far as they can be imported.
struct OpsetRange {
  int first;
  int last;
};

// Where an operator's work is done; a row has all that occur.
enum Place : unsigned {
  kArray = 1,
  kVectorUnit = 2,
  kHost = 4,       // at the cost of a host step, rule T3
  kNeighbour = 8,  // in the operator before or after it, without a cost of its own
  kView = 16,      // nothing moves, nothing is computed: no cost
  kFolded = 32     // by the importer, where all inputs are constant
};

struct Operator {
  const char* name;
  const char* domain;  // "" is ai.onnx
  OpsetRange opsets;
  unsigned places;  // of Place
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

// All rows: by domain, then by name.
std::span<const Operator> all_operators();

// docs/reference/operators.md. Printed by `qsim machines --operators`.
std::string operators_reference();

// nullptr when there is no such row.
const Operator* find_operator(std::string_view domain, std::string_view name);

// Throws through `view` when the opset, the number of inputs, an attribute's name or its type is
// not the row's.
void check_signature(const Operator& row, const NodeView& view);

}  // namespace qsim
