#include "compiler/passes/weight_scale.h"

#include <algorithm>
#include <cmath>

#include "compiler/passes/calibrate.h"

namespace qsim {
namespace {

double squared_error(const std::vector<const std::vector<double>*>& rows, double most,
                     double scale) {
  double sum = 0;
  for (const std::vector<double>* row : rows) {
    for (double w : *row) {
      const double error = std::clamp(std::rint(w / scale), -most, most) * scale - w;
      sum += error * error;
    }
  }
  return sum;
}

}  // namespace

double weight_scale(const std::vector<const std::vector<double>*>& rows, int32_t most,
                    const WeightMethod& method) {
  double largest = 0;
  for (const std::vector<double>* row : rows)
    for (double w : *row) largest = std::max(largest, std::abs(w));
  const double whole = largest / most;
  if (whole == 0 || !method.is_mse) return whole;
  double best = whole, least = INFINITY;
  for (int percent = 100; percent >= 20; --percent) {
    double scale = whole * (percent / 100.0);
    if (method.is_power_of_two) scale = power_of_two_above(scale);
    const double error = squared_error(rows, most, scale);
    if (!(error < least)) continue;
    least = error;
    best = scale;
  }
  return best;
}

}  // namespace qsim
