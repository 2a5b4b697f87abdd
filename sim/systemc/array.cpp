#include "sim/systemc/array.h"

#include <utility>

namespace qsim::model {

Array::Array(sc_core::sc_module_name name, RunContext& run) : sc_core::sc_module(name), run_(run) {}

void Array::reset() {
  const Arch& arch = run_.arch();
  for (Stage& registers : stages_) {
    registers.codes.clear();
    registers.weights.assign(static_cast<size_t>(arch.pes() << arch.max_pack()), 0);
  }
  sums_.clear();
  in_flight_.clear();
  activity_.reset(arch);
}

void Array::prepare(int64_t pass, int64_t pixels, int32_t lanes) {
  Stage& registers = stage(pass);
  registers.lanes = lanes;
  const auto bytes = static_cast<size_t>(pixels * ArrayKernel::pitch(lanes));
  if (registers.codes.size() < bytes) registers.codes.resize(bytes);
}

void Array::multiply(int64_t pass, int64_t first, int64_t pixels, bool accumulate) {
  const int32_t lanes = stage(pass).lanes, cols = run_.arch().array.cols;
  sums_.resize(static_cast<size_t>(pixels * cols));
  const int8_t* operands = codes(pass) + first * ArrayKernel::pitch(lanes);
  kernel_.multiply(operands, pixels, lanes, weights(pass), cols, accumulate, sums_.data());
  run_.counters().zero_operand_macs += zero_products(operands, pixels, lanes, weights(pass), cols);
}

BitChanges Array::changes(int64_t pass, int64_t first, int64_t pixels, int32_t pack,
                          bool is_first) {
  const int32_t lanes = stage(pass).lanes;
  return activity_.take({.codes = codes(pass) + first * ArrayKernel::pitch(lanes),
                         .pixels = pixels,
                         .weights = weights(pass),
                         .lanes = lanes,
                         .pack = pack,
                         .first = is_first});
}

void Array::release(SumsInFlight sums) {
  if (!spare_.empty()) {
    sums.values = std::move(spare_.back());
    spare_.pop_back();
  }
  std::swap(sums.values, sums_);
  in_flight_.push_back(std::move(sums));
}

void Array::retire_front() {
  spare_.push_back(std::move(in_flight_.front().values));
  in_flight_.pop_front();
}

}  // namespace qsim::model
