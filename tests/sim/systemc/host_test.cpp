// The host on a DRAM image: layout, borders, and what travels between host layers and the device.
#include "sim/engines/host.h"

#include <gtest/gtest.h>

#include "hw/spec/error.h"
#include "hw/spec/packing.h"
#include "tests/support/hand_program.h"
#include "tests/support/slow_packing.h"

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
  program.dram_tensors[0] = {1, 1024, 6, 0,
                             1, 2,    1, 0};  // 2x2 map, 2 pixels left, a row above and below
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
  program.dram_tensors[0] = {1, 1024, 6, 0, 1, 2, 1, 0};
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

// The codes of a pixel, its border and the codes beyond its channels, in containers of each size.
TEST(Host, PacksAndUnpacksNarrowCodes) {
  for (const int32_t pack : {1, 2}) {
    Program program = hand_made_program();
    NetTensor& map = program.network.tensors[1];
    map.bits = bits_of_pack(pack);
    map.quant = {0.5f, -1};
    map.c = program.network.tensors[0].c = 3;
    program.dram_tensors[0] = {1, 1024, 6, pack, 1, 1, 0, 0};  // a row above, a pixel left
    std::vector<uint8_t> dram(2048, 0x55);
    const auto* bytes = reinterpret_cast<const int8_t*>(dram.data());
    Host host(program, dram);
    host.load(encode_instructions(program));
    for (int64_t i = 0; i < 6 << pack; ++i) {
      EXPECT_EQ(slow_code(bytes + 1024, i, pack), -1);          // above
      EXPECT_EQ(slow_code(bytes + 1024 + 3 * 6, i, pack), -1);  // left of row 0
    }
    host.set_inputs({floats(program.network.tensor(0), -0.5f)});
    const Tensor codes = host.run_layer(0);
    for (int64_t i = 0; i < 12; ++i) {  // steps -1, 0, 1 ..., zero point -1
      const auto expected = std::min(static_cast<int32_t>(i) - 2, highest_code(map.bits));
      EXPECT_EQ(codes.data<int8_t>()[i], expected);
      const int64_t pixel = 1024 + ((i / 6 + 1) * 3 + i / 3 % 2 + 1) * 6;
      EXPECT_EQ(slow_code(bytes + pixel, i % 3, pack), expected);
      EXPECT_EQ(slow_code(bytes + pixel, 3, pack), 0);  // beyond the channels
      EXPECT_EQ(dram[static_cast<size_t>(pixel + 2)], 0x55);
    }
    EXPECT_EQ(host.read(1).bytes, codes.bytes);
    dram[1024 + (3 + 1) * 6] = static_cast<uint8_t>(repeated_code(-2, pack));  // the device writes
    EXPECT_EQ(host.read(1).data<int8_t>()[1], -2);
  }
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
