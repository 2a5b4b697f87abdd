// What crosses the model's ports, as observations of a Waveform.
#pragma once

#include <cstdint>

#include "hw/spec/program.h"
#include "sim/engines/rtl/model.h"
#include "sim/engines/rtl/trace.h"
#include "sim/engines/waveform.h"

namespace qsim::rtl {

class Signals {
 public:
  // Both must outlive it.
  Signals(const Program& program, Waveform& waveform) : program_(program), waveform_(waveform) {}

  void start_segment(int32_t first, int64_t cycle);

  // The buses in one cycle, and the memory's answers.
  void bus(int64_t cycle, const Bus& bus, const Inputs& inputs);
  // After trace.apply() of a cycle with these events.
  void events(int64_t cycle, const Events& events, const Trace& trace);

 private:
  const Program& program_;
  Waveform& waveform_;
  int32_t next_request_ = 0, next_arrival_ = 0;  // instructions
};

}  // namespace qsim::rtl
