#include <algorithm>
#include <numeric>

#include "compiler/passes/rewrites.h"

namespace qsim {
namespace {

class Groups {
 public:
  explicit Groups(const Flow& flow) {
    for (const Edge& edge : flow.edges) add(edge.form);
  }

  void add(std::optional<CodeForm> form) {
    parent_.push_back(static_cast<int32_t>(parent_.size()));
    form_.push_back(form);
  }
  int32_t find(EdgeId id) {
    int32_t at = id;
    while (parent_[static_cast<size_t>(at)] != at) at = parent_[static_cast<size_t>(at)];
    return at;
  }
  std::optional<CodeForm>& form(EdgeId id) { return form_[static_cast<size_t>(find(id))]; }
  bool conflict(EdgeId a, EdgeId b) { return form(a) && form(b) && form(a) != form(b); }
  void join(EdgeId a, EdgeId b) {
    const std::optional<CodeForm> known = form(a) ? form(a) : form(b);
    parent_[static_cast<size_t>(find(b))] = find(a);
    form(a) = known;
  }
  SharedQuantization result() {
    SharedQuantization shared;
    for (size_t i = 0; i < parent_.size(); ++i)
      shared.group.push_back(find(static_cast<EdgeId>(i)));
    shared.form = form_;
    return shared;
  }

 private:
  std::vector<int32_t> parent_;
  std::vector<std::optional<CodeForm>> form_;
};

bool passes_codes_on(const Flow& flow, const Op& op) {
  if (flow.edge(op.output).is_float) return false;
  return op.kind == OpKind::kMaxPool || op.kind == OpKind::kReduceMax ||
         op.kind == OpKind::kReshape || op.kind == OpKind::kSelect ||
         op.kind == OpKind::kTranspose || op.kind == OpKind::kPad ||
         op.kind == OpKind::kInterpolate;
}

// Nothing else reads the edge. To make a constant activation, a Where looks at one element of it.
bool is_read_for(Flow& flow, const Op& op, EdgeId edge) {
  if (flow.has_one_reader(edge)) return true;
  if (op.kind != OpKind::kWhere || flow.is_output(edge)) return false;
  const std::vector<Op*> readers = flow.readers(edge);
  return std::all_of(readers.begin(), readers.end(), [&](const Op* reader) {
    if (reader == &op) return true;
    const std::vector<Op*> after = flow.readers(reader->output);
    return reader->kind == OpKind::kSelect && after.size() == 1 &&
           after[0]->kind == OpKind::kTable &&
           std::count(op.inputs.begin(), op.inputs.end(), after[0]->output) != 0;
  });
}

// The operator's result keeps its input's codes; a new Requantize makes the file's from it.
Op split_output(Flow& flow, Groups& groups, Op& op) {
  Edge middle = flow.edge(op.output);
  middle.name += ":unscaled";
  middle.form.reset();
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
      // Few bits of the result are not enough for others that read the input.
      const bool loses = groups.form(op.output) && groups.form(op.output)->bits < 8 &&
                         !groups.form(op.inputs[0]) && !flow.has_one_reader(op.inputs[0]);
      if (!groups.conflict(op.inputs[0], op.output) && !loses) {
        groups.join(op.inputs[0], op.output);
      } else if (op.kind != OpKind::kPad) {  // a Pad that stays is a rescale already
        rescale = split_output(flow, groups, op);
      }
    } else if (op.kind == OpKind::kConcat || op.kind == OpKind::kWhere) {
      for (EdgeId input : op.inputs) {
        if (!groups.form(input) && is_read_for(flow, op, input)) groups.join(op.output, input);
      }
    }
    ops.push_back(op);
    if (rescale) ops.push_back(std::move(*rescale));
  }
  flow.ops = std::move(ops);
  return groups.result();
}

}  // namespace qsim
