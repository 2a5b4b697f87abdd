// Watches final parts of layer outputs appear in the activation buffer and hands whole layers to
// the observer. Not hardware.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/systemc/run_context.h"
#include "sim/systemc/vector_run.h"

namespace qsim::model {

class LayerMonitor {
 public:
  explicit LayerMonitor(RunContext& run) : run_(run) {}

  void reset();
  // The last code of a vector instruction has just been written.
  void part_written(const VectorRun& instruction, const int8_t* activations);

 private:
  struct Collected {
    Tensor output;
    int64_t elements = 0;
  };

  RunContext& run_;
  std::vector<Collected> layers_;
};

}  // namespace qsim::model
