#include "sim/systemc/accelerator.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "hw/spec/error.h"

namespace qsim::model {
namespace {

constexpr int32_t kProgressInterval = 256;  // instructions

}  // namespace

Accelerator::Accelerator(sc_core::sc_module_name name)
    : sc_core::sc_module(name),
      monitor_(run_),
      memory_("memory", run_),
      tokens_("tokens", run_),
      act_buffer_("act_buffer", run_),
      weight_buffer_("weight_buffer", run_),
      param_buffer_("param_buffer", run_),
      acc_buffer_("acc_buffer", run_),
      load_("load", run_, tokens_, *this, {&act_buffer_, &weight_buffer_, &param_buffer_}),
      compute_("compute", run_, tokens_, *this, act_buffer_, weight_buffer_, acc_buffer_),
      vector_("vector", run_, tokens_, *this, act_buffer_, param_buffer_, acc_buffer_, monitor_),
      store_("store", run_, tokens_, *this, act_buffer_),
      fetch_("fetch", run_, {&load_, &compute_, &vector_, &store_}, *this),
      host_("host", run_, *this) {
  load_.axi(memory_);
  store_.axi(memory_);
  fetch_.axi(memory_);
  host_.axi(memory_);
  SC_HAS_PROCESS(Accelerator);
  SC_METHOD(halt_process);
  sensitive << halt_event_;
  dont_initialize();
  SC_METHOD(poke_process);
  sensitive << poke_event_;
  dont_initialize();
}

RunResult Accelerator::run(const Program& program, const SystemcOptions& options,
                           const std::vector<uint8_t>& instructions,
                           const std::vector<Tensor>& inputs) {
  run_.begin(program, options);
  reset(instructions);
  host_.start(instructions, inputs);
  sc_core::sc_start();  // until no event is left
  if (run_.error()) std::rethrow_exception(run_.error());
  if (!host_.finished()) report_hang();
  run_.counters().set_memory(memory_.dram_counts(run_.result.cycles));
  return std::move(run_.result);
}

void Accelerator::reset(const std::vector<uint8_t>& instructions) {
  const Arch& arch = run_.arch();
  const auto size = [&](int64_t bytes) { return run_.values() ? bytes : 0; };
  act_buffer_.reset(size(arch.act_bytes()));
  weight_buffer_.reset(size(arch.weight_bytes()));
  param_buffer_.reset(size(arch.param_bytes()));
  acc_buffer_.reset(size(int64_t{4} * arch.array.cols * arch.buffers.acc_entries));
  memory_.reset();
  tokens_.reset();
  for (ExecutionUnit* unit :
       std::initializer_list<ExecutionUnit*>{&load_, &compute_, &vector_, &store_}) {
    unit->reset();
  }
  if (run_.values() && run_.options().fill) fill_memories();
  fetch_.reset(&instructions);
  monitor_.reset();
  running_ = retired_ = 0;
  halt_ = -1;
  halt_event_.cancel();
  poke_event_.cancel();
  pokes_ = run_.values() ? run_.options().pokes : std::vector<Poke>{};
  std::stable_sort(pokes_.begin(), pokes_.end(),
                   [](const Poke& a, const Poke& b) { return a.cycle < b.cycle; });
  next_poke_ = 0;
  if (!pokes_.empty()) run_.wake_after_end(poke_event_, std::max<int64_t>(pokes_[0].cycle, 0));
}

void Accelerator::start_segment(int32_t first, int32_t count) {
  tokens_.reset();
  if (run_.waveform()) run_.waveform()->start_segment(run_.now());
  running_ = count - 1;
  fetch_.start(first, count);
}

void Accelerator::retired(int32_t index) {
  --running_;
  ++retired_;
  if (run_.waveform()) run_.waveform()->advance(run_.now());
  show_retirement(index);
  if (halt_ >= 0 && running_ == 0) run_.wake_at_end(halt_event_, run_.now() + 1);
  if (!run_.options().progress || retired_ % kProgressInterval != 0) return;
  const auto all = static_cast<double>(run_.program().instructions.size());
  if (!run_.options().progress(retired_ / all)) {
    throw Error("run stopped at cycle " + std::to_string(run_.now()));
  }
}

void Accelerator::halt_dispatched(int32_t index) {
  halt_ = index;
  run_.timing(index).issue = run_.timing(index).busy_until = run_.now();
  if (running_ == 0) run_.wake_at_end(halt_event_, run_.now() + 1);
}

// HALT retires.
void Accelerator::halt_process() {
  run_.guard([&] {
    InstructionTiming& timing = run_.timing(halt_);
    timing.done = timing.retire = run_.now();
    if (run_.waveform()) run_.waveform()->halt(run_.now());
    show_retirement(std::exchange(halt_, -1));
    ++retired_;
    host_.segment_halted();
  });
}

Buffer& Accelerator::buffer_of(Memory memory) {
  switch (memory) {
    case Memory::kActivation:
      return act_buffer_;
    case Memory::kWeight:
      return weight_buffer_;
    case Memory::kParam:
      return param_buffer_;
    case Memory::kAccumulator:
      return acc_buffer_;
    case Memory::kDram:
      break;
  }
  return memory_.dram();
}

void Accelerator::fill_memories() {
  for (const Memory memory : {Memory::kActivation, Memory::kWeight, Memory::kParam,
                              Memory::kAccumulator, Memory::kDram}) {
    Buffer& buffer = buffer_of(memory);
    fill_memory(*run_.options().fill, memory,
                std::span(buffer.bytes(), static_cast<size_t>(buffer.size())));
  }
}

// The instruction's unit has caught up with this cycle before it retired it.
void Accelerator::show_retirement(int32_t index) {
  if (!run_.options().retirement) return;
  const MemoryReader read = [this](Memory memory, int64_t address, std::span<uint8_t> to) {
    if (!run_.values()) return;
    std::memcpy(to.data(), buffer_of(memory).bytes() + address, to.size());
  };
  run_.options().retirement({index, run_.result.timing, read});
}

void Accelerator::poke_process() {
  run_.guard([&] {
    if (host_.finished()) return;
    for (; next_poke_ < pokes_.size() && pokes_[next_poke_].cycle <= run_.now(); ++next_poke_) {
      const Poke& poke = pokes_[next_poke_];
      buffer_of(poke.target).poke(poke.address, poke.value, run_.now());
    }
    if (next_poke_ < pokes_.size()) run_.wake_after_end(poke_event_, pokes_[next_poke_].cycle);
  });
}

void Accelerator::report_hang() const {
  std::string text = "hang: nothing can happen after cycle " + std::to_string(run_.now());
  const std::string reasons[] = {fetch_.waiting(), load_.waiting(), compute_.waiting(),
                                 vector_.waiting(), store_.waiting()};
  for (const std::string& reason : reasons) {
    if (!reason.empty()) text += "; " + reason;
  }
  throw Error(text);
}

}  // namespace qsim::model
