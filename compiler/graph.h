// Graph: what an ONNX file says, with names kept, shapes resolved and constants folded.
// Knows nothing of quantization or hardware. Written by compiler/onnx, read by compiler/passes and
// compiler/float.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "hw/spec/tensor.h"

namespace qsim {

using ValueId = int32_t;
constexpr ValueId kNoValue = -1;  // an optional input or output that the file leaves out

// An edge of the graph. Graph inputs and node outputs have no data; constants have.
struct Value {
  std::string name;
  DataType type = DataType::kUndefined;
  int32_t bits = 8;  // of int8 and uint8: 4 and 2 where the file has int4, uint4, int2, uint2
  Shape shape;       // fully resolved: every dimension known and >= 0
  bool is_constant = false;
  bool is_filled = false;  // a constant whose elements are all `fill` and whose data stays empty
  double fill = 0;         //   (ConstantOfShape of any size costs no memory)
  Tensor data;             // constants only, unless is_filled
  int32_t producer = -1;   // index into Graph::nodes; -1 for graph inputs and constants
  std::vector<int32_t> consumers;  // node indices, ascending, one entry per use
};

using Attribute =
    std::variant<int64_t, float, std::string, std::vector<int64_t>, std::vector<float>, Tensor>;

struct Node {
  std::string name;  // the file's name, or "<OpType>_<index>" when it gives none; unique
  std::string
      op;  // "Conv", "QLinearAdd", ... (domain prefix dropped; both domains share one table)
  std::string domain;           // "" for ai.onnx, "com.microsoft"
  int opset = 0;                // the version of the node's domain that the file imports
  std::vector<ValueId> inputs;  // kNoValue where omitted; trailing omissions removed
  std::vector<ValueId> outputs;
  std::map<std::string, Attribute> attributes;  // as in the file; defaults are not filled in

  int64_t attr_int(const std::string& key, int64_t fallback) const;
  float attr_float(const std::string& key, float fallback) const;
  std::string attr_string(const std::string& key, const std::string& fallback) const;
  std::vector<int64_t> attr_ints(const std::string& key, std::vector<int64_t> fallback = {}) const;
};

struct Graph {
  std::string name;
  bool has_weights = true;  // false: large weights were not read (ImportOptions::reads_weights)
  std::vector<Value> values;
  std::vector<Node> nodes;      // topological order
  std::vector<ValueId> inputs;  // without initializers
  std::vector<ValueId> outputs;

  const Value& value(ValueId id) const { return values[static_cast<size_t>(id)]; }
  Value& value(ValueId id) { return values[static_cast<size_t>(id)]; }

  // Recomputes producer and consumers of every value. Call after editing nodes.
  void link();
  // Throws std::logic_error when an invariant is broken: ids in range, topological order, unique
  // names, links consistent, shapes resolved.
  void check() const;
};

// "float32", "int8"; "uint4" where the file has that.
std::string type_name(const Value& value);

// The data of a constant, written out when it is_filled.
Tensor constant_tensor(const Value& value);

// A parameter that the file gives as attribute `name` or, in later opsets, as constant input i: its
// one number (the first element), its integers. `fallback`, or none, when it gives neither.
double scalar_parameter(const Graph& graph, const Node& node, const std::string& name, size_t i,
                        double fallback);
std::vector<int64_t> integer_parameter(const Graph& graph, const Node& node,
                                       const std::string& name, size_t i);

// One line per input, constant, node and output: what `--dump graph` prints. The values of
// constants of at most 8 elements are shown.
std::string to_text(const Graph& graph);

}  // namespace qsim
