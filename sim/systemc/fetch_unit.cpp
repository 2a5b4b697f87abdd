#include "sim/systemc/fetch_unit.h"

#include <algorithm>
#include <cstring>

#include "hw/spec/error.h"

namespace qsim::model {

FetchUnit::FetchUnit(sc_core::sc_module_name name, RunContext& run,
                     const std::array<ExecutionUnit*, kUnits>& units, HaltListener& listener)
    : sc_core::sc_module(name), axi("axi"), run_(run), units_(units), listener_(listener) {
  SC_HAS_PROCESS(FetchUnit);
  SC_METHOD(request_process);
  sensitive << request_;
  dont_initialize();
  SC_METHOD(dispatch_process);
  sensitive << dispatch_;
  for (ExecutionUnit* unit : units_) sensitive << unit->queue_drained();
  dont_initialize();
}

void FetchUnit::reset(const std::vector<uint8_t>* image) {
  image_ = image;
  altered_.clear();
  next_request_ = next_dispatch_ = end_ = 0;
  last_request_ = last_dispatch_ = -1;
  arrivals_.clear();
  request_.cancel();
  dispatch_.cancel();
}

void FetchUnit::start(int32_t first, int32_t count) {
  next_request_ = next_dispatch_ = first;
  end_ = first + count;
  run_.wake_at_start(request_, run_.now());
}

int64_t FetchUnit::request_from() const {
  const int32_t depth = run_.arch().fetch.fifo_depth;
  const int32_t held = next_request_ - next_dispatch_;
  if (held >= depth) return kNever;
  const int32_t dispatched_now = last_dispatch_ == run_.now() ? 1 : 0;
  const int64_t fifo_from = held + dispatched_now < depth ? run_.now() : run_.now() + 1;
  return std::max(last_request_ + 1, fifo_from);
}

void FetchUnit::request_process() {
  run_.guard([&] {
    if (next_request_ == end_) return;
    const int64_t from = request_from();
    if (from == kNever) return;
    if (from > run_.now()) return run_.wake_at_start(request_, from);
    const int64_t address =
        run_.program().instruction_address + int64_t{next_request_} * kInstructionBytes;
    if (run_.values()) read_instruction(next_request_);
    axi->request(AxiMaster::kFetch, *this, address, beats());
    run_.counters().fetch_beats += beats();
    if (run_.waveform()) run_.waveform()->fetch_requested(next_request_, run_.now());
    last_request_ = run_.now();
    ++next_request_;
    run_.wake_at_start(request_, run_.now() + 1);
  });
}

void FetchUnit::granted(const BurstTiming& timing) {
  arrivals_.push_back(timing.beat_cycle(beats() - 1));
  if (run_.waveform()) run_.waveform()->fetch_received(next_request_ - 1, arrivals_.back());
  run_.wake_at_start(dispatch_, std::max(arrivals_.front(), run_.now()) + 1);
}

// Programs do not write their own instructions, so nearly always the bytes are those that were
// encoded, and need no decoding.
void FetchUnit::read_instruction(int32_t index) {
  Buffer& dram = axi->dram();
  const int64_t address = run_.program().instruction_address + int64_t{index} * kInstructionBytes;
  dram.before_read(*this, index, address, address + kInstructionBytes, run_.now());
  const uint8_t* bytes = dram.bytes() + address;
  if (std::memcmp(bytes, image_->data() + int64_t{index} * kInstructionBytes, kInstructionBytes) ==
      0) {
    return;
  }
  const Instruction decoded = decode(
      std::span<const uint8_t, kInstructionBytes>(bytes, static_cast<size_t>(kInstructionBytes)));
  const Instruction& original = run_.program().instructions[static_cast<size_t>(index)];
  if (is_halt(decoded.op) != is_halt(original.op)) {
    throw Error(run_.describe(index) + " reads from DRAM as " + mnemonic_of(decoded.op));
  }
  altered_[index] = decoded;
}

const Instruction& FetchUnit::fetched(int32_t index) const {
  const auto altered = altered_.find(index);
  return altered != altered_.end() ? altered->second
                                   : run_.program().instructions[static_cast<size_t>(index)];
}

void FetchUnit::dispatch_process() {
  run_.guard([&] {
    if (arrivals_.empty()) return;
    const int32_t index = next_dispatch_;
    const Instruction& instruction = fetched(index);
    int64_t from = std::max(arrivals_.front(), last_dispatch_) + 1;
    ExecutionUnit* unit = nullptr;
    if (!is_halt(instruction.op)) {
      unit = units_[static_cast<size_t>(unit_of(instruction.op))];
      from = std::max(from, unit->room_from());
    }
    if (from == kNever) return;
    if (from > run_.now()) return run_.wake_at_start(dispatch_, from);
    arrivals_.pop_front();
    last_dispatch_ = run_.now();
    ++next_dispatch_;
    run_.wake_at_start(request_, run_.now() + 1);
    if (!arrivals_.empty())
      run_.wake_at_start(dispatch_, std::max(arrivals_.front(), run_.now()) + 1);
    if (unit) {
      unit->dispatch(index, instruction);
    } else {
      listener_.halt_dispatched(index);
    }
  });
}

std::string FetchUnit::waiting() const {
  if (arrivals_.empty()) return "";
  const Instruction& instruction = fetched(next_dispatch_);
  if (is_halt(instruction.op)) return "";
  return "fetch waits to dispatch " + run_.describe(next_dispatch_) + " until the queue of " +
         name_of(unit_of(instruction.op)) + " has room";
}

}  // namespace qsim::model
