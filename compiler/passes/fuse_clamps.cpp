#include <algorithm>

#include "compiler/passes/rewrites.h"

namespace qsim {
namespace {

bool can_clamp(const Op& op) {
  switch (op.kind) {
    case OpKind::kConv:
    case OpKind::kMatMul:
    case OpKind::kAffine:
    case OpKind::kAdd:
    case OpKind::kSub:
    case OpKind::kMul:
    case OpKind::kDiv:
    case OpKind::kTable:
    case OpKind::kAveragePool:
    case OpKind::kReduceMean:
    case OpKind::kReduceSum:
    case OpKind::kInterpolate:
    case OpKind::kLrn:
    case OpKind::kClamp:
    case OpKind::kConcat:
    case OpKind::kRequantize:
      return true;
    default:
      return false;
  }
}

bool commutes_with_clamp(const Op& op) {
  return op.kind == OpKind::kMaxPool || op.kind == OpKind::kReduceMax ||
         op.kind == OpKind::kReshape || op.kind == OpKind::kSelect || op.kind == OpKind::kTranspose;
}

// y = clamp(clamp(x, op's bounds), low, high) as one clamp.
void compose(double low, double high, Op& op) {
  op.clamp_low = std::clamp(op.clamp_low, low, high);
  op.clamp_high = std::clamp(op.clamp_high, low, high);
}

// Operators from the clamp's input upwards that the clamp can pass, ending with one that can take
// it; empty when there is none. Edges on the way have no other reader and no quantization of their
// own.
std::vector<Op*> path_up(Flow& flow, const Op& clamp) {
  std::vector<Op*> path;
  const std::optional<CodeForm> result = flow.edge(clamp.output).form;
  for (EdgeId edge = clamp.inputs[0];;) {
    const std::optional<CodeForm> form = flow.edge(edge).form;
    Op* producer = flow.producer(edge);
    if (producer == nullptr || (form && result && form != result) || !flow.has_one_reader(edge))
      return {};
    path.push_back(producer);
    if (can_clamp(*producer)) return path;
    if (!commutes_with_clamp(*producer)) return {};
    edge = producer->inputs[0];
  }
}

}  // namespace

void fuse_clamps(Flow& flow) {
  std::vector<const Op*> fused;
  for (Op& clamp : flow.ops) {
    if (clamp.kind != OpKind::kClamp) continue;
    std::vector<Op*> path = path_up(flow, clamp);
    if (path.empty()) {
      // A max pool that cannot pass the clamp on applies it itself, on codes that it shares.
      Op* pool = flow.producer(clamp.inputs[0]);
      const Edge& between = flow.edge(clamp.inputs[0]);
      if (pool == nullptr || pool->kind != OpKind::kMaxPool ||
          !flow.has_one_reader(clamp.inputs[0]))
        continue;
      const std::optional<CodeForm> result = flow.edge(clamp.output).form;
      if (between.form && result && between.form != result) continue;
      path = {pool};
    }
    compose(clamp.clamp_low, clamp.clamp_high, *path.back());
    // Codes that are clamped stay codes of the same scale.
    std::optional<CodeForm>& result = flow.edge(clamp.output).form;
    if (!result) result = flow.edge(clamp.inputs[0]).form;
    // Values on the way are no longer what the file calls by their names.
    for (size_t i = 1; i < path.size(); ++i) flow.edge(path[i]->output).name += ":clamped";
    path[0]->output = clamp.output;
    fused.push_back(&clamp);
    clamp.inputs.clear();
    clamp.output = -1;
  }
  flow.remove(fused);
}

}  // namespace qsim
