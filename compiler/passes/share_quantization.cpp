#include <algorithm>
#include <numeric>

#include "compiler/passes/rewrites.h"

namespace qsim {
namespace {

class Groups {
 public:
  explicit Groups(const Flow& flow) {
    for (const Edge& edge : flow.edges) add(edge.quant);
  }

  void add(std::optional<Quantization> quant) {
    parent_.push_back(static_cast<int32_t>(parent_.size()));
    quant_.push_back(quant);
  }
  int32_t find(EdgeId id) {
    int32_t at = id;
    while (parent_[static_cast<size_t>(at)] != at) at = parent_[static_cast<size_t>(at)];
    return at;
  }
  std::optional<Quantization>& quant(EdgeId id) { return quant_[static_cast<size_t>(find(id))]; }
  bool conflict(EdgeId a, EdgeId b) { return quant(a) && quant(b) && quant(a) != quant(b); }
  void join(EdgeId a, EdgeId b) {
    const std::optional<Quantization> known = quant(a) ? quant(a) : quant(b);
    parent_[static_cast<size_t>(find(b))] = find(a);
    quant(a) = known;
  }
  SharedQuantization result() {
    SharedQuantization shared;
    for (size_t i = 0; i < parent_.size(); ++i)
      shared.group.push_back(find(static_cast<EdgeId>(i)));
    shared.quant = quant_;
    return shared;
  }

 private:
  std::vector<int32_t> parent_;
  std::vector<std::optional<Quantization>> quant_;
};

bool passes_codes_on(const Flow& flow, const Op& op) {
  if (flow.edge(op.output).is_float) return false;
  return op.kind == OpKind::kMaxPool || op.kind == OpKind::kReshape ||
         op.kind == OpKind::kTranspose || op.kind == OpKind::kPad;
}

// The operator's result keeps its input's codes; a new Requantize makes the file's from it.
Op split_output(Flow& flow, Groups& groups, Op& op) {
  Edge middle = flow.edge(op.output);
  middle.name += ":unscaled";
  middle.quant.reset();
  Op rescale{};
  rescale.kind = OpKind::kRequantize;
  rescale.name = op.name + "/rescale";
  rescale.output = op.output;
  op.output = flow.add_edge(middle);
  groups.add(std::nullopt);
  rescale.inputs = {op.output};
  groups.join(op.inputs[0], op.output);
  return rescale;
}

}  // namespace

SharedQuantization share_quantization(Flow& flow) {
  Groups groups(flow);
  std::vector<Op> ops;
  for (Op& op : flow.ops) {
    std::optional<Op> rescale;
    if (passes_codes_on(flow, op)) {
      if (!groups.conflict(op.inputs[0], op.output)) {
        groups.join(op.inputs[0], op.output);
      } else if (op.kind != OpKind::kPad) {  // a Pad that stays is a rescale already
        rescale = split_output(flow, groups, op);
      }
    } else if (op.kind == OpKind::kConcat) {
      for (EdgeId input : op.inputs) {
        if (!groups.quant(input) && flow.has_one_reader(input)) groups.join(op.output, input);
      }
    }
    ops.push_back(op);
    if (rescale) ops.push_back(std::move(*rescale));
  }
  flow.ops = std::move(ops);
  return groups.result();
}

}  // namespace qsim
