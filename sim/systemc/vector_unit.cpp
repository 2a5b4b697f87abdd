#include "sim/systemc/vector_unit.h"

#include <algorithm>
#include <utility>

#include "hw/spec/error.h"
#include "hw/spec/packing.h"

namespace qsim::model {

VectorUnit::VectorUnit(sc_core::sc_module_name name, RunContext& run, TokenMatrix& tokens,
                       RetirementListener& listener, Buffer& activations, Buffer& parameters,
                       Buffer& accumulators, LayerMonitor& monitor)
    : ExecutionUnit(name, Unit::kVector, run, tokens, listener),
      activations_(activations),
      parameters_(parameters),
      accumulators_(accumulators),
      monitor_(monitor) {
  SC_HAS_PROCESS(VectorUnit);
  SC_METHOD(block_process);
  sensitive << block_event_;
  dont_initialize();
}

void VectorUnit::reset() {
  ExecutionUnit::reset();
  runs_.clear();
  codes_.clear();
  block_ = {};
  advancing_ = false;
  block_event_.cancel();
}

void VectorUnit::start(int32_t index, const Instruction& instruction) {
  const Vector& op = std::get<Vector>(instruction.op);
  if (op.out_h < 1 || op.out_w < 1 || op.blocks < 1) {
    throw Error(run_.describe(index) + ": has no pixels or no channels");
  }
  const VectorRun& run = runs_.emplace_back(index, op, run_.arch(), run_.now());
  if (run_.values()) claim(run);
  block_ = run.block;
  enter_block();
}

void VectorUnit::claim(const VectorRun& run) {
  const ByteRange src = run.src_range();
  const ByteRange src2 = run.src2_range();
  const ByteRange dst = run.dst_range();
  Buffer& source = run.reads_activations() ? activations_ : accumulators_;
  source.open(*this, run.index, src.low, src.high, false, run_.now());
  activations_.open(*this, run.index, src2.low, src2.high, false, run_.now());
  activations_.open(*this, run.index, dst.low, dst.high, true, run_.now());
  parameters_.open(*this, run.index, run.parameter_address(0), run.parameter_address(run.op.blocks),
                   false, run_.now());
}

void VectorUnit::enter_block() {
  const VectorRun& run = runs_.back();
  Counters& counters = run_.counters();
  const bool requant = run.function == VectorFunction::kRequant;
  const bool add = run.function == VectorFunction::kAdd;
  const int64_t operands = add ? 2 : requant ? 1 : run.taps;
  const int64_t words = add ? block_.words_src + block_.words_src2 : run.taps * block_.words_src;
  if (requant) counters.acc_reads_vector += run.pixels;
  if (!requant) counters.act_reads_vector += run.pixels * words;
  counters.act_writes_vector += run.pixels * block_.words_dst;
  counters.vector_lane_ops += run.pixels * operands * block_.channels;
  if (block_.number == run.op.blocks - 1) {
    set_busy_until(block_.end());
    set_done(run.index, block_.write_cycle(run.pixels - 1));
  }
  run_.wake_at_end(block_event_, block_.end());
}

void VectorUnit::block_process() {
  run_.guard([&] {
    catch_up(run_.now());
    if (runs_.empty() || block_.number == runs_.back().op.blocks) return;
    // An instruction that has issued in this very cycle has a block of its own to end.
    if (block_.end() > run_.now()) return run_.wake_at_end(block_event_, block_.end());
    block_ = runs_.back().next_block(block_);
    if (block_.number < runs_.back().op.blocks) enter_block();
  });
}

bool VectorUnit::contended() const {
  return activations_.contended(*this) || parameters_.contended(*this) ||
         accumulators_.contended(*this);
}

VectorRun* VectorUnit::reading() {
  const auto next = std::find_if(runs_.begin(), runs_.end(),
                                 [](const VectorRun& run) { return !run.all_read(); });
  return next == runs_.end() ? nullptr : &*next;
}

void VectorUnit::catch_up(int64_t cycle) {
  if (!run_.values() || std::exchange(advancing_, true)) return;
  if (!contended()) {
    while (take_block(cycle)) {
    }
  }
  while (take_access(cycle)) {
  }
  advancing_ = false;
}

// All that is left of the next block, if its last pixel is read by then.
bool VectorUnit::take_block(int64_t cycle) {
  VectorRun* run = reading();
  if (!run || run->block.end() > cycle || run->feeds_itself()) return false;
  while (write_codes(run->block.start)) {
  }
  if (!run->parameters_read) read_parameters(*run);
  take_pixels(*run, run->pixels - run->pixel);
  return true;
}

// The one access that comes next in time; false when that is after `cycle`.
bool VectorUnit::take_access(int64_t cycle) {
  VectorRun* run = reading();
  int64_t next = kNever;
  if (run) {
    next = run->parameters_read ? run->block.read_cycle(run->pixel) : run->block.parameter_cycle();
  }
  const int64_t first = std::min(next, cycle);
  if (write_codes(first - 1)) return true;
  if (next != first) return write_codes(cycle);
  check_operands(*run, next);
  if (run->parameters_read) {
    take_pixels(*run, 1);
  } else {
    read_parameters(*run);
  }
  return true;
}

void VectorUnit::read_parameters(VectorRun& run) {
  run.parameters_read = true;
  if (!run.has_parameters()) return;
  block_parameters_.read(run, parameters_.bytes() + run.parameter_address(run.block.number));
}

// All operands of a pixel are taken in the first of its cycles.
void VectorUnit::check_operands(const VectorRun& run, int64_t cycle) {
  const int64_t block = run.block.number;
  const auto check = [&](Buffer& buffer, int64_t low, int64_t bytes) {
    buffer.before_read(*this, run.index, low, low + bytes, cycle);
  };
  if (!run.parameters_read) {
    if (run.has_parameters())
      check(parameters_, run.parameter_address(block), run.parameter_bytes());
    return;
  }
  if (run.function == VectorFunction::kRequant) {
    const int64_t word = int64_t{4} * run_.arch().array.cols;
    return check(accumulators_, run.acc_word(block, run.pixel) * word, 4 * run.block.channels);
  }
  for_each_tap(run, run.block, run.pixel,
               [&](int64_t, int64_t byte) { check(activations_, byte, run.block.bytes_src); });
  if (run.function == VectorFunction::kAdd) {
    check(activations_, run.src2_byte(block, run.pixel), run.block.bytes_src2);
  }
}

void VectorUnit::take_pixels(VectorRun& run, int64_t count) {
  CodesInFlight& next = codes_.emplace_back();
  next.index = run.index;
  next.block = run.block;
  next.first = run.pixel;
  next.pixels = count;
  if (!spare_.empty()) {
    next.codes = std::move(spare_.back());
    spare_.pop_back();
  }
  next.codes.resize(static_cast<size_t>(count * run.block.channels));
  compute_pixels(run, run.block, block_parameters_, accumulators_.words(), activations_.codes(),
                 run.pixel, count, next.codes.data(), run_.counters().accumulator_wraps);
  run.pixel += count;
  if (run.pixel < run.pixels) return;
  run.pixel = 0;
  run.parameters_read = false;
  run.block = run.next_block(run.block);
}

// Writes codes due in cycles <= `cycle`: all of the next ones when nobody is in the way, else those
// of one pixel. False when there were none.
bool VectorUnit::write_codes(int64_t cycle) {
  if (codes_.empty() || codes_.front().next_cycle() > cycle) return false;
  CodesInFlight& codes = codes_.front();
  VectorRun& run = in_flight(codes.index);
  const bool alone = !contended();
  const int64_t channels = codes.block.channels, bytes = codes.block.bytes_dst;
  int64_t count = 1;
  if (alone) {
    count =
        std::min(codes.pixels - codes.written, (cycle - codes.next_cycle()) / codes.block.cost + 1);
  }
  for (; count > 0; --count, ++codes.written) {
    const int64_t low = run.dst_byte(codes.block.number, codes.first + codes.written);
    if (!alone) {
      activations_.before_write(*this, run.index, low, low + bytes, codes.next_cycle());
    }
    pack_codes(codes.codes.data() + codes.written * channels, channels, run.op.dst_pack,
               activations_.codes() + low);
    activations_.wrote(*this, run.index, low, low + bytes);
  }
  if (codes.written < codes.pixels) return true;
  const bool last =
      codes.first + codes.pixels == run.pixels && codes.block.number == run.op.blocks - 1;
  spare_.push_back(std::move(codes.codes));
  codes_.pop_front();
  if (last) monitor_.part_written(run, activations_.codes());
  return true;
}

VectorRun& VectorUnit::in_flight(int32_t index) {
  return *std::find_if(runs_.begin(), runs_.end(),
                       [&](const VectorRun& run) { return run.index == index; });
}

void VectorUnit::list_pending(const Buffer&, int32_t instruction, PendingBytes& pending) {
  const VectorRun& run = in_flight(instruction);
  const auto add = [&](const VectorBlock& block, int64_t from, int64_t to) {
    for (int64_t pixel = from; pixel < to; ++pixel) {
      const int64_t low = run.dst_byte(block.number, pixel);
      pending.add(low, low + block.bytes_dst);
    }
  };
  for (const CodesInFlight& codes : codes_) {
    if (codes.index != instruction) continue;
    add(codes.block, codes.first + codes.written, codes.first + codes.pixels);
  }
  int64_t pixel = run.pixel;
  for (VectorBlock block = run.block; block.number < run.op.blocks; block = run.next_block(block)) {
    add(block, std::exchange(pixel, 0), run.pixels);
  }
}

void VectorUnit::finish(int32_t index) {
  runs_.pop_front();
  if (!run_.values()) return;
  for (Buffer* buffer : {&activations_, &parameters_, &accumulators_}) {
    buffer->close(*this, index);
  }
}

}  // namespace qsim::model
