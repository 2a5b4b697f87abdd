// One node in the hands of its operator's shape and fold functions: its inputs by number, its
// output, and the two ways to say no.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "compiler/onnx/import_state.h"

namespace qsim {

// Thrown by NodeView::unsupported(); resolve() collects them.
struct UnsupportedVariant {
  std::string what;
};

class NodeView {
 public:
  NodeView(ImportState& state, Node& node) : state_(state), node_(node) {}

  const Node& node() const { return node_; }
  const Graph& graph() const { return state_.graph; }
  const std::string& op() const { return node_.op; }
  size_t input_count() const { return node_.inputs.size(); }

  // Inputs. All but has() fail when input i is left out.
  bool has(size_t i) const { return i < node_.inputs.size() && node_.inputs[i] != kNoValue; }
  const Value& in(size_t i) const;
  const Shape& shape(size_t i) const { return in(i).shape; }
  DataType type(size_t i) const { return in(i).type; }
  bool is_constant(size_t i) const { return in(i).is_constant; }
  bool is_frozen(size_t i) const;  // depends on constants alone
  bool all_constant() const;       // of the inputs given
  bool all_frozen() const;

  // Data of a constant input; one that is_filled is written out, at the expense of the fold budget.
  Tensor data(size_t i) const;
  // A short constant list of integers (shape, axes, pads ...): int32 or int64, rank 0 or 1.
  std::vector<int64_t> ints(size_t i) const;
  // A constant of one floating-point element.
  float scalar(size_t i) const;
  // Attribute `name` if the node has it, else constant input i if it has that, else `fallback`.
  std::vector<int64_t> ints(const char* name, size_t i, std::vector<int64_t> fallback = {}) const;

  // Output 0.
  const Value& out() const { return state_.graph.value(node_.outputs[0]); }
  void set_output(DataType type, const Shape& shape);
  void set_bits(int32_t bits);  // of the output's codes; 8 unless set
  void set_data(Tensor data);   // a constant; takes type and shape of `data`
  void set_filled(double fill);
  void spend(int64_t bytes) const;  // from the fold budget

  // The file is wrong. Message: "<path>: node <name> (<op>): <what>".
  [[noreturn]] void fail(const std::string& what) const;
  // The file may be right, but nothing here can do this. Reads on as "<op> <variant>".
  [[noreturn]] void unsupported(const std::string& variant) const;

  // Checks shared by many operators.
  std::string name_of_input(size_t i) const;         // "input 1 (conv1.weight)"
  void require_type(size_t i, DataType type) const;  // fails
  void require_bits(size_t i, int32_t bits) const;   // fails
  void require_supported_type(size_t i,
                              std::initializer_list<DataType> types) const;  // unsupported
  void require_rank(size_t i, size_t rank) const;                            // fails
  void require_shape(size_t i, const Shape& shape) const;                    // fails
  void require_constant(size_t i, const char* role) const;  // unsupported: "with computed <role>"
  void require_frozen(size_t i, const char* role) const;    // the same, for weights and biases
  // Axis in [-rank, rank) to [0, rank); fails outside.
  size_t axis(int64_t axis, size_t rank) const;

 private:
  ImportState& state_;
  Node& node_;
};

// The shape that two operands broadcast to; fails when they do not.
Shape broadcast(const NodeView& view, const Shape& a, const Shape& b);

}  // namespace qsim
