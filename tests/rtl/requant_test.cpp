// rtl: VRequantRne qsim_requant Requant=0
// rtl: VRequantF32 qsim_requant Requant=1
// rtl: VRequantTflite qsim_requant Requant=2
// rtl: VRequantTflite1 qsim_requant Requant=3
// rtl: VRequantPot qsim_requant Requant=4
// rtl: VRequantM16 qsim_requant Requant=5
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "VRequantF32.h"
#include "VRequantM16.h"
#include "VRequantPot.h"
#include "VRequantRne.h"
#include "VRequantTflite.h"
#include "VRequantTflite1.h"
#include "hw/spec/arithmetic.h"
#include "tests/rtl/bench.h"
#include "tests/support/slow_reference.h"

namespace qsim::rtl {
namespace {

struct Case {
  int32_t acc = 0;
  RequantParams params;
  int32_t zero = 0, low = -128, high = 127;
};

// Sends cases through the pipeline, with bubbles; returns the codes in their order.
template <typename Dut>
std::vector<int32_t> run(const std::vector<Case>& cases, bool plain, std::mt19937& random) {
  Bench<Dut> bench(static_cast<int>(random() & 0xffff));
  std::vector<int32_t> codes;
  const Case* stage[5] = {};
  size_t next = 0;
  bench->plain_i = bench->plain_late_i = plain;
  while (codes.size() < cases.size()) {
    stage[0] = next < cases.size() && random() % 4 != 0 ? &cases[next++] : nullptr;
    bench->valid_i = 0;
    for (int n = 0; n < 4; ++n) bench->valid_i |= static_cast<unsigned>(stage[n] != nullptr) << n;
    const Case garbage{static_cast<int32_t>(random()), {static_cast<int32_t>(random() >> 1), 3}};
    const Case& first = stage[0] ? *stage[0] : garbage;
    bench->acc_i = static_cast<uint32_t>(first.acc);
    bench->multiplier_i = static_cast<uint32_t>(first.params.multiplier);
    bench->shift_i = static_cast<uint32_t>(first.params.shift) & 0x7f;
    const Case& last = stage[3] ? *stage[3] : garbage;
    bench->zero_i = static_cast<uint8_t>(last.zero);
    bench->low_i = static_cast<uint8_t>(last.low);
    bench->high_i = static_cast<uint8_t>(last.high);
    bench.settle();
    if (stage[4]) codes.push_back(static_cast<int8_t>(bench->code_o));
    bench.tick();
    for (int n = 4; n > 0; --n) stage[n] = stage[n - 1];
  }
  return codes;
}

template <typename Dut, RequantMode kMode>
struct Model {
  using Type = Dut;
  static constexpr RequantMode kRequant = kMode;
};

template <typename T>
class RequantTest : public ::testing::Test {
 protected:
  static constexpr RequantMode kMode = T::kRequant;

  void check(const std::vector<Case>& cases, RequantMode mode, bool plain) {
    const std::vector<int32_t> codes = run<typename T::Type>(cases, plain, random_);
    for (size_t i = 0; i < cases.size(); ++i) {
      const Case& c = cases[i];
      ASSERT_EQ(codes[i], requantize(mode, c.acc, c.params, c.zero, c.low, c.high))
          << "acc " << c.acc << " multiplier " << c.params.multiplier << " shift "
          << c.params.shift;
    }
  }

  int32_t any_code() { return static_cast<int32_t>(random_() & 0xff) - 128; }

  // An accumulator of any size.
  int32_t any_acc() { return static_cast<int32_t>(random_()) >> (random_() % 32); }

  void set_bounds(Case& c) {
    if (random_() % 2 == 0) return;
    c.zero = any_code(), c.low = any_code(), c.high = any_code();
    if (c.low > c.high) std::swap(c.low, c.high);
  }

