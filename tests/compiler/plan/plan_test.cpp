#include "compiler/plan/plan.h"

#include <gtest/gtest.h>

#include "compiler/compile.h"
#include "compiler/emit/scheduler.h"
#include "hw/spec/error.h"
#include "sim/engines/analytic/engine.h"
#include "tests/support/network_builder.h"

namespace qsim {
namespace {

TEST(Ring, GoesRoundAndReusesLate) {
  Ring ring(0, 100, 10);
  EXPECT_EQ(ring.allocate(35), 0);  // takes 40
  EXPECT_EQ(ring.allocate(40), 40);
  EXPECT_EQ(ring.allocate(30), -1);  // 20 left
  ring.release(0);
  EXPECT_EQ(ring.allocate(30), 0);  // round the end
  EXPECT_EQ(ring.allocate(20), 80);
}

TEST(Plan, ResNet50UsesMostOfA16x16Array) {
  const IntegerNetwork network = resnet50_shapes();
  const Arch arch;
  const Plan plan = make_plan(network, arch, segment_cycles);
  plan.check(network, arch);
  const Program program = emit(network, arch, plan);
  program.check();
  int64_t macs = 0, useful = 0;
  for (const Layer& layer : network.layers) macs += mac_count(network, layer);
  for (const InstructionInfo& info : program.info) useful += info.useful_macs;
  EXPECT_EQ(macs, 4089184256);
  EXPECT_EQ(useful, macs) << "every multiply-accumulate is in exactly one instruction";
  const double utilisation = static_cast<double>(macs) / static_cast<double>(arch.pes()) /
                             static_cast<double>(run_analytic(program).cycles);
  EXPECT_GT(utilisation, 0.92);
}

TEST(Plan, FirstLayerOfThreeChannelsIsPacked) {
  const IntegerNetwork network = resnet50_shapes();
  const Plan plan = make_plan(network, Arch{}, segment_cycles);
  const LayerPlan& first = plan.layers[1];
  EXPECT_TRUE(first.packed);
  // 147 taps in ten words of 16 instead of 49 words, 3 of 16 lanes used.
  EXPECT_LT(first.cycles_alone, 12544 * 4 * 10 * 1.02);
}

// The plan must not depend on weights or calibration: cycles are exact without either.
TEST(Plan, IsTheSameWithAndWithoutValues) {
  const Arch arch;
  const Program shapes = emit(resnet8(0), arch, make_plan(resnet8(0), arch, segment_cycles));
  const IntegerNetwork valued = resnet8(5);
  const Program values = emit(valued, arch, make_plan(valued, arch, segment_cycles));
  EXPECT_EQ(run_analytic(shapes).cycles, run_analytic(values).cycles);
  EXPECT_EQ(shapes.instructions.size(), values.instructions.size());
}

// 7 x 7 x 2048 codes are six times the buffer: the pool goes by slices of channels.
TEST(Plan, GlobalPoolLargerThanTheBuffer) {
  NetworkBuilder net("pool");
  net.output(net.average_pool(net.input(1, 7, 7, 2048), square_window(7)));
  const IntegerNetwork network = net.take();
  Arch arch;
  arch.array.rows = arch.array.cols = 4;
  arch.buffers.act_kib = 16;
  const Plan plan = make_plan(network, arch, segment_cycles);
  EXPECT_GT(plan.layers[1].slice_blocks, 0);
  emit(network, arch, plan).check();
}

TEST(Plan, WhatFitsNoTilingSaysWhichBuffer) {
  NetworkBuilder net("wide");
  net.output(net.conv(net.input(1, 4, 4, 4000), 8, square_window(3, 1, 1)));
  Arch arch;
  arch.name = "small";
  arch.buffers.act_kib = 2;
  try {
    make_plan(net.take(), arch, segment_cycles);
    FAIL() << "4000 channels of one pixel fit 2 KiB";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find("layer conv1: no tiling fits small: "), 0u)
        << error.what();
  }
}

}  // namespace
}  // namespace qsim
