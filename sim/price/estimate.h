// A number with the interval it lies in and what it rests on; what is computed from several takes
// the widest interval and the weakest origin. All numbers are >= 0 but for differences.
#pragma once

#include <algorithm>
#include <cmath>

#include "sim/price/origin.h"

namespace qsim {

struct Estimate {
  double value = 0, low = 0, high = 0;  // low <= value <= high
  Origin origin = Origin::kMeasured;
};

inline Origin weaker(Origin a, Origin b) { return std::max(a, b); }
inline Estimate exactly(double value) { return {value, value, value, Origin::kMeasured}; }

inline Estimate operator+(const Estimate& a, const Estimate& b) {
  return {a.value + b.value, a.low + b.low, a.high + b.high, weaker(a.origin, b.origin)};
}
inline Estimate operator*(const Estimate& a, const Estimate& b) {
  return {a.value * b.value, a.low * b.low, a.high * b.high, weaker(a.origin, b.origin)};
}
inline Estimate operator*(const Estimate& a, double factor) { return a * exactly(factor); }
inline Estimate operator/(const Estimate& a, const Estimate& b) {
  return {a.value / b.value, a.low / b.high, a.high / b.low, weaker(a.origin, b.origin)};
}
inline Estimate power(double base, const Estimate& x) {
  const double one = std::pow(base, x.low), other = std::pow(base, x.high);
  return {std::pow(base, x.value), std::min(one, other), std::max(one, other), x.origin};
}
inline Estimate root(const Estimate& a) {
  return {std::sqrt(a.value), std::sqrt(a.low), std::sqrt(a.high), a.origin};
}

}  // namespace qsim
