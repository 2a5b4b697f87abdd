// What the steps of one import share: the graph as far as it is known, and facts about its values
// that the finished Graph does not keep.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/graph.h"

namespace qsim {

constexpr int64_t kMaxDimension = 0x7fffffff;
constexpr size_t kMaxRank = 16;

// Operators and variants of them that cannot be imported, with the nodes that ask for them.
class UnsupportedList {
 public:
  void add(const std::string& what, const std::string& node_name);
  bool empty() const { return entries_.empty(); }
  // "2 unsupported operators: LRN (2 nodes, first norm1), Conv with 3 spatial dimensions (1 node,
  // ..."
  std::string to_text() const;

 private:
  struct Entry {
    std::string what;
    int nodes = 0;
    std::string first_node;
  };
  std::vector<Entry> entries_;  // in order of appearance
  std::map<std::string, size_t> index_;
};

struct ImportState {
  std::string path;
  Graph graph;                        // until sorted, nodes are in file order
  std::map<std::string, int> opsets;  // domain ("" for ai.onnx) -> version
  std::vector<bool> is_frozen;        // per value: depends on constants alone, folded or not
  std::vector<DataType> declared_output_types;  // per graph output; kUndefined when not declared
  UnsupportedList unsupported;
  int64_t fold_budget_bytes = 0;  // what constant folding may still read and write

  ValueId add_value(const std::string& name);
  bool is_graph_output(ValueId id) const;
};

// Whether the non-zero dimensions multiply to more than 2^40; element_count() is then not defined
// for all parts of the shape.
bool is_too_large(const Shape& shape);

// A name from the file as it appears in messages: control characters masked, long names cut.
std::string printable(const std::string& name);

}  // namespace qsim
