// What the bits that change in an element's registers (rules S1 to S5) say about the gates between
// them: a law fitted to gates of the RTL's elements, and how wrong it is (scripts/fit_activity.py,
// docs/user/energy.md).
//
//   toggles / toggles of random codes = sum over kinds of share x bits / bits of random codes
#pragma once

#include <cstdint>

#include "hw/spec/arch.h"
#include "sim/price/estimate.h"

namespace qsim {

// Of one dataflow and one width of codes. Uniformly random, independent codes give exactly 1: what
// the prices of a multiply-accumulate are for.
struct SwitchingLaw {
  double sign_share, operand_share, weight_share, sum_share;  // add up to 1
  // Of an element in a slot of random codes; sums are those of 16 rows (ws), of 144 bytes (os).
  double random_sign_bits, random_sum_bits;
  // The most that the law was above and below the gates on any trace, as shares of the gates'.
  double most_above, most_below;

  // 1, and the interval in which the gates of all traces were.
  Estimate error() const {
    return {1, 1 / (1 + most_above), 1 / (1 - most_below), Origin::kDerived};
  }
};

constexpr double kRandomByteBits = 4;  // that change in a byte of random codes

// `pack`: log2 of the codes in a byte.
const SwitchingLaw& switching_law(Dataflow dataflow, int32_t pack);

}  // namespace qsim
