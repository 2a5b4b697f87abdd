// Rounding of weights one after the other, each making up for the errors of those before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qsim {

// For the weights w of one output channel, whose inputs have the second moment H = E[x xT], finds
// codes q with a small E[((w - scale * q) . x)^2], where rounding to nearest minimises
// |w - scale * q|. Inputs are taken in the order of falling H_ii; after each, its rounding error is
// spread over the weights not yet rounded such that the expected error is least (OBQ: Frantar and
// Alistarh, "Optimal brain compression", NeurIPS 2022; in one order for all channels as GPTQ:
// Frantar et al., ICLR 2023). Then codes change by one, each in its turn, wherever that makes the
// expected error less, until nothing does (coordinate descent). H_ii grows by `kDamping` of their
// mean, so that H is invertible.
class ErrorFeedback {
 public:
  static constexpr double kDamping = 0.01;

  // `moment`: H, size * size elements, symmetric. Time: size^3 / 2.
  ErrorFeedback(std::vector<double> moment, int64_t size);

  // Codes in [-most, most], in the order of `weights`. Time: size^2 / 2, and size a change.
  std::vector<int32_t> round(const std::vector<double>& weights, double scale, int32_t most) const;

  // E[((w - scale * q) . x)^2], damped as H is.
  double error(const std::vector<double>& weights, double scale,
               const std::vector<int32_t>& codes) const;

  double damping() const { return damping_; }  // what H_ii have grown by
  // H^-1 v. Time: size^2.
  std::vector<double> solve(const std::vector<double>& v) const;
  // H v.
  std::vector<double> times(const std::vector<double>& v) const;

 private:
  void descend(const std::vector<double>& weights, double scale, int32_t most,
               std::vector<int32_t>& codes) const;

  size_t size_;
  double damping_ = 0;
  std::vector<double> moment_;  // H
  std::vector<size_t> order_;   // of inputs
  std::vector<double> spread_;  // upper triangle U with H^-1 = UT U, in that order
};

}  // namespace qsim
