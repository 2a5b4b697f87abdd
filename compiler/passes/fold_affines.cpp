#include "compiler/passes/rewrites.h"

namespace qsim {
namespace {

// The dimension of its output along which an operator has channels.
int64_t channel_axis(const Flow& flow, const Op& op) {
  if (op.kind == OpKind::kConv || op.kind == OpKind::kConvTranspose) return 1;
  if (op.kind == OpKind::kAffine) return op.axis;
  return static_cast<int64_t>(flow.edge(op.output).shape.size()) - 1;
}

bool can_fold(Flow& flow, const Op& affine, const Op* producer) {
  if (producer == nullptr || producer->is_clamped()) return false;
  if (producer->kind != OpKind::kConv && producer->kind != OpKind::kConvTranspose &&
      producer->kind != OpKind::kMatMul && producer->kind != OpKind::kAffine)
    return false;
  const Edge& between = flow.edge(affine.inputs[0]);
  if (between.form || !flow.has_one_reader(affine.inputs[0])) return false;
  // Two steps of one operator must run along one dimension; a step for all channels fits any.
  return affine.axis < 0 || channel_axis(flow, *producer) == affine.axis ||
         (producer->kind == OpKind::kAffine && producer->axis < 0);
}

}  // namespace

void fold_affines(Flow& flow) {
  std::vector<const Op*> folded;
  for (Op& affine : flow.ops) {
    if (affine.kind != OpKind::kAffine) continue;
    Op* producer = flow.producer(affine.inputs[0]);
    if (!can_fold(flow, affine, producer)) continue;
    producer->affines.insert(producer->affines.end(), affine.affines.begin(), affine.affines.end());
    if (producer->kind == OpKind::kAffine && producer->axis < 0) producer->axis = affine.axis;
    producer->output = affine.output;
    folded.push_back(&affine);
    // Its edges now belong to the producer; readers() must not find it again.
    affine.inputs.clear();
    affine.output = -1;
  }
  flow.remove(folded);
}

}  // namespace qsim
