#include "sim/systemc/array.h"

#include <utility>

namespace qsim::model {

Array::Array(sc_core::sc_module_name name, RunContext& run) : sc_core::sc_module(name), run_(run) {}

void Array::reset() {
  const Arch& arch = run_.arch();
  pitch_ = ArrayKernel::pitch(arch.array.rows);
  for (Stage& registers : stages_) {
    registers.codes.clear();
    registers.weights.assign(static_cast<size_t>(arch.pes()), 0);
  }
  sums_.clear();
  in_flight_.clear();
}

void Array::prepare(int64_t pass, int64_t pixels) {
  const auto bytes = static_cast<size_t>(pixels * pitch_);
  if (stage(pass).codes.size() < bytes) stage(pass).codes.resize(bytes);
}

void Array::multiply(int64_t pass, int64_t first, int64_t pixels, bool accumulate) {
  const auto& array = run_.arch().array;
  sums_.resize(static_cast<size_t>(pixels * array.cols));
  const int8_t* operands = codes(pass) + first * pitch_;
  kernel_.multiply(operands, pixels, array.rows, weights(pass), array.cols, accumulate,
                   sums_.data());
  run_.counters().zero_operand_macs +=
      zero_products(operands, pixels, array.rows, weights(pass), array.cols);
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
