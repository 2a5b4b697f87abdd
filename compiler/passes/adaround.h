// AdaRound: which weights to round up and which down, learned by gradient descent.
#pragma once

#include <cstdint>
#include <vector>

namespace qsim {

// For the weights w of one output channel, whose inputs have the second moment H, finds codes q,
// each the one below or above w / scale, with a small (w - scale * q)T H (w - scale * q): the
// expected squared error of the output before its activation function. Rectified sigmoids of one
// variable a weight go between 0 and 1, a regularizer pushes them to the ends, Adam descends (Nagel
// et al., "Up or down? Adaptive rounding for post-training quantization", ICML 2020, sec. 3.3, with
// its constants). The whole gradient follows from H, so that there is nothing to draw: the result
// is the same every time.
class AdaRound {
 public:
  static constexpr int kSteps = 1000;

  // `moment`: H, size * size elements, symmetric.
  AdaRound(const std::vector<double>& moment, int64_t size);

  // Codes in [-most, most]. Time: kSteps * size^2.
  std::vector<int32_t> round(const std::vector<double>& weights, double scale, int32_t most) const;

 private:
  int64_t size_;
  std::vector<float> moment_;  // H over the mean of its diagonal
};

}  // namespace qsim
