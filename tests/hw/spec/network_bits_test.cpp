// IntegerNetwork::check() and to_text() on codes of fewer than 8 bits (A8).
#include <gtest/gtest.h>

#include <functional>

#include "hw/spec/arithmetic_host.h"
#include "hw/spec/network.h"
#include "tests/support/hand_program.h"

namespace qsim {
namespace {

// The hand-made network with codes of 4 bits and weights of 2.
IntegerNetwork narrow_network() {
  IntegerNetwork network = hand_made_program().network;
  for (NetTensor& tensor : network.tensors) tensor.bits = 4;
  for (Layer& layer : network.layers) {
    layer.clamp_low = -8;
    layer.clamp_high = 7;
  }
  Layer& conv = network.layers[1];
  conv.weight_bits = 2;
  conv.weights.assign(16, 1);
  conv.weights[5] = -2;
  return network;
}

TEST(NetworkBits, CheckNamesCodesThatDoNotFit) {
  EXPECT_NO_THROW(narrow_network().check());
  const struct {
    const char* part;
    std::function<void(IntegerNetwork&)> damage;
  } cases[] = {
      {"codes: has codes of 1 bits", [](IntegerNetwork& n) { n.tensors[1].bits = 1; }},
      {"sums: has codes of 9 bits", [](IntegerNetwork& n) { n.tensors[2].bits = 9; }},
      {"codes: zero point is outside its codes",
       [](IntegerNetwork& n) { n.tensors[1].quant.zero_point = 8; }},
      {"conv1: clamp bounds are outside its codes",
       [](IntegerNetwork& n) { n.layers[1].clamp_high = 8; }},
      {"conv1: has codes of 1 bits", [](IntegerNetwork& n) { n.layers[1].weight_bits = 1; }},
      {"conv1: has a weight outside its codes",
       [](IntegerNetwork& n) { n.layers[1].weights[3] = 2; }},
      {"conv1: has a weight zero point outside its codes",
       [](IntegerNetwork& n) { n.layers[1].weight_zero_point[3] = -3; }},
      {"pool: changes the quantization",
       [](IntegerNetwork& n) {
         n.tensors[2].bits = 5;
         n.layers[1].name = "pool";
         n.layers[1].op = LayerOp::kMaxPool;
       }},
  };
  for (const auto& test : cases) {
    IntegerNetwork network = narrow_network();
    test.damage(network);
    try {
      network.check();
      ADD_FAILURE() << "accepted: " << test.part;
    } catch (const std::logic_error& error) {
      EXPECT_NE(std::string(error.what()).find(test.part), std::string::npos)
          << error.what() << "\nshould hold: " << test.part;
    }
  }
}

TEST(NetworkBits, TextNamesBits) {
  const std::string text = to_text(narrow_network());
  EXPECT_NE(text.find("tensor codes: 1x2x2x4 int4 scale 0.5 zero -3"), std::string::npos) << text;
  EXPECT_NE(text.find(" weights int2"), std::string::npos) << text;
  EXPECT_EQ(to_text(hand_made_program().network).find("weights int"), std::string::npos);
}

TEST(NetworkBits, QuantizationClampsToTheCodes) {
  const IntegerNetwork network = narrow_network();
  Tensor in(DataType::kFloat, {1, 2, 2, 4});
  for (int64_t i = 0; i < 16; ++i) in.data<float>()[i] = static_cast<float>(i) * 2 - 16;
  const Tensor out = run_host_layer(network, network.layers[0], {&in});
  EXPECT_EQ(out.data<int8_t>()[0], -8);
  EXPECT_EQ(out.data<int8_t>()[7], -7);  // -2 / 0.5 - 3
  EXPECT_EQ(out.data<int8_t>()[8], -3);
  EXPECT_EQ(out.data<int8_t>()[10], 5);
  EXPECT_EQ(out.data<int8_t>()[15], 7);
}

}  // namespace
}  // namespace qsim
