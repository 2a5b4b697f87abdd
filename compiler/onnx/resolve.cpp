#include "compiler/onnx/resolve.h"

#include <set>

#include "compiler/onnx/node_view.h"
#include "compiler/onnx/op_table.h"
#include "compiler/onnx/split.h"
#include "hw/spec/error.h"

namespace qsim {
namespace {

class Resolver {
 public:
  explicit Resolver(ImportState& state) : state_(state), graph_(state.graph) {
    for (size_t i = 0; i < graph_.values.size(); ++i) {
      forwarded_.push_back(static_cast<ValueId>(i));
    }
  }

  void run() {
    set_fold_budget();
    for (const Node& node : graph_.nodes) names_.insert(node.name);
    std::vector<Node> nodes;
    for (Node& node : graph_.nodes) {
      for (ValueId& id : node.inputs) {
        if (id != kNoValue) id = forwarded_[static_cast<size_t>(id)];
      }
      for (Node& part : parts_of(node)) {
        visit(part);
        nodes.push_back(std::move(part));
      }
    }
    graph_.nodes = std::move(nodes);
    if (!state_.unsupported.empty()) {
      throw Error(state_.path + ": " + state_.unsupported.to_text());
    }
    check_declared_types();
  }

 private:
  // Generous for chains of transposes and casts of weights, yet in proportion to the file, so that
  // a small one cannot unfold without end.
  void set_fold_budget() {
    constexpr int64_t kBase = int64_t{256} << 20;
    constexpr int64_t kPerByte = 8;
    int64_t bytes = 0;
    for (const Value& value : graph_.values) bytes += static_cast<int64_t>(value.data.bytes.size());
    for (const Node& node : graph_.nodes) {
      for (const auto& [name, attribute] : node.attributes) {
        const auto* tensor = std::get_if<Tensor>(&attribute);
        if (tensor != nullptr) bytes += static_cast<int64_t>(tensor->bytes.size());
      }
    }
    state_.fold_budget_bytes = kBase + kPerByte * bytes;
  }

  // The node itself, or what stands for it.
  std::vector<Node> parts_of(Node& node) {
    std::vector<Node> parts;
    const bool is_split = node.op == "Split", is_dynamic = node.op == "DynamicQuantizeLinear";
    if ((!is_split && !is_dynamic) || !node.domain.empty()) {
      parts.push_back(std::move(node));
      return parts;
    }
    if (!inputs_are_known(node)) return parts;
    try {
      return is_split ? split_into_slices(state_, node, names_)
                      : split_dynamic_quantization(state_, node, names_);
    } catch (const UnsupportedVariant& variant) {
      state_.unsupported.add(variant.what, node.name);
      return parts;
    }
  }

  void visit(Node& node) {
    const Operator* row = find_operator(node.domain, node.op);
    if (row == nullptr) {
      const std::string domain = node.domain.empty() ? "" : printable(node.domain) + ".";
      state_.unsupported.add(domain + printable(node.op), node.name);
      return;
    }
    NodeView view(state_, node);
    try {
      check_signature(*row, view);
      check_outputs(view);
      // Behind an unsupported node nothing is known, and this one has been checked as far as can
      // be.
      if (!inputs_are_known(node)) return;
      row->infer(view);
      finish(*row, view, node);
    } catch (const UnsupportedVariant& variant) {
      state_.unsupported.add(variant.what, node.name);
      for (ValueId id : node.outputs) {
        if (id != kNoValue) graph_.value(id).type = DataType::kUndefined;
      }
    }
  }

  // Every operator of the table has one output that inference needs; the others (indices of
  // MaxPool, mask of Dropout, statistics of BatchNormalization) may only be there unused.
  void check_outputs(NodeView& view) {
    for (size_t i = 1; i < view.node().outputs.size(); ++i) {
      const ValueId id = view.node().outputs[i];
      if (id == kNoValue) continue;
      if (!graph_.value(id).consumers.empty() || state_.is_graph_output(id)) {
        view.unsupported("with output " + std::to_string(i) + " in use");
      }
    }
    if (view.node().outputs[0] == kNoValue) view.unsupported("without its first output");
  }

  bool inputs_are_known(const Node& node) const {
    for (ValueId id : node.inputs) {
      if (id != kNoValue && graph_.value(id).type == DataType::kUndefined) return false;
    }
    return true;
  }

  void finish(const Operator& row, NodeView& view, Node& node) {
    node.outputs.resize(1);
    const ValueId output = node.outputs[0];
    state_.is_frozen[static_cast<size_t>(output)] = view.all_frozen();
    const bool makes_type = node.op == "Cast" || node.op == "QuantizeLinear";
    if (!makes_type && view.has(0) && view.type(0) == view.out().type) {
      view.set_bits(view.in(0).bits);
    }
    const bool is_identity = node.op == "Identity" || node.op == "Dropout" ||
                             (node.op == "Cast" && view.out().type == view.type(0));
    if (is_identity) {
      node.inputs.resize(1);
      if (forward(node.inputs[0], output)) return;
    }
    if (row.fold_rule == FoldRule::kMustFold && !view.all_constant()) {
      view.unsupported("of values that are not constant");
    }
    if (row.fold_rule == FoldRule::kAlways ||
        (row.fold_rule != FoldRule::kNever && view.all_constant())) {
      row.fold(view);
      graph_.value(output).producer = -1;
      node.inputs.clear();
      node.outputs.clear();
      return;
    }
    if (element_count(view.out().shape) == 0) {
      view.fail("output shape = " + to_text(view.out().shape) + " has no elements");
    }
  }

  // Lets users of `output` use `input` instead. The name of a graph output must survive: the value
  // that is forwarded takes it over, unless its own name has to survive as well.
  bool forward(ValueId input, ValueId output) {
    Value& source = graph_.value(input);
    if (state_.is_graph_output(output)) {
      if (source.producer < 0 || state_.is_graph_output(input)) return false;
      std::swap(source.name, graph_.value(output).name);
      for (ValueId& id : graph_.outputs) {
        if (id == output) id = input;
      }
    }
    forwarded_[static_cast<size_t>(output)] = input;
    return true;
  }

  void check_declared_types() const {
    for (size_t i = 0; i < graph_.outputs.size(); ++i) {
      const Value& value = graph_.value(graph_.outputs[i]);
      const DataType declared = state_.declared_output_types[i];
      if (declared == DataType::kUndefined || declared == value.type) continue;
      throw Error(state_.path + ": output " + printable(value.name) + ": declared element type = " +
                  name_of(declared) + " is not the computed " + name_of(value.type));
    }
  }

  ImportState& state_;
  Graph& graph_;
  std::set<std::string> names_;     // of nodes
  std::vector<ValueId> forwarded_;  // per value: the one to use in its place
};

}  // namespace

void resolve(ImportState& state) { Resolver(state).run(); }

}  // namespace qsim
