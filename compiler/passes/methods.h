// How floats become codes: the choices of post-training quantization, and their names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace qsim {

enum class RangeRule { kMinMax, kMovingAverage, kPercentile, kMse, kEntropy };

// How the range of an activation follows from what calibration saw (compiler/passes/find_range.h).
// Written as "mse", or with the value of a percentile as "percentile:99.9".
struct RangeMethod {
  RangeRule rule = RangeRule::kMinMax;
  double percentile = 99.99;  // of all values, in (50, 100]; kPercentile alone

  bool needs_histogram() const { return rule >= RangeRule::kPercentile; }
  bool operator==(const RangeMethod&) const = default;
};

// Nothing when the text is no method.
std::optional<RangeMethod> read_range_method(const std::string& text);
// What to say then: "is not one of minmax, ..." with a guess at what was meant.
std::string why_no_range_method(const std::string& text);
// The text that read_range_method() reads.
std::string to_text(const RangeMethod& method);

// Properties that the quantization of a tensor shall have.
struct ScaleForm {
  bool is_symmetric = false;     // zero point 0; false: the range decides
  bool is_power_of_two = false;  // scale 2^k, rounded up from what the range asks for
};

// Of weights: to the nearest code, with error feedback (error_feedback.h), by AdaRound
// (adaround.h).
enum class Rounding { kNearest, kFeedback, kAdaRound };

// How float weights become symmetric codes.
struct WeightMethod {
  bool is_per_tensor = false;  // one scale for all output channels of a layer
  // Scales of least squared error: of weights, or of outputs where rounding looks at inputs and
  // every channel has a scale. False: nothing is clipped.
  bool is_mse = false;
  bool is_power_of_two = false;  // scales 2^k, rounded up
  Rounding rounding = Rounding::kNearest;
  // Takes from the bias what rounded weights add to the mean of an output: the sum over weights of
  // rounding error times mean input (Nagel et al., "Data-free quantization through weight
  // equalization and bias correction", ICCV 2019, section 4.2, with means from calibration). Error
  // feedback then minimises the variance of the error alone.
  bool corrects_bias = false;

  bool needs_products() const { return rounding != Rounding::kNearest; }
};

// What calibration has to count beyond least and greatest values.
struct CalibrationNeeds {
  bool histograms = false;  // 128 KiB an activation
  bool means = false;       // of what products read
  bool products = false;    // and E[x xT] of it, up to 42 MB a layer
};

}  // namespace qsim
