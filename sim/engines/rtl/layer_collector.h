// Gathers layer outputs from the activation buffer for the layer observer. Not hardware.
#pragma once

#include <cstdint>
#include <vector>

#include "hw/spec/program.h"
#include "sim/engines/engine.h"
#include "sim/engines/rtl/memory_view.h"

namespace qsim::rtl {

class LayerCollector {
 public:
  // All must outlive the collector.
  LayerCollector(const Program& program, const MemoryView& memory, const LayerObserver& observer)
      : program_(program),
        memory_(memory),
        observer_(observer),
        layers_(program.network.layers.size()) {}

  // The last code of instruction `index` has just been written.
  void done(int32_t index);

 private:
  struct Collected {
    Tensor output;
    int64_t elements = 0;
  };

  const Program& program_;
  const MemoryView& memory_;
  const LayerObserver& observer_;
  std::vector<Collected> layers_;
};

}  // namespace qsim::rtl
