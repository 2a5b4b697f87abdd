// Ranges of activations, measured by running the float network on samples.
#pragma once

#include <map>

#include "compiler/float/executor.h"
#include "hw/spec/network.h"

namespace qsim {

struct Range {
  float low = 0, high = 0;
};

// The least and greatest value of every activation, over all samples. Values are numbered as in the
// graph after expand_sums(); codes count as the reals they stand for.
struct CalibrationResult {
  std::map<ValueId, Range> ranges;
  int64_t samples = 0;
};

//   Calibrator calibrator(graph);
//   for (...) calibrator.observe(make_input(...));
//   quantize(graph, {.calibration = &calibrator.result()})
class Calibrator {
 public:
  // `graph` must outlive the calibrator. Throws Error for an operator without float implementation.
  explicit Calibrator(const Graph& graph);
  ~Calibrator();

  // One tensor per graph input, any multiple of the graph's batch. Throws Error, naming the value,
  // when an activation is infinite or not a number.
  void observe(const std::vector<Tensor>& inputs);
  void observe(const Tensor& input) { observe(std::vector<Tensor>{input}); }

  const CalibrationResult& result() const { return result_; }

 private:
  std::unique_ptr<const Graph> expanded_;  // null when the graph needs no expansion
  std::unique_ptr<const FloatExecutor> executor_;
  CalibrationResult result_;
};

// A Sum of n > 2 activations becomes n - 1 Adds, so that each intermediate has a value with a name
// and a range:  Sum(a, b, c) -> y    becomes    Add(a, b) -> y:2, Add(y:2, c) -> y New values are
// numbered after all others. Returns nothing when there is no such Sum.
std::unique_ptr<const Graph> expand_sums(const Graph& graph);

// Quantization of a range in codes of `bits` bits: asymmetric, zero included, 2^bits - 1 steps.
// scale = fl32((high - low) / steps), zero point = RNE(least code - low / scale). An empty range
// gets scale 1.
Quantization quantization_of(Range range, int32_t bits = 8);

}  // namespace qsim
