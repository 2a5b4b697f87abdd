#include "compiler/onnx/import_state.h"

#include <algorithm>

namespace qsim {

void UnsupportedList::add(const std::string& what, const std::string& node_name) {
  const auto [known, is_new] = index_.emplace(what, entries_.size());
  if (is_new) entries_.push_back({what, 0, node_name});
  ++entries_[known->second].nodes;
}

std::string UnsupportedList::to_text() const {
  std::string text =
      std::to_string(entries_.size()) +
      (entries_.size() == 1 ? " unsupported operator: " : " unsupported operators: ");
  for (const Entry& entry : entries_) {
    if (&entry != &entries_.front()) text += ", ";
    text += entry.what + " (" + std::to_string(entry.nodes) +
            (entry.nodes == 1 ? " node" : " nodes") + ", first " + printable(entry.first_node) +
            ")";
  }
  return text;
}

ValueId ImportState::add_value(const std::string& name) {
  Value value;
  value.name = name;
  graph.values.push_back(std::move(value));
  is_frozen.push_back(false);
  return static_cast<ValueId>(graph.values.size() - 1);
}

bool ImportState::is_graph_output(ValueId id) const {
  return std::find(graph.outputs.begin(), graph.outputs.end(), id) != graph.outputs.end();
}

bool is_too_large(const Shape& shape) {
  constexpr int64_t kLimit = int64_t{1} << 40;
  int64_t count = 1;
  for (int64_t dim : shape) {
    if (dim > 1 && count > kLimit / dim) return true;
    if (dim > 1) count *= dim;
  }
  return false;
}

std::string printable(const std::string& name) {
  constexpr size_t kLongest = 160;
  std::string text = name.substr(0, kLongest);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return name.size() > kLongest ? text + "..." : text;
}

}  // namespace qsim
