// A prepared layer of the reference engine: parameters derived and weights packed once, run for any
// number of samples.
#pragma once

#include <functional>
#include <vector>

#include "hw/spec/arithmetic.h"
#include "hw/spec/network.h"
#include "sim/engines/reference/gemm_path.h"
#include "sim/engines/reference/workspace.h"

namespace qsim::reference {

struct StepContext {
  const IntegerNetwork& network;
  const Layer& layer;
  RequantMode mode;
  GemmPath path;

  const NetTensor& input(size_t i = 0) const { return network.tensor(layer.inputs[i]); }
  const NetTensor& output() const { return network.tensor(layer.output); }
};

// Reads int8 tensors [samples * n, h, w, c], fills `output`, which has its type and shape already
// and any contents. Returns the number of output elements whose exact accumulator left int32 (A4);
// 0 but for conv. Threads may call one step at once, each with its workspace, in the scope of a
// OneThread (gemm.h).
using Step = std::function<uint64_t(const std::vector<const Tensor*>& inputs, Tensor& output,
                                    Workspace& workspace)>;

// Each refers to the context's network and layer, which must outlive the step.
Step prepare_conv(const StepContext& context);         // kConv but depthwise
Step prepare_window_conv(const StepContext& context);  // the same by GemmPath::kInt16
Step prepare_depthwise(const StepContext& context);    // kConv with one input channel per group
Step prepare_add(const StepContext& context);
Step prepare_max_pool(const StepContext& context);
Step prepare_average_pool(const StepContext& context);
Step prepare_rescale(const StepContext& context);
Step prepare_concat(const StepContext& context);
Step prepare_host(const StepContext& context);

}  // namespace qsim::reference
