// Invariants of Graph.
#include <set>
#include <stdexcept>

#include "compiler/graph.h"

namespace qsim {
namespace {

[[noreturn]] void broken(const std::string& what) { throw std::logic_error("graph: " + what); }

void check_id(const Graph& graph, ValueId id, const std::string& where) {
  if (id < 0 || static_cast<size_t>(id) >= graph.values.size()) {
    broken(where + " refers to value " + std::to_string(id) + " of " +
           std::to_string(graph.values.size()));
  }
}

void check_value(const Value& value) {
  if (value.name.empty()) broken("a value has no name");
  if (value.type == DataType::kUndefined) broken("value " + value.name + " has no type");
  for (int64_t dim : value.shape) {
    if (dim < 0) broken("value " + value.name + " has a negative dimension");
  }
  const size_t bytes = value.data.bytes.size();
  if (!value.is_constant || value.is_filled) {
    if (bytes != 0) broken("value " + value.name + " has data, and is filled or no constant");
    if (value.is_filled && !value.is_constant) broken("value " + value.name + " is filled");
    return;
  }
  if (value.data.type != value.type || value.data.shape != value.shape ||
      bytes != static_cast<size_t>(element_count(value.shape)) * size_of(value.type)) {
    broken("constant " + value.name + " has data of another type, shape or size");
  }
}

// Every value that a node reads exists before it; every output is made once.
void check_order(const Graph& graph) {
  std::vector<bool> is_there(graph.values.size(), false);
  for (size_t i = 0; i < graph.values.size(); ++i) is_there[i] = graph.values[i].is_constant;
  for (ValueId id : graph.inputs) {
    check_id(graph, id, "an input");
    if (is_there[static_cast<size_t>(id)]) broken("input " + graph.value(id).name + " is not one");
    is_there[static_cast<size_t>(id)] = true;
  }
  for (const Node& node : graph.nodes) {
    for (ValueId id : node.inputs) {
      if (id == kNoValue) continue;
      check_id(graph, id, "node " + node.name);
      if (!is_there[static_cast<size_t>(id)]) {
        broken("node " + node.name + " reads " + graph.value(id).name + " before it is made");
      }
    }
    for (ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      check_id(graph, id, "node " + node.name);
      if (is_there[static_cast<size_t>(id)]) broken(graph.value(id).name + " is made twice");
      is_there[static_cast<size_t>(id)] = true;
    }
  }
  for (ValueId id : graph.outputs) {
    check_id(graph, id, "an output");
    if (!is_there[static_cast<size_t>(id)])
      broken("output " + graph.value(id).name + " is not made");
  }
}

}  // namespace

void Graph::check() const {
  std::set<std::string> names;
  for (const Value& item : values) {
    check_value(item);
    if (!names.insert(item.name).second) broken("two values have the name " + item.name);
  }
  names.clear();
  for (const Node& node : nodes) {
    if (node.name.empty() || !names.insert(node.name).second) {
      broken("the name \"" + node.name + "\" of a node is empty or not unique");
    }
    if (!node.inputs.empty() && node.inputs.back() == kNoValue) {
      broken("node " + node.name + " keeps an omitted last input");
    }
  }
  check_order(*this);
  Graph linked;
  linked.nodes = nodes;
  linked.values.resize(values.size());
  linked.link();
  for (size_t i = 0; i < values.size(); ++i) {
    if (linked.values[i].producer != values[i].producer ||
        linked.values[i].consumers != values[i].consumers) {
      broken("producer or consumers of " + values[i].name + " are stale; call link()");
    }
  }
}

}  // namespace qsim
