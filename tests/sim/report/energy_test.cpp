// What a run is charged for by what its engine counted: zeros, passes, bits that change.
#include <gtest/gtest.h>

#include <cmath>

#include "hw/spec/error.h"
#include "sim/engines/analytic/engine.h"
#include "sim/report/report.h"
#include "tests/support/hand_program.h"

namespace qsim {
namespace {

TEST(RunEnergy, ZeroCodesAreCountedWhereThereAreValues) {
  Program program = hand_made_program();
  program.arch.prices.zero_macs = ZeroMacs::kCounted;
  RunResult result = run_analytic(program);
  const PriceTable& table = PriceSource().of(program.arch);
  EXPECT_THROW(make_report(program, result, false, table, {}, {}), Error);
  const Report none = make_report(program, result, true, table, {}, {});
  result.counters.zero_operand_macs = 32;
  const Report half = make_report(program, result, true, table, {}, {});
  const double saved =
      static_cast<double>(none.total.energy.total().fj - half.total.energy.total().fj);
  EXPECT_NEAR(saved, -32e3 * half.prices.price(Event::k_zero_macs_8bit).value, 2);
  EXPECT_EQ(none.total.energy[Component::k_clock], half.total.energy[Component::k_clock]);
  // A layer of 3 channels on 4 rows: 16 of 64 products are no MACs, have weights of 0, and save
  // nothing.
  for (InstructionInfo& info : program.info) info.useful_macs = info.useful_macs / 4 * 3;
  result.counters.zero_operand_macs = 16;
  const Report edge = make_report(program, result, true, table, {}, {});
  EXPECT_EQ(edge.total.energy[Component::k_array].fj,
            std::llround(48e3 * edge.prices.price(Event::k_macs_8bit).value));
  result.counters.zero_operand_macs = 64;
  const Report all = make_report(program, result, true, table, {}, {});
  EXPECT_GT(all.total.energy[Component::k_array].low, 0);
}

// The second pass over weights of 9 bits does as many products as the first.
TEST(RunEnergy, BothPassesOverWideWeightsAreCharged) {
  Program program = hand_made_program();
  const PriceTable& table = PriceSource().of(program.arch);
  const Report one = make_report(program, run_analytic(program), false, table, {}, {});
  constexpr int kMatmul = 3;
  Instruction second = program.instructions[kMatmul];
  second.take = 0;
  std::get<Matmul>(second.op).accumulate = 1;
  InstructionInfo info = program.info[kMatmul];
  info.useful_macs = 0;
  program.instructions[kMatmul].give = 0;
  program.instructions.insert(program.instructions.begin() + kMatmul + 1, second);
  program.info.insert(program.info.begin() + kMatmul + 1, info);
  ++program.steps[1].count;
  program.arch.prices.zero_macs = ZeroMacs::kCounted;
  RunResult result = run_analytic(program);
  const Report two = make_report(program, result, true, table, {}, {});
  EXPECT_EQ(two.total.energy[Component::k_array].fj, 2 * one.total.energy[Component::k_array].fj);
  EXPECT_EQ(two.total.macs, one.total.macs);
  // 4 rows and 4 columns are full in both: every zero is one of a MAC.
  result.counters.zero_operand_macs = 128;
  const Report zeros = make_report(program, result, true, table, {}, {});
  EXPECT_EQ(two.total.energy[Component::k_array].fj - zeros.total.energy[Component::k_array].fj,
            std::llround(-128e3 * two.prices.price(Event::k_zero_macs_8bit).value));
}

// Bits that change are charged layer by layer, in place of the multiply-accumulates.
TEST(RunEnergy, ActivityIsChargedWhereItIsCounted) {
  Program program = hand_made_program();
  RunResult result = run_analytic(program);
  const PriceTable& table = PriceSource().of(program.arch);
  const Report assumed = make_report(program, result, true, table, {}, {});
  EXPECT_FALSE(assumed.total.activity);
  program.arch.prices.activity = Activity::kCounted;
  EXPECT_THROW(make_report(program, result, true, table, {}, {}), Error);
  result.activity.resize(program.network.layers.size());
  const Report still = make_report(program, result, true, table, {}, {});
  EXPECT_EQ(still.total.energy[Component::k_array], Energy{});
  EXPECT_EQ(still.total.energy[Component::k_clock], assumed.total.energy[Component::k_clock]);

  size_t conv = 0;
  while (still.layers[conv].place != LayerPlace::kArray) ++conv;
  result.activity[conv] = {4000, 500, 300, 16000};
  const Report counted = make_report(program, result, true, table, {}, {});
  const auto price = [&](Event event) { return counted.prices.price(event).value; };
  const double fj =
      1e3 * (4000 * price(Event::k_operand_bits_8bit) + 500 * price(Event::k_sign_bits_8bit) +
             300 * price(Event::k_weight_bits_8bit) + 16000 * price(Event::k_sum_bits_8bit));
  EXPECT_NEAR(static_cast<double>(counted.layers[conv].energy[Component::k_array].fj), fj, 4);
  EXPECT_EQ(counted.total.energy[Component::k_array],
            counted.layers[conv].energy[Component::k_array]);
  EXPECT_EQ(counted.total.activity, result.activity[conv]);
  EXPECT_NE(counted.not_modelled[0], assumed.not_modelled[0]);
}

}  // namespace
}  // namespace qsim
