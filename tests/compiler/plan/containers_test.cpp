#include "compiler/plan/containers.h"

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "hw/spec/packing.h"
#include "sim/engines/analytic/engine.h"
#include "tests/support/network_builder.h"

namespace qsim {
namespace {

Arch machine(PeModes modes) {
  Arch arch;
  arch.array.pe_modes = modes;
  return arch;
}

// input of `input_bits` -> conv "a" -> conv "b", codes between them of `bits`.
IntegerNetwork chain(int32_t input_bits, int32_t bits, int32_t weight_bits,
                     bool asymmetric = false) {
  NetworkBuilder net("chain", 1);
  net.set_bits(input_bits, 8);
  TensorId x = net.input(1, 6, 6, 32);
  net.set_bits(bits, weight_bits);
  net.set_asymmetric_weights(asymmetric);
  x = net.conv(x, 32, square_window(3, 1, 1));
  x = net.conv(x, 32, square_window(3, 1, 1));
  net.output(x);
  return net.take();
}

Plan plan_of(const IntegerNetwork& network, PeModes modes) {
  const Arch arch = machine(modes);
  Plan plan = make_plan(network, arch, segment_cycles);
  plan.check(network, arch);
  return plan;
}

TEST(Containers, AreAsNarrowAsCodesAndMachineAdmit) {
  const struct {
    int32_t bits;
    PeModes modes;
    int32_t pack;
  } cases[] = {{2, PeModes::k842, 2}, {2, PeModes::k84, 1},  {2, PeModes::k8, 0},
               {3, PeModes::k842, 1}, {4, PeModes::k842, 1}, {4, PeModes::k8, 0},
               {5, PeModes::k842, 0}, {7, PeModes::k84, 0},  {8, PeModes::k842, 0}};
  for (const auto& c : cases) {
    const Plan plan = plan_of(chain(8, c.bits, c.bits), c.modes);
    EXPECT_EQ(plan.tensors[2].pack, c.pack) << c.bits << " bits";
    EXPECT_EQ(plan.layers[2].weight_pack, c.pack) << c.bits << " bits";
  }
}

TEST(Containers, CodesAreAsWideAsTheWeightsThatMeetThem) {
  const Plan plan = plan_of(chain(4, 4, 8), PeModes::k84);
  EXPECT_EQ(plan.tensors[2].pack, 0);
  EXPECT_EQ(plan.layers[2].weight_pack, 0);
  // The other way round the array widens the weights.
  const Plan wide = plan_of(chain(8, 8, 4), PeModes::k84);
  EXPECT_EQ(wide.tensors[2].pack, 0);
  EXPECT_EQ(wide.layers[2].weight_pack, 1);
}

TEST(Containers, ZeroPointsCostABit) {
  const IntegerNetwork network = chain(4, 4, 4, true);
  EXPECT_EQ(array_weight_bits(network.layers[1]), 5);
  const Plan plan = plan_of(network, PeModes::k84);
  EXPECT_EQ(plan.layers[1].weight_pack, 0);
}

TEST(Containers, PartsOfAConcatenationBeginAtBytes) {
  NetworkBuilder net("concat", 1);
  net.set_bits(2, 2);
  const TensorId x = net.input(1, 4, 4, 8);
  const TensorId a = net.conv(x, 6, square_window(1));
  const TensorId b = net.concat({a, x});
  net.output(b);
  const IntegerNetwork network = net.take();
  const Plan plan = plan_of(network, PeModes::k842);
  EXPECT_EQ(plan.tensors[static_cast<size_t>(a)].pack, 2);
  EXPECT_EQ(plan.tensors[static_cast<size_t>(b)].pack, 1) << "the second part begins at channel 6";
}

// Where nothing but the array limits a layer, half the bits are half the cycles.
TEST(Containers, HalfTheBitsAreHalfTheTiles) {
  NetworkBuilder wide("wide"), narrow("narrow"), narrowest("narrowest");
  const auto build = [](NetworkBuilder& net, int32_t bits) {
    net.set_bits(bits, bits);
    net.output(net.conv(net.input(1, 14, 14, 256), 16, square_window(3, 1, 1)));
    return net.take();
  };
  const auto tiles = [](const Program& program) {
    int64_t count = 0;
    for (const Instruction& instruction : program.instructions) {
      const auto* op = std::get_if<Matmul>(&instruction.op);
      if (op) count += int64_t{1} * op->kh * op->kw * op->cblocks;
    }
    return count;
  };
  const Arch arch = machine(PeModes::k842);
  const auto compiled = [&](const IntegerNetwork& network) {
    Program program = emit(network, arch, make_plan(network, arch, segment_cycles));
    program.check();
    return program;
  };
  const Program eight = compiled(build(wide, 8)), four = compiled(build(narrow, 4)),
                two = compiled(build(narrowest, 2));
  EXPECT_EQ(tiles(eight), 2 * tiles(four));
  EXPECT_EQ(tiles(eight), 4 * tiles(two));
  const RunResult r8 = run_analytic(eight), r4 = run_analytic(four), r2 = run_analytic(two);
  EXPECT_LT(r4.cycles, r8.cycles);
  EXPECT_LT(r2.cycles, r4.cycles);
  EXPECT_EQ(r8.counters.weight_reads, 2 * r4.counters.weight_reads);
  EXPECT_LT(r4.counters.load_bytes, 0.55 * r8.counters.load_bytes);
}

}  // namespace
}  // namespace qsim
