// The reference engine: executes an IntegerNetwork, whole layers, by the rules of
// docs/reference/arithmetic.md, as fast as a vectorised int8 GEMM library allows. It knows no
// machine: no tiles, no cycles. A second, slow implementation guards it
// (tests/support/slow_reference.h).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "hw/spec/arithmetic.h"
#include "hw/spec/network.h"
#include "sim/engines/reference/gemm_path.h"
#include "sim/engines/reference/step.h"

namespace qsim {

struct ReferenceOptions {
  RequantMode mode = RequantMode::kRne;
  int threads = 1;  // 0: one per processor
  int64_t samples_per_pass =
      0;  // samples carried through the network together; 0: chosen by memory
  reference::GemmPath gemm = reference::GemmPath::kAuto;  // every path gives the same results
};

// Called with a layer's whole output for samples first_sample, first_sample + 1, ...: int8 codes
// (host layers: float32 or int8), shape [samples * n, h, w, c]. Layers come in order within a pass.
using BatchObserver =
    std::function<void(LayerId layer, int64_t first_sample, const Tensor& output)>;

class ReferenceEngine {
 public:
  // Packs weights and derives parameters, once. Keeps a reference to the network. Throws Error when
  // the network has no values (it says why), or a scale is out of range.
  explicit ReferenceEngine(const IntegerNetwork& network, const ReferenceOptions& options = {});

  // One tensor per network input: samples one after the other, NHWC; float32 where the network's
  // tensor is_float, else int8 codes. Every input holds the same number of samples: a whole number
  // of times the elements of the network's tensor; its shape is not looked at. Returns one tensor
  // per network output, [samples * n, h, w, c]. Throws Error when an input has a wrong type or
  // size. Not for several threads at once.
  std::vector<Tensor> run(const std::vector<Tensor>& inputs, const BatchObserver& observer = {});

  // Output elements of convolutions whose exact accumulator left int32 (A4), over all runs so far.
  uint64_t wraps() const { return wraps_; }

 private:
  int64_t count_samples(const std::vector<Tensor>& inputs) const;
  int64_t samples_per_pass(int64_t samples) const;
  uint64_t run_pass(const std::vector<Tensor>& inputs, int64_t first, int64_t samples,
                    const BatchObserver& observer, std::vector<Tensor>& outputs,
                    reference::Workspace& workspace) const;
  void release_dead(size_t layer, std::vector<Tensor>& activations,
                    reference::Workspace& workspace) const;

  const IntegerNetwork& network_;
  ReferenceOptions options_;
  std::vector<reference::Step> steps_;  // parallel to network_.layers
  std::vector<size_t> last_use_;        // per tensor, index of the last layer that reads it
  std::vector<reference::Workspace> workspaces_;  // one per thread
  uint64_t wraps_ = 0;
};

}  // namespace qsim
