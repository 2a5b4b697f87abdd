#include "sim/systemc/host_model.h"

#include <cmath>
#include <span>

namespace qsim::model {

HostModel::HostModel(sc_core::sc_module_name name, RunContext& run, Device& device)
    : sc_core::sc_module(name), axi("axi"), run_(run), device_(device) {
  SC_HAS_PROCESS(HostModel);
  SC_METHOD(step_process);
  sensitive << step_event_;
  dont_initialize();
}

void HostModel::start(const std::vector<uint8_t>& instructions, const std::vector<Tensor>& inputs) {
  step_ = 0;
  finished_ = false;
  step_event_.cancel();
  host_.reset();
  if (run_.values()) {
    Buffer& dram = axi->dram();
    host_.emplace(run_.program(), std::span(dram.bytes(), static_cast<size_t>(dram.size())));
    host_->load(instructions);
    host_->set_inputs(inputs);
  }
  run_.wake_at_start(step_event_, run_.now());
}

// Ends the step before, if there was one, and begins the next.
void HostModel::step_process() {
  run_.guard([&] {
    const std::vector<Step>& steps = run_.program().steps;
    if (step_ > 0) run_.result.steps[step_ - 1].end = run_.now();
    if (step_ == steps.size()) {
      run_.result.cycles = run_.now();
      if (run_.waveform()) run_.waveform()->finish(run_.now());
      if (host_) run_.result.outputs = host_->outputs();
      finished_ = true;
      return;
    }
    run_.result.steps[step_].start = run_.now();
    const Step& step = steps[step_++];
    if (step.host_layer >= 0) {
      run_host_step(step.host_layer);
    } else {
      device_.start_segment(step.first, step.count);
    }
  });
}

void HostModel::run_host_step(LayerId layer) {
  if (host_) {
    const Tensor& output = host_->run_layer(layer);
    if (run_.options().observer) run_.options().observer(layer, output);
  }
  const int64_t end = run_.now() + host_cycles(layer);
  if (run_.waveform()) run_.waveform()->host_step(layer, run_.now(), end);
  run_.wake_at_start(step_event_, end);
}

int64_t HostModel::host_cycles(LayerId layer) const {
  const auto& host = run_.arch().host;
  const int64_t thousandths = std::llround(host.elements_per_cycle * 1000);
  const int64_t elements = host_elements(run_.program().network, layer);
  return host.step_cycles + (elements * 1000 + thousandths - 1) / thousandths;
}

void HostModel::segment_halted() { run_.wake_at_start(step_event_, run_.now() + 1); }

}  // namespace qsim::model
