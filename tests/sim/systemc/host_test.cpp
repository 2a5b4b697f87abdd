// The host on a DRAM image: layout, borders, and what travels between host layers and the device.
#include "sim/engines/host.h"

#include <gtest/gtest.h>

#include "hw/spec/error.h"
#include "tests/support/hand_program.h"

namespace qsim {
namespace {

Tensor floats(const NetTensor& info, float first) {
  Tensor tensor(DataType::kFloat, {info.n, info.h, info.w, info.c});
  for (int64_t i = 0; i < tensor.size(); ++i) {
    tensor.data<float>()[i] = first + 0.5f * static_cast<float>(i);
  }
  return tensor;
}

TEST(Host, LoadsInstructionsConstantsAndBorders) {
  Program program = hand_made_program();
  program.dram_tensors[0] = {1, 1024, 6, 1,
                             2, 1,    0};  // 2x2 map, 2 pixels left, a row above and below
  std::vector<uint8_t> dram(2048, 0x55);
  Host host(program, dram);
  const std::vector<uint8_t> instructions = encode_instructions(program);
  ASSERT_EQ(instructions.size(), 7u * 64);
  host.load(instructions);
  EXPECT_TRUE(std::equal(instructions.begin(), instructions.end(), dram.begin()));
  EXPECT_TRUE(std::equal(program.constants.begin(), program.constants.end(), dram.begin() + 512));
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 4; ++x) {
      const bool inside = (y == 1 || y == 2) && x >= 2;
      for (int byte = 0; byte < 6; ++byte) {
        EXPECT_EQ(dram[static_cast<size_t>(1024 + (y * 4 + x) * 6 + byte)],
                  inside ? 0x55 : static_cast<uint8_t>(-3));
      }
    }
  }
  EXPECT_EQ(dram[1024 + 16 * 6], 0x55);
}

TEST(Host, QuantizesIntoTheMapAndReadsItBack) {
  Program program = hand_made_program();
  program.dram_tensors[0] = {1, 1024, 6, 1, 2, 1, 0};
  std::vector<uint8_t> dram(2048, 0x55);
  Host host(program, dram);
  host.load(encode_instructions(program));
  host.set_inputs({floats(program.network.tensor(0), 0)});  // 0, 0.5, 1 ...: codes -3, -2, -1 ...
  const Tensor codes = host.run_layer(0);
  EXPECT_EQ(codes.data<int8_t>()[15], 12);
  EXPECT_EQ(static_cast<int8_t>(dram[1024 + (1 * 4 + 2) * 6]), -3);      // pixel (0, 0), channel 0
  EXPECT_EQ(static_cast<int8_t>(dram[1024 + (2 * 4 + 3) * 6 + 3]), 12);  // pixel (1, 1), channel 3
  EXPECT_EQ(dram[1024 + (2 * 4 + 3) * 6 + 4], 0x55);                     // beyond the channels
  dram[1024 + (2 * 4 + 3) * 6 + 3] = 100;                                // the device writes
  EXPECT_EQ(host.read(1).data<int8_t>()[15], 100);
}

TEST(Host, DequantizesWhatTheDeviceWrote) {
  const Program program = hand_made_program();
  std::vector<uint8_t> dram(2048);
  Host host(program, dram);
  host.load(encode_instructions(program));
  for (size_t i = 0; i < 16; ++i) dram[1040 + i] = static_cast<uint8_t>(i);
  host.run_layer(2);
  const std::vector<Tensor> outputs = host.outputs();
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_EQ(outputs[0].type, DataType::kFloat);
  EXPECT_EQ(outputs[0].data<float>()[4], 0.5f * (4 + 3));
}

TEST(Host, LargerOfElementsReadAndWrittenDecides) {
  Program program = hand_made_program();
  EXPECT_EQ(host_elements(program.network, 0), 16);
  program.network.layers[0].inputs = {0, 0};
  EXPECT_EQ(host_elements(program.network, 0), 32);
}

TEST(Host, RefusesToReadWhatNobodyWrote) {
  const Program program = hand_made_program();
  std::vector<uint8_t> dram(2048);
  Host host(program, dram);
  host.load(encode_instructions(program));
  EXPECT_THROW(host.run_layer(0), std::logic_error);
}

}  // namespace
}  // namespace qsim