  std::mt19937 random_{1};
};

using Models =
    ::testing::Types<Model<VRequantRne, RequantMode::kRne>, Model<VRequantF32, RequantMode::kF32>,
                     Model<VRequantTflite, RequantMode::kTflite>,
                     Model<VRequantTflite1, RequantMode::kTflite1>,
                     Model<VRequantPot, RequantMode::kPot>, Model<VRequantM16, RequantMode::kM16>>;
TYPED_TEST_SUITE(RequantTest, Models);

struct Range {
  int32_t least_multiplier, greatest_multiplier, least_shift;
};

// A10.
Range range_of(RequantMode mode) {
  switch (mode) {
    case RequantMode::kTflite:
    case RequantMode::kTflite1:
      return {1 << 30, INT32_MAX, 1};
    case RequantMode::kPot:
      return {1, 1, -8};
    case RequantMode::kM16:
      return {1 << 15, (1 << 16) - 1, 0};
    case RequantMode::kRne:
    case RequantMode::kF32:
      break;
  }
  return {1 << 23, (1 << 24) - 1, 0};
}

// Accumulators whose products lie on and beside the ties of a shift, and the extremes.
std::vector<int32_t> accumulators_around(const RequantParams& p) {
  std::vector<int32_t> result = {0, 1, -1, INT32_MAX, INT32_MIN, INT32_MIN + 1, 1 << 24, 1 << 30};
  for (int half = -9; half <= 9; half += 2) {
    const double tie = std::ldexp(half, p.shift - 1) / std::max(p.multiplier, 1);
    if (std::abs(tie) > 2e9) continue;
    for (int d = -1; d <= 1; ++d) result.push_back(static_cast<int32_t>(std::lround(tie)) + d);
  }
  return result;
}

TYPED_TEST(RequantTest, EveryShift) {
  for (const bool plain : {false, true}) {
    const RequantMode mode = plain ? RequantMode::kRne : TestFixture::kMode;
    const Range range = range_of(mode);
    std::vector<Case> cases;
    for (int32_t shift = range.least_shift; shift <= 62; ++shift) {
      const int32_t between = static_cast<int32_t>(
          range.least_multiplier +
          this->random_() %
              (static_cast<uint32_t>(range.greatest_multiplier - range.least_multiplier) + 1u));
      for (int32_t m : {0, range.least_multiplier, range.greatest_multiplier, between}) {
        for (int32_t acc : accumulators_around({m, shift})) {
          Case c{acc, {m, shift}};
          cases.push_back(c);
          this->set_bounds(c);
          cases.push_back(c);
        }
      }
    }
    this->check(cases, mode, plain);
  }
}

TYPED_TEST(RequantTest, RandomParameters) {
  for (const bool plain : {false, true}) {
    const RequantMode mode = plain ? RequantMode::kRne : TestFixture::kMode;
    const Range range = range_of(mode);
    std::vector<Case> cases(100000);
    for (Case& c : cases) {
      c.acc = this->any_acc();
      c.params.shift = std::uniform_int_distribution(range.least_shift, 62)(this->random_);
      c.params.multiplier = std::uniform_int_distribution(range.least_multiplier,
                                                          range.greatest_multiplier)(this->random_);
      this->set_bounds(c);
    }
    this->check(cases, mode, plain);
  }
}

// Add (A20) comes as a sum with the multiplier 1.
TYPED_TEST(RequantTest, PlainSums) {
  std::vector<Case> cases;
  for (int32_t shift = 0; shift <= 62; ++shift) {
    for (int32_t acc : accumulators_around({1, shift})) cases.push_back({acc, {1, shift}});
    for (int i = 0; i < 100; ++i) {
      Case c{this->any_acc(), {1, shift}};
      this->set_bounds(c);
      cases.push_back(c);
    }
  }
  this->check(cases, RequantMode::kRne, true);
}

// From scales, against the implementation that shares no line with hw/spec.
TYPED_TEST(RequantTest, FromScales) {
  std::vector<Case> cases(20000);
  std::vector<int32_t> expected;
  std::uniform_real_distribution<float> exponent(-10, 4);
  for (Case& c : cases) {
    const auto scale = [&] { return std::exp2(exponent(this->random_)); };
    const float sx = scale(), sw = scale(), sy = scale();
    c.acc = this->any_acc();
    c.params = derive_requant(TestFixture::kMode, sx, sw, sy);
    this->set_bounds(c);
    expected.push_back(qsim::testing::slow_requantize(name_of(TestFixture::kMode), c.acc, sx, sw,
                                                      sy, c.zero, c.low, c.high));
  }
  EXPECT_EQ(run<typename TypeParam::Type>(cases, false, this->random_), expected);
}

}  // namespace
}  // namespace qsim::rtl
