#include "compiler/onnx/sort.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "hw/spec/error.h"

namespace qsim {
namespace {

// Follows unordered producers backwards from a node that has one until a node repeats.
std::string cycle_text(const Graph& graph, const std::vector<bool>& is_ordered, int32_t node) {
  std::vector<int32_t> path;
  std::vector<bool> is_visited(graph.nodes.size(), false);
  while (!is_visited[static_cast<size_t>(node)]) {
    is_visited[static_cast<size_t>(node)] = true;
    path.push_back(node);
    for (ValueId id : graph.nodes[static_cast<size_t>(node)].inputs) {
      if (id == kNoValue) continue;
      const int32_t producer = graph.value(id).producer;
      if (producer >= 0 && !is_ordered[static_cast<size_t>(producer)]) {
        node = producer;
        break;
      }
    }
  }
  path.erase(path.begin(), std::find(path.begin(), path.end(), node));
  constexpr size_t kShown = 6;
  std::string text = printable(graph.nodes[static_cast<size_t>(node)].name);
  for (size_t i = path.size(); i-- > 0;) {
    if (path.size() > kShown && i >= kShown / 2 && i < path.size() - kShown / 2) {
      if (i == kShown / 2) text += " -> ...";
      continue;
    }
    text += " -> " + printable(graph.nodes[static_cast<size_t>(path[i])].name);
  }
  return text;
}

void keep_nodes(Graph& graph, const std::vector<bool>& keep) {
  std::vector<Node> kept;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (keep[i]) kept.push_back(std::move(graph.nodes[i]));
  }
  graph.nodes = std::move(kept);
  graph.link();
}

}  // namespace

void sort_topologically(ImportState& state) {
  Graph& graph = state.graph;
  graph.link();
  const size_t count = graph.nodes.size();
  std::vector<int> waits_for(count, 0);
  for (const Value& value : graph.values) {
    if (value.producer < 0) continue;
    for (int32_t consumer : value.consumers) ++waits_for[static_cast<size_t>(consumer)];
  }
  std::priority_queue<int32_t, std::vector<int32_t>, std::greater<>> ready;
  for (size_t i = 0; i < count; ++i) {
    if (waits_for[i] == 0) ready.push(static_cast<int32_t>(i));
  }
  std::vector<Node> ordered;
  ordered.reserve(count);
  std::vector<bool> is_ordered(count, false);
  while (!ready.empty()) {
    const auto index = static_cast<size_t>(ready.top());
    ready.pop();
    is_ordered[index] = true;
    for (ValueId id : graph.nodes[index].outputs) {
      if (id == kNoValue) continue;
      for (int32_t consumer : graph.value(id).consumers) {
        if (--waits_for[static_cast<size_t>(consumer)] == 0) ready.push(consumer);
      }
    }
    ordered.push_back(std::move(graph.nodes[index]));
  }
  if (ordered.size() != count) {
    const auto stuck = std::find(is_ordered.begin(), is_ordered.end(), false);
    throw Error(state.path + ": graph has a cycle: " +
                cycle_text(graph, is_ordered, static_cast<int32_t>(stuck - is_ordered.begin())));
  }
  graph.nodes = std::move(ordered);
  graph.link();
}

void remove_unneeded_nodes(ImportState& state) {
  Graph& graph = state.graph;
  graph.link();
  std::vector<bool> is_needed(graph.nodes.size(), false);
  const auto need = [&](ValueId id) {
    if (id == kNoValue) return;
    const int32_t producer = graph.value(id).producer;
    if (producer >= 0) is_needed[static_cast<size_t>(producer)] = true;
  };
  for (ValueId id : graph.outputs) need(id);
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    if (!is_needed[i]) continue;
    for (ValueId id : graph.nodes[i].inputs) need(id);
  }
  keep_nodes(graph, is_needed);
}

void remove_unneeded_values(ImportState& state) {
  Graph& graph = state.graph;
  std::vector<ValueId> new_ids(graph.values.size(), kNoValue);
  const auto keep = [&](ValueId id) {
    if (id != kNoValue) new_ids[static_cast<size_t>(id)] = 0;
  };
  for (ValueId id : graph.inputs) keep(id);
  for (ValueId id : graph.outputs) keep(id);
  for (const Node& node : graph.nodes) {
    for (ValueId id : node.inputs) keep(id);
    for (ValueId id : node.outputs) keep(id);
  }
  std::vector<Value> kept;
  for (size_t i = 0; i < graph.values.size(); ++i) {
    if (new_ids[i] == kNoValue) continue;
    new_ids[i] = static_cast<ValueId>(kept.size());
    kept.push_back(std::move(graph.values[i]));
  }
  graph.values = std::move(kept);
  const auto renumber = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids) id = id == kNoValue ? kNoValue : new_ids[static_cast<size_t>(id)];
  };
  renumber(graph.inputs);
  renumber(graph.outputs);
  for (Node& node : graph.nodes) {
    renumber(node.inputs);
    renumber(node.outputs);
  }
  graph.link();
}

}  // namespace qsim
