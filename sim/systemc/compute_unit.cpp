#include "sim/systemc/compute_unit.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "hw/spec/error.h"
#include "hw/spec/packing.h"

namespace qsim::model {
namespace {

// Code c of word w is the weight of lane w * 2^weight_pack + c: a word's rows follow one another,
// and each takes the 2^act_pack codes that follow those of the row before.
void unpack_weights(const MatmulRun& run, const int8_t* words, int64_t count, int8_t* weights) {
  const int32_t pack = run.op.weight_pack;
  int64_t lane = run.weight_word << pack;
  if (pack == 0) {
    std::memcpy(weights + lane * run.cols, words, static_cast<size_t>(count * run.cols));
    return;
  }
  for (int64_t word = 0; word < count; ++word) {
    const int8_t* __restrict from = words + word * run.cols;
    for (int32_t c = 0; c < codes_per_byte(pack) && lane < run.lanes; ++c, ++lane) {
      int8_t* __restrict to = weights + lane * run.cols;
      for (int64_t j = 0; j < run.cols; ++j) to[j] = code_at(from + j, c, pack);
    }
  }
}

}  // namespace

ComputeUnit::ComputeUnit(sc_core::sc_module_name name, RunContext& run, TokenMatrix& tokens,
                         RetirementListener& listener, Buffer& activations, Buffer& weights,
                         Buffer& accumulators)
    : ExecutionUnit(name, Unit::kCompute, run, tokens, listener),
      array_("array", run),
      activations_(activations),
      weights_(weights),
      accumulators_(accumulators) {
  SC_HAS_PROCESS(ComputeUnit);
  SC_METHOD(pass_process);
  sensitive << pass_event_;
  dont_initialize();
}

void ComputeUnit::reset() {
  ExecutionUnit::reset();
  array_.reset();
  matmuls_.clear();
  pass_ = 0;
  advancing_ = false;
  pass_event_.cancel();
}

void ComputeUnit::start(int32_t index, const Instruction& instruction) {
  const int64_t base = matmuls_.empty() ? 0 : matmuls_.back().base + matmuls_.back().passes;
  const MatmulRun& run =
      matmuls_.emplace_back(index, std::get<Matmul>(instruction.op), run_.arch(), run_.now(), base);
  if (run.passes < 1) throw Error(run_.describe(index) + ": has no pixels or no taps");
  if (run_.values()) claim(run);
  pass_ = 0;
  enter_pass();
}

void ComputeUnit::claim(const MatmulRun& run) {
  const ByteRange from = run.stream.range();
  const int64_t weights = run.op.weight * run.cols;
  activations_.open(*this, run.index, from.low, from.high, false, run_.now());
  weights_.open(*this, run.index, weights, weights + run.tiles * run.words_of_tile * run.cols,
                false, run_.now());
  accumulators_.open(*this, run.index, byte_of(run.op.acc), byte_of(run.op.acc + run.pixels), true,
                     run_.now());
}

// The feed is taken until the end of the pass; when the last one begins, it is certain when the
// unit will be free and when the last sum will be written.
void ComputeUnit::enter_pass() {
  const MatmulRun& run = matmuls_.back();
  Counters& counters = run_.counters();
  counters.act_reads_compute += run.pixels_of(pass_);
  counters.weight_reads += run.words_of_tile;
  if (!run.by_groups || run.last_tile(pass_)) counters.acc_writes += run.pixels_of(pass_);
  if (pass_ == run.passes - 1) {
    set_busy_until(run.pass_end(pass_));
    set_done(run.index, run.last_arrival());
  }
  run_.wake_at_end(pass_event_, run.pass_end(pass_));
}

void ComputeUnit::pass_process() {
  run_.guard([&] {
    catch_up(run_.now());
    if (matmuls_.empty() || pass_ == matmuls_.back().passes) return;
    // A matmul that has issued in this very cycle has a pass of its own to end.
    const int64_t end = matmuls_.back().pass_end(pass_);
    if (end > run_.now()) return run_.wake_at_end(pass_event_, end);
    if (++pass_ < matmuls_.back().passes) enter_pass();
  });
}

bool ComputeUnit::contended() const {
  return activations_.contended(*this) || weights_.contended(*this) ||
         accumulators_.contended(*this);
}

void ComputeUnit::catch_up(int64_t cycle) {
  if (!run_.values() || std::exchange(advancing_, true)) return;
  if (!contended()) {
    while (take_pass(cycle)) {
    }
  }
  // What is left is part of a pass. Somebody who needs it to the cycle gets it to the cycle.
  while (take_access(cycle)) {
  }
  advancing_ = false;
}

// All that is left of the next pass, if its last operand is read by then.
bool ComputeUnit::take_pass(int64_t cycle) {
  const auto next = std::find_if(matmuls_.begin(), matmuls_.end(), [](const MatmulRun& run) {
    return run.pixel_pass < run.passes || run.weight_pass < run.passes;
  });
  if (next == matmuls_.end()) return false;
  MatmulRun& run = *next;
  const int64_t pass = std::min(run.pixel_pass, run.weight_pass);
  if (run.operands_complete(pass) > cycle) return false;
  while (write_sums(run.pass_start(pass))) {
  }
  if (run.weight_pass == pass) take_weights(run, run.words_of_tile - run.weight_word);
  if (run.pixel_pass == pass) take_pixels(run, run.pixels_of(pass) - run.pixel);
  return true;
}

// The one access that comes next in time; false when that is after `cycle`.
bool ComputeUnit::take_access(int64_t cycle) {
  MatmulRun* weights = nullptr;
  MatmulRun* pixels = nullptr;
  for (MatmulRun& run : matmuls_) {
    if (!weights && run.weight_pass < run.passes) weights = &run;
    if (!pixels && run.pixel_pass < run.passes) pixels = &run;
  }
  const int64_t weight_cycle = weights ? weights->weight_cycle() : kNever;
  const int64_t pixel_cycle = pixels ? pixels->pixel_cycle() : kNever;
  const int64_t first = std::min({weight_cycle, pixel_cycle, cycle});
  if (write_sums(first - 1)) return true;
  if (weights && weight_cycle == first) {
    const int64_t low =
        (weights->first_word(weights->weight_pass) + weights->weight_word) * weights->cols;
    weights_.before_read(*this, weights->index, low, low + weights->cols, weight_cycle);
    take_weights(*weights, 1);
    return true;
  }
  if (pixels && pixel_cycle == first) {
    const int64_t pass = pixels->pixel_pass;
    const int64_t word =
        pixels->stream.word(pixels->tile(pass), pixels->first_pixel(pass) + pixels->pixel);
    if (word >= 0) {
      activations_.before_read(*this, pixels->index, word * pixels->rows, (word + 1) * pixels->rows,
                               pixel_cycle);
    }
    take_pixels(*pixels, 1);
    return true;
  }
  return write_sums(cycle);
}

void ComputeUnit::take_weights(MatmulRun& run, int64_t count) {
  const int64_t pass = run.weight_pass;
  const int8_t* words = weights_.codes() + (run.first_word(pass) + run.weight_word) * run.cols;
  unpack_weights(run, words, count, array_.weights(run.base + pass));
  run.weight_word += count;
  if (run.weight_word < run.words_of_tile) return;
  run.weight_word = 0;
  ++run.weight_pass;
  multiply(run, pass);
}

void ComputeUnit::take_pixels(MatmulRun& run, int64_t count) {
  const int64_t pass = run.pixel_pass;
  array_.prepare(run.base + pass, run.pixels_of(pass), static_cast<int32_t>(run.lanes));
  run.stream.gather(activations_.codes(), run.tile(pass), run.first_pixel(pass) + run.pixel, count,
                    array_.codes(run.base + pass) + run.pixel * run.pitch, run.pitch);
  run.pixel += count;
  if (run.pixel == run.pixels_of(pass)) {
    run.pixel = 0;
    ++run.pixel_pass;
  }
  multiply(run, pass);
}

// Multiplies the pixels of a pass that have been taken, as soon as all its weights have. A group of
// the output-stationary array goes as a whole: its sums leave the array long after its last
// operand.
void ComputeUnit::multiply(MatmulRun& run, int64_t pass) {
  const int64_t all = run.pixels_of(pass);
  const int64_t taken = run.pixel_pass > pass ? all : run.pixel;
  if (run.weight_pass <= pass || taken == run.multiplied || (run.by_groups && taken < all)) return;
  const bool first_tile = run.tile(pass) == 0;
  SumsInFlight sums;
  sums.index = run.index;
  sums.word = run.op.acc + run.first_pixel(pass) + run.multiplied;
  sums.pixels = taken - run.multiplied;
  sums.first_cycle = run.arrival(pass, run.multiplied);
  sums.direction = run.by_groups ? -1 : 1;
  sums.overwrite = run.op.accumulate == 0 && (run.by_groups || first_tile);
  sums.last = run.last_tile(pass);
  array_.multiply(run.base + pass, run.multiplied, sums.pixels, run.by_groups && !first_tile);
  if (run_.counts_activity()) {
    const bool is_first = run.by_groups ? first_tile : run.multiplied == 0;
    run_.activity(run.index) +=
        array_.changes(run.base + pass, run.multiplied, sums.pixels, run.op.act_pack, is_first);
  }
  run.multiplied = taken == all ? 0 : taken;
  if (run.by_groups && !sums.last) return;
  if (sums.last) run.final_pixels += sums.pixels;
  array_.release(std::move(sums));
}

// Writes sums that arrive in cycles <= `cycle`: all of the next ones when nobody is in the way,
// else one pixel. False when there were none.
bool ComputeUnit::write_sums(int64_t cycle) {
  if (array_.in_flight().empty()) return false;
  SumsInFlight& sums = array_.in_flight().front();
  if (sums.next_cycle() > cycle) return false;
  const bool alone = !contended();
  const int64_t due = std::min(sums.pixels - sums.arrived, cycle - sums.next_cycle() + 1);
  const int64_t count = alone ? due : 1;
  const int64_t first =
      std::min(sums.pixel_of(sums.arrived), sums.pixel_of(sums.arrived + count - 1));
  const int64_t low = byte_of(sums.word + first);
  const int64_t high = byte_of(sums.word + first + count);
  const int64_t cols = run_.arch().array.cols;
  if (!alone) accumulators_.before_write(*this, sums.index, low, high, sums.next_cycle());
  run_.counters().accumulator_wraps +=
      add_sums(accumulators_.words() + (sums.word + first) * cols,
               sums.values.data() + first * cols, count * cols, sums.overwrite);
  if (sums.last) accumulators_.wrote(*this, sums.index, low, high);
  sums.arrived += count;
  if (sums.arrived == sums.pixels) array_.retire_front();
  return true;
}

void ComputeUnit::list_pending(const Buffer&, int32_t instruction, PendingBytes& pending) {
  for (const SumsInFlight& sums : array_.in_flight()) {
    if (sums.index != instruction || !sums.last) continue;
    const int64_t from = sums.direction > 0 ? sums.arrived : 0;
    const int64_t to = sums.direction > 0 ? sums.pixels : sums.pixels - sums.arrived;
    pending.add(byte_of(sums.word + from), byte_of(sums.word + to));
  }
  for (const MatmulRun& run : matmuls_) {
    if (run.index != instruction) continue;
    pending.add(byte_of(run.op.acc + run.final_pixels), byte_of(run.op.acc + run.pixels));
  }
}

void ComputeUnit::finish(int32_t index) {
  matmuls_.pop_front();
  if (!run_.values()) return;
  for (Buffer* buffer : {&activations_, &weights_, &accumulators_}) buffer->close(*this, index);
}

}  // namespace qsim::model
