#include "sim/engines/rtl/machine_run.h"

#include <cmath>
#include <string>

#include "hw/spec/error.h"

namespace qsim::rtl {
namespace {

constexpr int64_t kProgressCycles = 1 << 14;
// Cycles without any event after which nothing can come any more, besides what Trace::patience()
// and the memory's own open bursts say. Far above the longest path between units.
constexpr int64_t kQuietCycles = 4096;

int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

MachineRun::MachineRun(const Program& program, const RtlOptions& options, Model& model,
                       const std::vector<uint8_t>& instructions)
    : program_(program),
      options_(options),
      model_(model),
      instructions_(instructions),
      dram_(static_cast<size_t>(round_up(program.dram_bytes, kMaxBusBytes))),
      memory_(program.arch, dram_),
      view_(model, program, dram_),
      trace_(program, result_.timing) {
  result_.timing.resize(program.instructions.size());
  result_.steps.resize(program.steps.size());
  const bool looks_inside = options.observer || options.retirement || options.fill;
  if (values() && looks_inside && !view_.available()) {
    throw Error(
        "rtl engine: the model's memories are not found under their names (is it a netlist?): "
        "layers and instructions cannot be observed");
  }
  if (values() && options.observer) layers_.emplace(program, view_, options.observer);
  if (options.waveform) signals_.emplace(program, *options.waveform);
}

void MachineRun::load_memories(const std::vector<Tensor>& inputs) {
  if (!values()) {
    std::copy(instructions_.begin(), instructions_.end(),
              dram_.begin() + program_.instruction_address);
    return;
  }
  if (options_.fill) {
    const auto size = static_cast<size_t>(program_.dram_bytes);
    fill_memory(*options_.fill, Memory::kDram, std::span(dram_.data(), size));
    view_.fill(*options_.fill);
  }
  host_.emplace(program_, dram_);
  host_->load(instructions_);
  host_->set_inputs(inputs);
}

RunResult MachineRun::run(const std::vector<Tensor>& inputs) {
  model_.reset();
  load_memories(inputs);
  for (size_t i = 0; i < program_.steps.size(); ++i) {
    const Step& step = program_.steps[i];
    result_.steps[i].start = now_;
    if (step.host_layer >= 0) {
      const int64_t start = now_;
      now_ += host_step(step.host_layer);
      if (options_.waveform) options_.waveform->host_step(step.host_layer, start, now_);
    } else {
      segment(step);
    }
    result_.steps[i].end = now_;
  }
  result_.cycles = now_;
  if (options_.waveform) options_.waveform->finish(now_);
  read_counters();
  if (host_) result_.outputs = host_->outputs();
  return std::move(result_);
}

int64_t MachineRun::host_step(LayerId layer) {
  if (host_) {
    const Tensor& output = host_->run_layer(layer);
    if (options_.observer) options_.observer(layer, output);
  }
  const auto& host = program_.arch.host;
  const int64_t thousandths = std::llround(host.elements_per_cycle * 1000);
  const int64_t elements = host_elements(program_.network, layer);
  return host.step_cycles + round_up(elements * 1000, thousandths) / thousandths;
}

void MachineRun::segment(const Step& step) {
  trace_.start_segment(step.first, step.count);
  if (signals_) signals_->start_segment(step.first, now_);
  Inputs inputs;
  Events events;
  Bus bus;
  inputs.start = true;
  inputs.segment_address =
      static_cast<uint64_t>(program_.instruction_address + int64_t{step.first} * kInstructionBytes);
  inputs.segment_count = static_cast<uint32_t>(step.count);
  // The start pulse comes in a cycle of its own, which the run does not count.
  if (!options_.wave_file.empty()) model_.set_wave(false, now_ - 1);
  model_.cycle(inputs, events, bus);
  inputs.start = false;

  last_activity_ = now_;
  int32_t fetched_beats = 0;
  for (bool halted = false; !halted; ++now_) {
    if (!options_.wave_file.empty()) {
      model_.set_wave(now_ >= options_.wave_from && now_ <= options_.wave_to, now_);
    }
    memory_.cycle(now_, bus, inputs);
    if (signals_) signals_->bus(now_, bus, inputs);
    model_.cycle(inputs, events, bus);
    fetched_beats += inputs.fetch.data != nullptr;
    if (events.any()) {
      last_activity_ = now_;
      trace_.apply(now_, events);
      if (signals_) signals_->events(now_, events, trace_);
      observe();
      halted = events.halt;
    }
    if (options_.waveform) options_.waveform->advance(now_ + 1);
    if (events.error) {
      throw Error("rtl engine: error_o is high in cycle " + std::to_string(now_) +
                  ": an unknown opcode, or a response of the memory that is not OKAY");
    }
    if (!memory_.idle()) last_activity_ = now_;
    if (now_ - last_activity_ > kQuietCycles || now_ >= next_report_ || options_.cycle_limit) {
      watch(fetched_beats);
    }
  }
}

// Buffers hold what was written in this cycle.
void MachineRun::observe() {
  if (layers_) {
    for (const int32_t index : trace_.done()) {
      if (index >= 0) layers_->done(index);
    }
  }
  if (!options_.retirement) return;
  const MemoryReader read = [this](Memory memory, int64_t address, std::span<uint8_t> to) {
    if (values()) view_.read(memory, address, to);
  };
  for (const int32_t index : trace_.retired()) {
    if (index >= 0) options_.retirement({index, result_.timing, read});
  }
}

void MachineRun::watch(int32_t segment_beats) {
  if (options_.cycle_limit && now_ >= options_.cycle_limit) {
    throw Error("rtl engine: the run takes more than " + std::to_string(options_.cycle_limit) +
                " cycles");
  }
  if (now_ - last_activity_ > kQuietCycles + trace_.patience()) {
    const int64_t beats = kInstructionBytes / program_.arch.memory.bus_bytes;
    throw Error("hang: nothing can happen after cycle " + std::to_string(last_activity_) +
                trace_.waiting(static_cast<int32_t>(segment_beats / beats)));
  }
  if (now_ < next_report_) return;
  next_report_ = now_ + kProgressCycles;
  const auto all = static_cast<double>(program_.instructions.size());
  if (options_.progress && !options_.progress(static_cast<double>(trace_.retired_count()) / all)) {
    throw Error("run stopped at cycle " + std::to_string(now_));
  }
}

// The machine is idle, so every register of a counter has come to rest.
void MachineRun::read_counters() {
  int index = 0;
#define QSIM_COUNTER(name, kind, unit, meaning)                                    \
  {                                                                                \
    const auto value = static_cast<int64_t>(model_.counter(index++));              \
    if (values() || std::string(#kind) == "timing") result_.counters.name = value; \
  }
#define QSIM_MEMORY_COUNTER(name, unit, meaning)
#include "hw/spec/counters.def"
#undef QSIM_COUNTER
  result_.counters.set_memory(memory_.dram_counts(result_.cycles));
}

}  // namespace qsim::rtl
