// Ranges of activations, measured by running the float network on samples.
#pragma once

#include <map>

#include "compiler/float/executor.h"
#include "compiler/passes/histogram.h"
#include "compiler/passes/methods.h"
#include "compiler/passes/moments.h"
#include "hw/spec/network.h"

namespace qsim {

struct Range {
  float low = 0, high = 0;
};

// What was seen of every activation, over all samples. Values are numbered as in the graph after
// expand_sums(); codes count as the reals they stand for.
struct CalibrationResult {
  std::map<ValueId, Range> ranges;              // least and greatest value
  std::map<ValueId, Range> averages;            // of each batch's, see find_range.h
  std::map<ValueId, Histogram> histograms;      // when asked for
  std::map<std::string, InputMoments> moments;  // when asked for; by Layer::name
  int64_t samples = 0;
};

//   Calibrator calibrator(graph);
//   for (...) calibrator.observe(make_input(...));
//   quantize(graph, {.calibration = &calibrator.result()})
class Calibrator {
 public:
  // `graph` must outlive the calibrator. Throws Error for an operator without float implementation.
  explicit Calibrator(const Graph& graph, const CalibrationNeeds& needs = {});
  ~Calibrator();

  // One tensor per graph input, any multiple of the graph's batch. Throws Error, naming the value,
  // when an activation is infinite or not a number.
  void observe(const std::vector<Tensor>& inputs);
  void observe(const Tensor& input) { observe(std::vector<Tensor>{input}); }

  const CalibrationResult& result() const { return result_; }

 private:
  std::unique_ptr<const Graph> expanded_;  // null when the graph needs no expansion
  std::unique_ptr<const FloatExecutor> executor_;
  CalibrationNeeds needs_;
  std::vector<ProductInput> products_;
  std::map<ValueId, double> weights_;  // sum of the weights in an average
  CalibrationResult result_;
};

// A Sum of n > 2 activations becomes n - 1 Adds, so that each intermediate has a value with a name
// and a range:  Sum(a, b, c) -> y    becomes    Add(a, b) -> y:2, Add(y:2, c) -> y New values are
// numbered after all others. Returns nothing when there is no such Sum.
std::unique_ptr<const Graph> expand_sums(const Graph& graph);

// Quantization of a range in codes of `bits` bits: asymmetric, zero included, 2^bits - 1 steps.
// scale = fl32((high - low) / steps), zero point = RNE(least code - low / scale). Symmetric:
// scale = fl32(max(-low, high) / (2^(bits-1) - 1)), zero point 0. A power of two is the least that
// is not below this scale. An empty range gets scale 1.
Quantization quantization_of(Range range, int32_t bits = 8, ScaleForm form = {});

// The least power of two >= value, which is positive and finite.
double power_of_two_above(double value);

}  // namespace qsim
